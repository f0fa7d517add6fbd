import { verifyPermitted } from "../../../certs/permission.ts";
import { verifyReleaseFile } from "../../../certs/release.ts";
import { MOST, type Policy } from "../../../certs/trust/policy.ts";
import { SALT_BYTES, toDigest, toUtf8 } from "../../../proto/bytes.ts";
import type { Recipient, ReleaseFile } from "../../../proto/delivery.ts";
import { DIFFERENCE_CLASSES, type DifferenceClass, toDifferenceClass } from "../../../proto/difference.ts";
import { type OnFail, toDirectiveBytes } from "../../../proto/directive.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseProfile } from "../../../proto/profile.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { RELEASE_ID_BYTES, toStatementBytes } from "../../../proto/statement.ts";
import { toLeafHash, toTree } from "../../../proto/tree.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { CLOCK_SLACK_S } from "../../domain/validity.ts";
import type { Context } from "../context.ts";

const NO_BYTES = new Uint8Array(0);

/** One leaf to be: the profile that a terminal holds and the one that it shall hold, both encoded. */
export interface PlannedLeaf {
  readonly tusn: Tusn;
  /** SHA-256 of the device key. */
  readonly deviceKey: Uint8Array;
  readonly sequence: number;
  /** Empty where it holds none. */
  readonly base: Uint8Array;
  readonly profile: Uint8Array;
  /** `profile` is what the terminal held before. */
  readonly isWayBack: boolean;
  /** Who the card number is to be sealed to, where that is needed. */
  readonly recipient?: Omit<Recipient, "index">;
}

/** What all leaves of a release have in common. */
export interface ReleaseTerms {
  /** Why, in words; what looks like a card number is cut. */
  readonly reason: string;
  readonly onFail: OnFail;
  /** Seconds from `notBefore` during which terminals may take it. */
  readonly validityS: number;
  /** Seconds; now where absent. */
  readonly notBefore?: number;
  /** What it does not permit is refused before people look at it; only what no policy permits where absent. */
  readonly policy?: Policy;
}

/**
 * A release without signatures over the leaves, in their order.
 *
 * @throws TillsyncError CAP_EXCEEDED, TYPE_NOT_ALLOWED, SENSITIVE_DATA; FIELD_INVALID where a leaf breaks a rule
 */
export function toReleaseFile(context: Context, terms: ReleaseTerms, leaves: readonly PlannedLeaf[]): ReleaseFile {
  checkNotSensitive(terms.reason);
  const reason = toRedacted(terms.reason);
  const now = context.now();
  const notBefore = terms.notBefore ?? now - CLOCK_SLACK_S;
  const notAfter = (terms.notBefore ?? now) + terms.validityS;
  const directives = leaves.map(({ tusn, deviceKey, sequence, base, profile, isWayBack }) =>
    toDirectiveBytes({
      ...{ tusn, deviceKey, sequence, profile, notBefore, notAfter },
      baseDigest: base.length === 0 ? NO_BYTES : toDigest(base),
      onFail: terms.onFail,
      salt: context.randomBytes(SALT_BYTES),
      restores: isWayBack ? toDigest(profile) : NO_BYTES,
    }),
  );
  const { root, size } = toTree(directives.map(toLeafHash));
  const purpose = toPurpose(leaves);
  const statement = toStatementBytes({
    releaseId: context.randomBytes(RELEASE_ID_BYTES),
    ...{ purpose, root, size, created: now, expires: notAfter },
    merchant: purpose === "binding" ? toOnlyMerchant(leaves, terms.policy) : "",
    reason: toDigest(toUtf8(reason)),
  });
  const recipients = leaves.flatMap(({ recipient }, index) =>
    recipient === undefined ? [] : [{ index, ...recipient }],
  );
  const bases = leaves.map(({ base }) => base);
  const file: ReleaseFile = { statement, signatures: [], directives, bases, reason, recipients, sealed: [] };
  const whole = verifyReleaseFile(file);
  if (terms.policy !== undefined) verifyPermitted(terms.policy, whole.statement);
  return file;
}

/** The gravest difference within. */
export function toPurpose(leaves: readonly PlannedLeaf[]): DifferenceClass {
  const present = new Set(leaves.map(toDifference));
  return DIFFERENCE_CLASSES.find((name) => present.has(name)) ?? "parameters";
}

function toDifference({ base, profile }: PlannedLeaf): DifferenceClass {
  return toDifferenceClass(base.length === 0 ? undefined : parseProfile(base), parseProfile(profile));
}

function toOnlyMerchant(leaves: readonly PlannedLeaf[], policy: Policy | undefined): string {
  const most = policy?.caps.merchantsPerBindingRelease ?? MOST.merchantsPerBindingRelease;
  const numbers = new Set(leaves.map(({ profile }) => parseProfile(profile).merchant.number));
  const [merchant = ""] = numbers;
  if (numbers.size > most) {
    throw new TillsyncError("CAP_EXCEEDED", { cap: "merchantsPerBindingRelease", merchants: numbers.size, most });
  }
  return merchant;
}
