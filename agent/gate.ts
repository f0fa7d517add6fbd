import { verifyPermitted } from "../certs/permission.ts";
import { CLOCK_SLACK_S } from "../certs/release.ts";
import { toSigners, verifyApproval } from "../certs/signatures.ts";
import type { Policy } from "../certs/trust/policy.ts";
import type { Trust } from "../certs/trust/verify.ts";
import { isEqual, toDigest } from "../proto/bytes.ts";
import { type Delivery, parseDelivery } from "../proto/delivery.ts";
import { isCovered, toDifferenceClass } from "../proto/difference.ts";
import { type Directive, parseDirective } from "../proto/directive.ts";
import { type ErrorCode, type ErrorFields, TillsyncError } from "../proto/errors.ts";
import { type Profile, parseProfile } from "../proto/profile.ts";
import { parseStatement, type Statement } from "../proto/statement.ts";
import { isIncluded, toLeafHash } from "../proto/tree.ts";
import type { Tusn } from "../proto/tusn.ts";
import { countCardChanges } from "./machine/card-changes.ts";

/**
 * How far a sequence may lie above the highest one accepted: far more than a fleet ever leaves out, and so little that
 * no few releases use up the 2^32 that a terminal has for its whole life.
 */
export const MAX_SEQUENCE_STEP = 65_536;

/** What the terminal knows of itself. */
export interface GateContext {
  /** Undefined where no trust metadata is held: nothing can be accepted then. */
  readonly trust: Trust | undefined;
  /** Seconds, never before `trust.issued`. */
  readonly now: number;
  /**
   * A second that is past for certain, however the terminal's clock was set: the one of the trust timestamp and what has
   * gone by since. Waiting times count by it, so that no clock set forward shortens them.
   */
  readonly past: number;
  readonly tusn: Tusn;
  /** SHA-256 of the SubjectPublicKeyInfo of the device key. */
  readonly deviceKey: Uint8Array;
  /** Encoded profile held; undefined where none. */
  readonly held: Uint8Array | undefined;
  /** Digest of the previous profile; undefined where none may be gone back to. */
  readonly previous: Uint8Array | undefined;
  /** Highest sequence accepted so far; 0 where none. */
  readonly sequence: number;
  /** When the last settlement changes were accepted that were committed. */
  readonly cardChanges: readonly number[];
}

/** A directive that the people whom the policy demands approved as part of their release. */
export interface Proven {
  readonly delivery: Delivery;
  readonly statement: Statement;
  readonly directive: Directive;
  readonly profile: Profile;
  /** Under which they approved it. */
  readonly policy: Policy;
}

/** A proven directive that this terminal may carry out now; only `verifyDelivery` makes one. */
export type Accepted = Proven & {
  /** Whether it changes the settlement in a way that the policy's cap counts. */
  readonly isCardChange: boolean;
  readonly __brand: "Accepted";
};

/**
 * The gate: whether this terminal may carry out what it was sent. Reading order is checking order, each refusal has its
 * own code, and nothing signed is parsed before its signature or proof holds. A sealed card number, which is not signed,
 * is judged after all this (`sealed.ts`).
 *
 * @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_MISSING, FIELD_INVALID, TUSN_INVALID, TRUST_STALE,
 *   STATEMENT_UNSIGNED, TYPE_NOT_ALLOWED, CAP_EXCEEDED, NOT_IN_RELEASE, WRONG_TERMINAL, WRONG_DEVICE_KEY,
 *   SEQUENCE_REPLAYED, SEQUENCE_TOO_HIGH, BASE_MISMATCH, RESTORE_UNKNOWN, PURPOSE_TOO_NARROW, WRONG_MERCHANT,
 *   NOT_YET_VALID, EXPIRED, CARD_CHANGE_TOO_SOON
 */
export function verifyDelivery(bytes: Uint8Array, context: GateContext): Accepted {
  const proven = verifyAddressed(bytes, context);
  verifySequence(proven.directive, context.sequence);
  const held = verifyBase(proven.directive, context.held);
  verifyRestores(proven.directive, context.previous);
  verifyPurpose(proven, held);
  verifyMerchant(proven, held);
  verifyValidity(proven, context.now);
  const isCardChange = isCounted(proven, held);
  if (isCardChange) verifyCardCap(proven, context);
  return { ...proven, isCardChange } as Accepted;
}

/**
 * The first half of the gate: all that can be judged while another directive is under way, whatever comes of that one.
 *
 * @throws TillsyncError as `verifyDelivery`, up to WRONG_DEVICE_KEY
 */
export function verifyAddressed(bytes: Uint8Array, context: GateContext): Proven {
  const delivery = parseDelivery(bytes);
  const policy = verifyFresh(context.trust, context.now);
  const proven = verifyProof(delivery, policy);
  verifyTerminal(proven.directive, context.tusn);
  verifyDeviceKey(proven.directive, context.deviceKey);
  return proven;
}

