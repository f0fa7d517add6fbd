import { isEqual } from "../../proto/bytes.ts";
import type { ReleaseFile, Sealed } from "../../proto/delivery.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { toCommitment } from "../../proto/settlement.ts";
import type { ReleaseLeaf, WholeRelease } from "../release.ts";
import { type Opening, sealCardNumber, verifyRecipient } from "../seal.ts";
import { isSettling } from "./render/release/settlements.ts";

/**
 * The release with the number sealed to every recipient. What is sealed is no part of what people sign: it is worth
 * something because it opens to what the signed commitment says.
 *
 * @throws TillsyncError SEAL_INVALID where the opening is not that of every new settlement, or a recipient's key is not
 *   vouched for by the device that its directive names
 */
export async function sealRelease({ file, leaves }: WholeRelease, opening: Opening): Promise<ReleaseFile> {
  const settling = leaves.filter(isSettling);
  if (settling.length === 0) throw new TillsyncError("SEAL_INVALID", { part: "opening", expected: "a new settlement" });
  for (const leaf of settling) verifyOpening(opening, leaf);
  const sealed: Sealed[] = [];
  for (const recipient of file.recipients) {
    const leaf = leaves[recipient.index];
    if (leaf === undefined) throw new TillsyncError("SEAL_INVALID", { part: "recipient", index: recipient.index });
    verifyOpening(opening, leaf);
    verifyRecipient(recipient, leaf.directive);
    const sealedFor = { tusn: leaf.directive.tusn, commitment: leaf.profile.binding.commitment };
    sealed.push({ index: leaf.index, bytes: await sealCardNumber(recipient.cardKey, opening, sealedFor) });
  }
  return { ...file, sealed };
}

/**
 * Whether there is something sealed for every recipient; what it is worth only the terminal can tell.
 *
 * @throws TillsyncError SEAL_MISSING naming the first terminal that has nothing
 */
export function verifySealed({ file, leaves }: WholeRelease): void {
  const sealed = new Set(file.sealed.filter(({ bytes }) => bytes.length > 0).map(({ index }) => index));
  const lacking = file.recipients.find(({ index }) => !sealed.has(index));
  if (lacking === undefined) return;
  throw new TillsyncError("SEAL_MISSING", { terminal: leaves[lacking.index]?.directive.tusn ?? "" });
}

function verifyOpening({ number, salt }: Opening, { profile, directive }: ReleaseLeaf): void {
  const { commitment, bin, last4 } = profile.binding;
  const isWhole = isEqual(toCommitment(number, salt), commitment) && number.startsWith(bin) && number.endsWith(last4);
  if (!isWhole) throw new TillsyncError("SEAL_INVALID", { part: "opening", terminal: directive.tusn });
}
