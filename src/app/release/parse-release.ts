import { verifyReleaseFile, type WholeRelease } from "../../../certs/release.ts";
import { verifyApproval } from "../../../certs/signatures.ts";
import type { Person, Policy } from "../../../certs/trust/policy.ts";
import { parseReleaseFile } from "../../../proto/delivery.ts";
import type { Directive } from "../../../proto/directive.ts";

/** A release file that fits together, with its directives in the order of the tree. */
export interface ParsedRelease extends WholeRelease {
  readonly directives: readonly Directive[];
}

/**
 * Reads a release file from hostile bytes. Says nothing of who signed it.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID, FIELD_MISSING, TUSN_INVALID, and what
 *   `verifyReleaseFile` throws
 */
export function parseRelease(bytes: Uint8Array): ParsedRelease {
  const whole = verifyReleaseFile(parseReleaseFile(bytes));
  return { ...whole, directives: whole.leaves.map(({ directive }) => directive) };
}

/**
 * The people who approved it for its stated purpose.
 *
 * @throws TillsyncError STATEMENT_UNSIGNED
 */
export function verifyReleaseApproval(release: ParsedRelease, policy: Policy): readonly Person[] {
  return verifyApproval(policy, release.statement.purpose, release.file.statement, release.file.signatures);
}
