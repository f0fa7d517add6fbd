import type { Tusn } from "../../../proto/tusn.ts";
import { type IdentityPolicy, isSufficient, type Verdict } from "../../domain/verdict.ts";
import type { Candidate } from "./candidates.ts";
import { type PlannedLeaf, toPurpose } from "./release-file.ts";

/** What is planned for one terminal. */
export interface Planned {
  readonly candidate: Candidate;
  readonly leaves: readonly PlannedLeaf[];
}

/** A terminal that gets no settlement, with how sure we are of its TUSN. */
export interface Unproven {
  readonly tusn: Tusn;
  readonly reason: "tusn_unproven";
  readonly verdict: Verdict;
}

/**
 * Parts terminals whose TUSN was never proven well enough from a release of settlements. A release of lesser purpose
 * keeps them; where others change their settlement in it, they have to wait for one of their own.
 */
export function partUnproven(
  planned: readonly Planned[],
  policy: IdentityPolicy,
): { readonly kept: readonly Planned[]; readonly unproven: readonly Unproven[] } {
  const isKnown = ({ candidate }: Planned) => isSufficient(candidate.terminal, policy);
  if (planned.every(isKnown)) return { kept: planned, unproven: [] };
  // What an unproven terminal must not have anyway must not keep the others from what they may have.
  const allowed = planned.filter((one) => isKnown(one) || !isBinding([one]));
  const kept = isBinding(allowed) ? allowed.filter(isKnown) : allowed;
  const isKept = new Set(kept);
  const unproven = planned
    .filter((one) => !isKept.has(one))
    .map(({ candidate: { terminal } }): Unproven => {
      return { tusn: terminal.tusn, reason: "tusn_unproven", verdict: terminal.verdict };
    });
  return { kept, unproven };
}

function isBinding(planned: readonly Planned[]): boolean {
  return toPurpose(planned.flatMap(({ leaves }) => leaves)) === "binding";
}