/**
 * What a slot holds, proven again under the policy it was accepted under; before a directive begins, under the newest.
 * Neither freshness, validity nor the device key counts: expiry stops changes, never trading, and the key may have been
 * renewed since.
 *
 * @throws TillsyncError as `verifyDelivery`, without TRUST_STALE, up to WRONG_TERMINAL
 */
export function verifySlot(bytes: Uint8Array, policy: Policy, tusn: Tusn): Proven {
  const proven = verifyProof(parseDelivery(bytes), policy);
  verifyTerminal(proven.directive, tusn);
  return proven;
}

function verifyProof(delivery: Delivery, policy: Policy): Proven {
  const statement = verifyStatement(delivery, policy);
  const directive = parseDirective(verifyInclusion(delivery, statement));
  return { delivery, statement, directive, profile: parseProfile(directive.profile), policy };
}

function verifyFresh(trust: Trust | undefined, now: number): Policy {
  if (trust === undefined) throw new TillsyncError("TRUST_STALE");
  demand(now < trust.freshUntil, "TRUST_STALE", { now, freshUntil: trust.freshUntil });
  return trust.policy;
}

function verifyStatement({ statement: bytes, signatures }: Delivery, policy: Policy): Statement {
  // Some known person must have signed the bytes before they are parsed; whether those persons suffice depends on them.
  demand(toSigners(policy, bytes, signatures).length >= 1, "STATEMENT_UNSIGNED", { persons: 0 });
  const statement = parseStatement(bytes);
  verifyApproval(policy, statement.purpose, bytes, signatures);
  verifyPermitted(policy, statement);
  return statement;
}

function verifyInclusion({ directive, index, path }: Delivery, { root, size }: Statement): Uint8Array {
  demand(isIncluded(toLeafHash(directive), index, size, path, root), "NOT_IN_RELEASE", { index, size });
  return directive;
}

function verifyTerminal(directive: Directive, tusn: Tusn): void {
  demand(directive.tusn === tusn, "WRONG_TERMINAL", { named: directive.tusn });
}

function verifyDeviceKey(directive: Directive, deviceKey: Uint8Array): void {
  demand(isEqual(directive.deviceKey, deviceKey), "WRONG_DEVICE_KEY");
}

function verifySequence({ sequence }: Directive, highest: number): void {
  demand(sequence > highest, "SEQUENCE_REPLAYED", { sequence, highest });
  demand(sequence <= highest + MAX_SEQUENCE_STEP, "SEQUENCE_TOO_HIGH", { sequence, highest });
}

function verifyBase({ baseDigest }: Directive, held: Uint8Array | undefined): Profile | undefined {
  demand(isEqual(baseDigest, held === undefined ? new Uint8Array(0) : toDigest(held)), "BASE_MISMATCH");
  return held === undefined ? undefined : parseProfile(held);
}

/** That these are the bytes named is a matter of the directive's form; here it is what this terminal held before. */
function verifyRestores({ restores }: Directive, previous: Uint8Array | undefined): void {
  if (restores.length === 0) return;
  demand(previous !== undefined && isEqual(restores, previous), "RESTORE_UNKNOWN");
}

function verifyPurpose({ statement: { purpose }, profile }: Proven, held: Profile | undefined): void {
  const actual = toDifferenceClass(held, profile);
  demand(isCovered(purpose, actual), "PURPOSE_TOO_NARROW", { purpose, actual });
}

function verifyMerchant({ statement, profile: { merchant } }: Proven, held: Profile | undefined): void {
  demand(statement.purpose !== "binding" || statement.merchant === merchant.number, "WRONG_MERCHANT");
  // One terminal, one merchant: no profile ever moves a terminal from one to another.
  demand(held === undefined || held.merchant.number === merchant.number, "WRONG_MERCHANT");
}

function verifyValidity({ statement, directive }: Proven, now: number): void {
  demand(statement.created <= now + CLOCK_SLACK_S, "NOT_YET_VALID", { now, created: statement.created });
  demand(directive.notBefore <= now, "NOT_YET_VALID", { now, notBefore: directive.notBefore });
  demand(now <= statement.expires, "EXPIRED", { now, expires: statement.expires });
  demand(now <= directive.notAfter, "EXPIRED", { now, notAfter: directive.notAfter });
}

/**
 * Neither the first profile nor a way back counts: they lead nowhere new that the cap could keep a thief from. Profiles
 * are numbered upwards, so that the way from there to the newer one again is none: else two cards could take turns.
 */
function isCounted({ directive: { restores }, profile }: Proven, held: Profile | undefined): boolean {
  if (held === undefined || toDifferenceClass(held, profile) !== "binding") return false;
  const isBack = restores.length > 0 && profile.number < held.number;
  return !isBack;
}

function verifyCardCap({ policy }: Proven, { cardChanges, past }: GateContext): void {
  const most = policy.caps.cardChangesPerDay;
  const changes = countCardChanges(cardChanges, past);
  demand(changes < most, "CARD_CHANGE_TOO_SOON", { changes, most });
}

function demand(holds: boolean, code: ErrorCode, fields: ErrorFields = {}): void {
  if (!holds) throw new TillsyncError(code, fields);
}
