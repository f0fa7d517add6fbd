import type { KeyObject } from "node:crypto";
import { isEqual } from "../../proto/bytes.ts";
import { toReleaseFileBytes } from "../../proto/delivery.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { toPublicKey } from "../keys.ts";
import { signRelease, verifyRelease, type WholeRelease } from "../release.ts";
import type { Opening } from "../seal.ts";
import type { Person, Policy } from "../trust/policy.ts";
import { type Asked, checkLastDigits, confirm } from "./confirm.ts";
import { findSigner, isCheckerOf, toNewSettlements } from "./part.ts";
import { parseWhole, toReleaseSigners } from "./release-input.ts";
import { toFingerprint } from "./render/fingerprint.ts";
import { sealRelease, verifySealed } from "./seal-release.ts";

/** What a person signs with, and what he answered beforehand. */
export interface Signing {
  readonly policy: Policy;
  readonly key: KeyObject;
  readonly opening: Opening | undefined;
  /** Last four digits given as options. */
  readonly last4: readonly string[];
  /** Whether he confirmed beforehand. */
  readonly isConfirmed: boolean;
  readonly now: number;
  /** Shows the release to him; blind where he has to type digits. */
  show(whole: WholeRelease, signedBy: readonly Person[], isBlind: boolean): void;
}

/**
 * Signs a release the way a person does: everything that the policy or a terminal would refuse is refused first, then it
 * is shown, then he answers for it, then he signs. Shown and signed are the same bytes.
 *
 * @returns the file to keep, and who signed it
 * @throws TillsyncError as `verifyRelease`, `findSigner`, `sealRelease`, `checkLastDigits`, `confirm`; SEAL_MISSING where
 *   a maker leaves a terminal without the number that it needs
 */
export async function signWhole(
  whole: WholeRelease,
  signing: Signing,
  asked: Asked,
): Promise<{ readonly bytes: Uint8Array; readonly person: Person }> {
  const { policy, key, opening, now } = signing;
  verifyRelease(whole, policy, now);
  const signedBy = toReleaseSigners(whole, policy);
  const person = findSigner(policy, toPublicKey(key).id, whole.statement.purpose, signedBy);
  const file = opening === undefined ? whole.file : await sealRelease(whole, opening);
  if (person.roles.includes("maker")) verifySealed({ ...whole, file });

  const isChecker = isCheckerOf(person, policy, whole);
  signing.show(whole, signedBy, isChecker);
  if (isChecker) await checkLastDigits(toNewSettlements(whole.leaves), signing.last4, asked);
  if (!signing.isConfirmed) await confirm(toFingerprint(whole.file.statement), asked);

  const bytes = toReleaseFileBytes(signRelease(file, key));
  verifyWritten(bytes, whole, person, policy);
  return { bytes, person };
}

/** What is about to be kept, read as everybody else will read it. */
function verifyWritten(bytes: Uint8Array, shown: WholeRelease, person: Person, policy: Policy): void {
  const written = parseWhole(bytes);
  const isShown = isEqual(written.file.statement, shown.file.statement);
  if (!isShown || !toReleaseSigners(written, policy).includes(person)) throw new TillsyncError("SIGNATURE_INVALID");
}
