import type { ProofView } from "../../app/proof/list.ts";
import type { Verdict } from "../../domain/verdict.ts";
import { toTable, toTime } from "./output.ts";

/** What to do about a terminal that gets no settlement because its TUSN is not proven; nothing for any other. */
export function toProofAdvice({ tusn, verdict }: { readonly tusn: string; readonly verdict?: Verdict }): string {
  if (verdict === undefined) return "";
  return ` (verdict ${verdict}): have it proven with tillsync proof ask ${tusn}, or record what a person found out`;
}

export function toProofsText(views: readonly ProofView[]): string {
  if (views.length === 0) return "No proof is planned.";
  const rows = views.map((view) => [
    view.tusn,
    view.verdict,
    toTime(view.provenAt ?? undefined),
    view.lockedAt === null ? toTime(view.dueAt ?? undefined) : `locked ${toTime(view.lockedAt)}`,
    view.why,
    String(view.failures),
    view.code === "" ? "-" : view.code,
  ]);
  return toTable(["TUSN", "verdict", "proven", "due", "why", "wrong", "asked last"], rows);
}
