import { toSigners } from "../../../certs/signatures.ts";
import type { Person, Policy } from "../../../certs/trust/policy.ts";
import { MAX_SIGNATURES } from "../../../proto/bounds.ts";
import { isEqual, toHex } from "../../../proto/bytes.ts";
import type { Recipient, ReleaseFile, Sealed, Signature } from "../../../proto/delivery.ts";
import { TillsyncError } from "../../../proto/errors.ts";

/** A release file with what another copy of it brought. */
export interface MergedRelease {
  readonly file: ReleaseFile;
  /** The people whose signatures are new. */
  readonly signers: readonly Person[];
  /** How many sealed card numbers are new. */
  readonly sealed: number;
}

/**
 * Adds to a release file the signatures and sealed card numbers of another copy of it. What is there stays as it is: of
 * a person who signed before, and for a terminal whose number is there already, nothing is taken. Ways to the same end
 * therefore meet in the same file, in whatever order copies come in.
 *
 * @throws TillsyncError RELEASE_INVALID where the other is no copy of it, or would bring too much; SIGNATURE_INVALID
 *   where a new signature is not one by a person of the policy
 */
export function mergeRelease(held: ReleaseFile, other: ReleaseFile, policy: Policy): MergedRelease {
  if (!isCopy(held, other)) throw new TillsyncError("RELEASE_INVALID", { expected: "the release that is on the desk" });
  const before = toSigners(policy, held.statement, held.signatures);
  const added: Signature[] = [];
  const signers: Person[] = [];
  for (const signature of other.signatures) {
    if (held.signatures.some((one) => isSame(one, signature))) continue;
    const [signer] = toSigners(policy, held.statement, [signature]);
    if (signer === undefined) throw new TillsyncError("SIGNATURE_INVALID", { key: toHex(signature.keyId) });
    if ([...before, ...signers].includes(signer)) continue;
    added.push(signature);
    signers.push(signer);
  }
  const signatures = [...held.signatures, ...added];
  if (signatures.length > MAX_SIGNATURES) throw new TillsyncError("RELEASE_INVALID", { signatures: MAX_SIGNATURES });
  const sealed = toNewSealed(held, other);
  const all = [...held.sealed, ...sealed].toSorted((a, b) => a.index - b.index);
  return { file: { ...held, signatures, sealed: all }, signers, sealed: sealed.length };
}

/** Whether all that people sign, read, and seal to is the same, byte for byte. */
function isCopy(held: ReleaseFile, other: ReleaseFile): boolean {
  return (
    isEqual(held.statement, other.statement) &&
    held.reason === other.reason &&
    areEqual(held.directives, other.directives, isEqual) &&
    areEqual(held.bases, other.bases, isEqual) &&
    areEqual(held.recipients, other.recipients, isSameRecipient)
  );
}

function isSameRecipient(a: Recipient, b: Recipient): boolean {
  return (
    a.index === b.index &&
    isEqual(a.deviceKey, b.deviceKey) &&
    isEqual(a.cardKey, b.cardKey) &&
    isEqual(a.proof, b.proof)
  );
}

function isSame(a: Signature, b: Signature): boolean {
  return isEqual(a.keyId, b.keyId) && isEqual(a.value, b.value);
}

function areEqual<T>(a: readonly T[], b: readonly T[], isSameItem: (one: T, other: T) => boolean): boolean {
  return a.length === b.length && a.every((item, index) => isSameItem(item, b[index] as T));
}

/** Nobody here can tell whether it opens: the terminal does. Only what goes to a terminal that needs it is taken. */
function toNewSealed(held: ReleaseFile, other: ReleaseFile): readonly Sealed[] {
  const wanted = new Set(held.recipients.map(({ index }) => index));
  const there = new Set(held.sealed.map(({ index }) => index));
  if (other.sealed.some(({ index }) => !wanted.has(index))) {
    throw new TillsyncError("RELEASE_INVALID", { expected: "sealed numbers for recipients only" });
  }
  return other.sealed.filter(({ index }) => !there.has(index));
}
