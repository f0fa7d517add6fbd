import { verifyReleaseFile, type WholeRelease } from "../../../certs/release.ts";
import { verifyApproval } from "../../../certs/signatures.ts";
import type { Person, Policy } from "../../../certs/trust/policy.ts";
import { parseReleaseFile } from "../../../proto/delivery.ts";

/**
 * Reads a release file from hostile bytes. Says nothing of who signed it.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID, FIELD_MISSING, TUSN_INVALID, and what
 *   `verifyReleaseFile` throws
 */
export function parseRelease(bytes: Uint8Array): WholeRelease {
  return verifyReleaseFile(parseReleaseFile(bytes));
}

/**
 * The people who approved it for its stated purpose.
 *
 * @throws TillsyncError STATEMENT_UNSIGNED
 */
export function verifyReleaseApproval(release: WholeRelease, policy: Policy): readonly Person[] {
  return verifyApproval(policy, release.statement.purpose, release.file.statement, release.file.signatures);
}
