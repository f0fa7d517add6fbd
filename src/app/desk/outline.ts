import { toMissingRoles } from "../../../certs/sign/render/missing-roles.ts";
import { toSigners } from "../../../certs/signatures.ts";
import type { Policy, Role } from "../../../certs/trust/policy.ts";
import { toHex } from "../../../proto/bytes.ts";
import { parseReleaseFile, type ReleaseFile } from "../../../proto/delivery.ts";
import type { DifferenceClass } from "../../../proto/difference.ts";
import { parseStatement } from "../../../proto/statement.ts";

/** What is small in a release file, which itself may have 64 MiB. */
export type Outline = Pick<ReleaseFile, "statement" | "signatures" | "reason"> & {
  readonly bytes: number;
  readonly recipients: number;
  readonly sealed: number;
};

/** A release on the desk as an approver picks it from a list. Nothing in it is to be believed: the file is what counts. */
export interface OpenRelease {
  /** Release id in hexadecimal. */
  readonly id: string;
  readonly purpose: DifferenceClass;
  /** Merchant number of a binding release, else empty. */
  readonly merchant: string;
  /** Directives, ways back included. */
  readonly size: number;
  readonly reason: string;
  /** Seconds. */
  readonly created: number;
  readonly expires: number;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Persons by id. */
  readonly signedBy: readonly string[];
  /** Roles that nobody fills yet; none where it can be published. */
  readonly missing: readonly Role[];
  /** Terminals that need the card number, and for how many of them it is there. */
  readonly recipients: number;
  readonly sealed: number;
}

export function toOutline(bytes: Uint8Array, file: ReleaseFile = parseReleaseFile(bytes)): Outline {
  const { statement, signatures, reason, recipients, sealed } = file;
  return { statement, signatures, reason, bytes: bytes.length, recipients: recipients.length, sealed: sealed.length };
}

/** Who has signed by the policy of now, which may be another one than when the file came. */
export function toOpenRelease(outline: Outline, policy: Policy): OpenRelease {
  const { releaseId, purpose, merchant, size, created, expires } = parseStatement(outline.statement);
  const signers = toSigners(policy, outline.statement, outline.signatures);
  const { reason, bytes, recipients, sealed } = outline;
  return {
    ...{ id: toHex(releaseId), purpose, merchant, size, reason, created, expires, bytes, recipients, sealed },
    signedBy: signers.map(({ id }) => id),
    missing: toMissingRoles(policy.thresholds[purpose], signers),
  };
}
