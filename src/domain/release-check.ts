import { isEqual } from "../../proto/bytes.ts";
import type { Directive } from "../../proto/directive.ts";
import { type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import { BAR_CODES, type Bar, HELD_CODES } from "./binding-gate.ts";

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
  /** Digests of the profile it said it holds, and of the one before; empty where none. */
  readonly currentDigest: Uint8Array;
  readonly previousDigest: Uint8Array;
  /** X25519 public key; absent where it needs no card numbers. */
  readonly cardKey?: Uint8Array;
  /** It has taken a directive and not told the outcome. */
  readonly underWay: boolean;
  /** It may be sent nothing at all. */
  readonly bar?: Bar;
  /** Its TUSN was proven well enough to be given a settlement, be it long ago. */
  readonly isProven: boolean;
}

/** What of a leaf is held against the facts. */
export interface StandingLeaf {
  readonly directive: Directive;
  /** Number of the merchant whom its profile names. */
  readonly merchant: string;
  /** Whether the settlement binding differs. */
  readonly changesBinding: boolean;
  /** Whether it is part of a release of settlements. */
  readonly ofBinding: boolean;
  /** The card key that the number is sealed to; absent where it is sealed to none. */
  readonly sealedTo?: Uint8Array;
}

/**
 * Holds a leaf against what is known of its terminal now.
 *
 * @throws TillsyncError WRONG_MERCHANT, RELEASE_INVALID, and the codes of `isLeftOut`
 */
export function verifyStanding(leaf: StandingLeaf, facts: TerminalFacts): void {
  const { directive, changesBinding, sealedTo } = leaf;
  const demand = toDemand(directive);
  demand(leaf.merchant === facts.merchantNumber, "WRONG_MERCHANT");
  demand(directive.sequence <= facts.issuedSequence + MAX_SEQUENCE_STEP, "RELEASE_INVALID");
  const { bar } = facts;
  if (bar !== undefined) throw new TillsyncError(BAR_CODES[bar], { terminal: directive.tusn });
  demand(!leaf.ofBinding || facts.isProven, "TUSN_UNPROVEN");
  demand(!facts.underWay, "RELEASE_CONFLICT");
  demand(facts.deviceKey !== undefined && isEqual(facts.deviceKey, directive.deviceKey), "WRONG_DEVICE_KEY");
  demand(directive.sequence > facts.issuedSequence, "SEQUENCE_REPLAYED");
  demand(isEqual(directive.baseDigest, facts.currentDigest), "BASE_MISMATCH");
  const { restores } = directive;
  demand(restores.length === 0 || isEqual(restores, facts.previousDigest), "RESTORE_UNKNOWN");
  const { cardKey } = facts;
  // Content that the terminal held before came with its number, which it has kept.
  const isSealed = cardKey === undefined || (sealedTo !== undefined && isEqual(sealedTo, cardKey));
  demand(!changesBinding || restores.length > 0 || isSealed, "SEAL_MISSING");
}

/**
 * Whether a code says that one terminal moved on after the release was built, or may not be sent it. Its directive alone
 * is left out then: a single terminal must not hold up a release for all.
 */
export function isLeftOut(code: ErrorCode): boolean {
  return LEFT_OUT.includes(code);
}

const LEFT_OUT: readonly ErrorCode[] = [
  ...HELD_CODES,
  "RELEASE_CONFLICT",
  "WRONG_DEVICE_KEY",
  "SEQUENCE_REPLAYED",
  "BASE_MISMATCH",
  "RESTORE_UNKNOWN",
  "SEAL_MISSING",
];

function toDemand({ tusn }: Directive): (holds: boolean, code: ErrorCode) => void {
  return (holds, code) => {
    if (!holds) throw new TillsyncError(code, { terminal: tusn });
  };
}
