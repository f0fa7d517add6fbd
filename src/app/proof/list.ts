import { findTerminals } from "../../store/fleet.ts";
import { listProofs as listRows } from "../../store/proofs.ts";
import type { ProofRow, TerminalRow } from "../../store/schema.ts";
import type { Context } from "../context.ts";

/** Proofs in one answer. */
export const MAX_LISTED = 10_000;

/** What is planned for a terminal, as people look at it: without what is open, for nobody else is to answer it. */
export type ProofView = Pick<ProofRow, "tusn" | "dueAt" | "why" | "failures" | "tries" | "code" | "lockedAt"> &
  Pick<TerminalRow, "verdict" | "provenAt">;

export interface ProofQuery {
  /** Only those that a person has to unlock. */
  readonly locked?: boolean;
  /** Only those that are to be asked by now. */
  readonly due?: boolean;
}

/** What is due first comes first; at most MAX_LISTED. */
export async function listProofs({ store, now }: Context, query: ProofQuery): Promise<readonly ProofView[]> {
  const { locked = false, due = false } = query;
  const rows = await listRows(store, { locked, ...(due ? { dueBy: now() } : {}), limit: MAX_LISTED });
  const terminals = await findTerminals(
    store,
    rows.map(({ tusn }) => tusn),
  );
  const verdicts = new Map(terminals.map(({ tusn, verdict, provenAt }) => [tusn, { verdict, provenAt }]));
  return rows.flatMap(({ tusn, dueAt, why, failures, tries, code, lockedAt }) => {
    const verdict = verdicts.get(tusn);
    return verdict === undefined ? [] : [{ tusn, dueAt, why, failures, tries, code, lockedAt, ...verdict }];
  });
}
