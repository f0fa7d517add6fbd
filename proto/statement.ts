import { MAX_DIRECTIVES, MAX_STATEMENT_BYTES, MAX_UINT32 } from "./bounds.ts";
import { DIGEST_BYTES } from "./bytes.ts";
import { checkChoice, checkLength, checkRange, checkText } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { DIFFERENCE_CLASSES, type DifferenceClass } from "./difference.ts";
import { tillsync } from "./gen/tillsync.js";

export const RELEASE_ID_BYTES = 16;

/** What approvers sign: a whole release in one small message (clause 4.2). Times in seconds. */
export interface Statement {
  /** 16 random bytes. */
  readonly releaseId: Uint8Array;
  /** The gravest difference within. */
  readonly purpose: DifferenceClass;
  /** RFC 9162 tree hash over the directives. */
  readonly root: Uint8Array;
  readonly size: number;
  /** Merchant number for purpose "binding", else empty. */
  readonly merchant: string;
  readonly created: number;
  readonly expires: number;
  /** SHA-256 of the release's reason in UTF-8: why people approved is part of what they approved. */
  readonly reason: Uint8Array;
}

export function toStatementBytes(statement: Statement): Uint8Array {
  return encode(tillsync.Statement, statement);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseStatement(bytes: Uint8Array): Statement {
  const message = decode(tillsync.Statement, bytes, MAX_STATEMENT_BYTES);
  const purpose = checkChoice(message.purpose, DIFFERENCE_CLASSES, "statement.purpose");
  return {
    releaseId: checkLength(message.releaseId, [RELEASE_ID_BYTES], "statement.release_id"),
    purpose,
    root: checkLength(message.root, [DIGEST_BYTES], "statement.root"),
    size: checkRange(message.size, 1, MAX_DIRECTIVES, "statement.size"),
    merchant: checkText(message.merchant, purpose === "binding" ? /^\d{15}$/ : /^$/, "statement.merchant"),
    created: checkRange(message.created, 1, MAX_UINT32, "statement.created"),
    expires: checkRange(message.expires, message.created, MAX_UINT32, "statement.expires"),
    reason: checkLength(message.reason, [DIGEST_BYTES], "statement.reason"),
  };
}
