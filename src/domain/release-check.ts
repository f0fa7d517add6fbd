import { isEqual, toDigest } from "../../proto/bytes.ts";
import { isCovered, toDifferenceClass } from "../../proto/difference.ts";
import type { Directive } from "../../proto/directive.ts";
import { type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import { type Profile, parseProfile } from "../../proto/profile.ts";
import type { Statement } from "../../proto/statement.ts";
import { CLOCK_SLACK_S } from "./validity.ts";

/**
 * How far a sequence may run ahead of the last one issued, in a release or in what a terminal says: neither a slip nor a
 * lie must ever use up a terminal's 2^32.
 */
export const MAX_SEQUENCE_STEP = 1_000;

/** What the service knows of the terminal that a directive names. */
export interface TerminalFacts {
  /** SHA-256 of its device key; absent where it is not enrolled. */
  readonly deviceKey?: Uint8Array;
  readonly merchantNumber: string;
  readonly issuedSequence: number;
  /** Digest of the profile it said it holds; empty where none. */
  readonly currentDigest: Uint8Array;
  /** It has taken a directive and not told the outcome. */
  readonly underWay: boolean;
}

/**
 * Judges a statement and its directives by themselves, as every terminal's gate will. `base` is the encoded profile that
 * the directive replaces, empty where none.
 *
 * @throws TillsyncError NOT_YET_VALID, EXPIRED, RELEASE_INVALID, PURPOSE_TOO_NARROW, WRONG_MERCHANT, and what
 *   `parseProfile` throws
 */
export function verifyDirective(directive: Directive, base: Uint8Array, statement: Statement, now: number): Profile {
  const demand = toDemand(directive);
  // The gate refuses for good what was made in its future.
  demand(statement.created <= now + CLOCK_SLACK_S, "NOT_YET_VALID");
  demand(now <= directive.notAfter && now <= statement.expires, "EXPIRED");
  demand(isEqual(directive.baseDigest, base.length === 0 ? base : toDigest(base)), "RELEASE_INVALID");
  const profile = parseProfile(directive.profile);
  const held = base.length === 0 ? undefined : parseProfile(base);
  demand(isCovered(statement.purpose, toDifferenceClass(held, profile)), "PURPOSE_TOO_NARROW");
  demand(statement.merchant === "" || statement.merchant === profile.merchant.number, "WRONG_MERCHANT");
  return profile;
}

/**
 * Holds a directive, for a profile of merchant number `merchant`, against what is known of its terminal now.
 *
 * @throws TillsyncError WRONG_MERCHANT, RELEASE_INVALID, and the codes of `isLeftOut`
 */
export function verifyStanding(directive: Directive, merchant: string, facts: TerminalFacts): void {
  const demand = toDemand(directive);
  demand(merchant === facts.merchantNumber, "WRONG_MERCHANT");
  demand(directive.sequence <= facts.issuedSequence + MAX_SEQUENCE_STEP, "RELEASE_INVALID");
  demand(!facts.underWay, "RELEASE_CONFLICT");
  demand(facts.deviceKey !== undefined && isEqual(facts.deviceKey, directive.deviceKey), "WRONG_DEVICE_KEY");
  demand(directive.sequence > facts.issuedSequence, "SEQUENCE_REPLAYED");
  demand(isEqual(directive.baseDigest, facts.currentDigest), "BASE_MISMATCH");
}

/**
 * Whether a code says that one terminal moved on after the release was built. Its directive alone is left out then: a
 * single terminal must not hold up a release for all.
 */
export function isLeftOut(code: ErrorCode): boolean {
  return LEFT_OUT.includes(code);
}

const LEFT_OUT: readonly ErrorCode[] = ["RELEASE_CONFLICT", "WRONG_DEVICE_KEY", "SEQUENCE_REPLAYED", "BASE_MISMATCH"];

function toDemand({ tusn }: Directive): (holds: boolean, code: ErrorCode) => void {
  return (holds, code) => {
    if (!holds) throw new TillsyncError(code, { terminal: tusn });
  };
}
