import type { Tusn } from "../../../proto/tusn.ts";
import { plan } from "../../domain/proof.ts";
import type { ProofReason } from "../../domain/verdict.ts";
import { findProofs, putProofs } from "../../store/proofs.ts";
import type { Tx } from "../../store/store.ts";

/**
 * Has a terminal asked to prove its TUSN from `dueAt` on, in seconds, as soon as it is connected. Where it is to be asked
 * earlier already, or is locked, nothing changes.
 */
export function planProof(tx: Tx, tusn: Tusn, dueAt: number, why: ProofReason): Promise<void> {
  return planProofs(tx, [tusn], dueAt, why);
}

/** The same for many. All of them are on record. */
export async function planProofs(tx: Tx, tusns: readonly Tusn[], dueAt: number, why: ProofReason): Promise<void> {
  const known = new Map((await findProofs(tx, tusns)).map((row) => [row.tusn, row]));
  const planned = tusns.flatMap((tusn) => {
    const standing = plan(known.get(tusn), dueAt, why);
    return standing === undefined ? [] : [{ ...standing, tusn }];
  });
  await putProofs(tx, planned);
}
