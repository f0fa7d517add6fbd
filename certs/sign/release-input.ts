import { MAX_RELEASE_FILE_BYTES } from "../../proto/bounds.ts";
import { isEqual } from "../../proto/bytes.ts";
import { parseReleaseFile, toReleaseFileBytes } from "../../proto/delivery.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { verifyReleaseFile, type WholeRelease } from "../release.ts";
import { toSigners } from "../signatures.ts";
import type { Person, Policy } from "../trust/policy.ts";
import { readBounded } from "./files.ts";

/** Release files and ceremony files come in the same bound; what it is tells its first byte. */
export function readInput(path: string): Buffer {
  return readBounded(path, MAX_RELEASE_FILE_BYTES);
}

/** A ceremony file is JSON; a release file never begins so. */
export function isCeremony(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7b;
}

/** @throws TillsyncError what `parseReleaseFile` and `verifyReleaseFile` throw */
export function parseWhole(bytes: Uint8Array): WholeRelease {
  return verifyReleaseFile(parseReleaseFile(bytes));
}

/**
 * A signed release file with the signatures, and the sealed numbers where it has none, of another one of the same release.
 *
 * @throws TillsyncError STATE_CONFLICT where that is of another release; what `parseWhole` throws
 */
export function mergeReleases(signed: Uint8Array, other: Uint8Array): Uint8Array {
  const [{ file: mine }, { file: theirs }] = [parseWhole(signed), parseWhole(other)];
  if (!isEqual(mine.statement, theirs.statement)) throw new TillsyncError("STATE_CONFLICT");
  const added = theirs.signatures.filter(({ keyId }) => !mine.signatures.some((own) => isEqual(own.keyId, keyId)));
  const sealed = mine.sealed.length > 0 ? mine.sealed : theirs.sealed;
  const bytes = toReleaseFileBytes({ ...mine, signatures: [...mine.signatures, ...added], sealed });
  parseWhole(bytes);
  return bytes;
}

/** The persons of the policy whose signature over the release holds. */
export function toReleaseSigners({ file }: WholeRelease, policy: Policy): readonly Person[] {
  return toSigners(policy, file.statement, file.signatures);
}
