import type { Tusn } from "../../proto/tusn.ts";
import type { Context } from "../../src/app/context.ts";
import { type GivenVerdict, giveVerdict } from "../../src/app/identity/verdicts.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import { transact } from "../../src/store/store.ts";

/** What a person found out by asking a channel hotline. */
export function toGivenVerdict(tusn: Tusn, verdict: Verdict = "verified-manual"): GivenVerdict {
  return { tusn, verdict, source: "manual", evidence: { case: "A-1" }, actor: "li.mei" };
}

export async function recordVerdict(
  { store, now, identity }: Pick<Context, "store" | "now" | "identity">,
  tusn: Tusn,
  verdict?: Verdict,
): Promise<void> {
  await transact(store, (tx) => giveVerdict(tx, now(), identity, toGivenVerdict(tusn, verdict)));
}
