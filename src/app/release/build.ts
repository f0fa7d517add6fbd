import { MAX_UINT32 } from "../../../proto/bounds.ts";
import { SALT_BYTES, toDigest } from "../../../proto/bytes.ts";
import type { ReleaseFile } from "../../../proto/delivery.ts";
import {
  DIFFERENCE_CLASSES,
  type DifferenceClass,
  toDifferenceClass,
  toDifferences,
} from "../../../proto/difference.ts";
import { type OnFail, toDirectiveBytes } from "../../../proto/directive.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type Profile, parseProfile, toProfileBytes } from "../../../proto/profile.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { RELEASE_ID_BYTES, toStatementBytes } from "../../../proto/statement.ts";
import { toLeafHash, toTree } from "../../../proto/tree.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { parseMerchantIdentity } from "../../domain/identifiers/merchant-identity.ts";
import { type ProfileDefaults, type ProfilePatch, toFirstProfile, toNextProfile } from "../../domain/next-profile.ts";
import { CLOCK_SLACK_S } from "../../domain/validity.ts";
import type { Context } from "../context.ts";
import { toBindingOf, toMerchant } from "../merchant-row.ts";
import { type Candidate, findCandidates } from "./candidates.ts";

export interface ReleaseRequest {
  /** Merchant number: all its terminals, or those of `tusns`. Neither given: the whole fleet. */
  readonly merchant?: string;
  readonly tusns?: readonly Tusn[];
  readonly patch: ProfilePatch;
  /** Why, in words; what looks like a card number is cut. */
  readonly reason: string;
  readonly onFail: OnFail;
  /** Seconds from `notBefore` during which terminals may take it. */
  readonly validityS: number;
  /** Seconds; now where absent. */
  readonly notBefore?: number;
  /** For terminals that hold no profile yet. */
  readonly defaults: ProfileDefaults;
}

export type SkipReason = "not_enrolled" | "under_way" | "profile_unknown" | "sequence_used_up" | "unchanged";

export interface BuiltRelease {
  /** Without signatures. */
  readonly file: ReleaseFile;
  readonly skipped: readonly { readonly tusn: Tusn; readonly reason: SkipReason }[];
  /** Terminals whose waiting directive this release will supersede, with what it would have changed. */
  readonly superseding: readonly Tusn[];
}

interface Update {
  readonly candidate: Candidate;
  /** Encoded profiles; the base is empty where there is none. */
  readonly base: Uint8Array;
  readonly profile: Uint8Array;
  readonly difference: DifferenceClass;
}

/**
 * Makes one directive per terminal that would change: what it holds, patched, as the next number. Stores nothing.
 *
 * @throws TillsyncError NOT_FOUND, NOTHING_TO_RELEASE; RELEASE_INVALID where a binding would change for more than one
 *   merchant; FIELD_INVALID and the identifiers' codes for a bad patch
 */
export async function buildRelease(context: Context, request: ReleaseRequest): Promise<BuiltRelease> {
  const candidates = await findCandidates(context.store, request);
  const updates: Update[] = [];
  const skipped: { tusn: Tusn; reason: SkipReason }[] = [];
  for (const candidate of candidates) {
    const update = toUpdate(candidate, request);
    if (typeof update === "string") skipped.push({ tusn: candidate.terminal.tusn, reason: update });
    else updates.push(update);
  }
  if (updates.length === 0)
    throw new TillsyncError("NOTHING_TO_RELEASE", { skipped: skipped.length, reasons: toReasons(skipped) });
  const superseding = updates
    .filter(({ candidate }) => candidate.waiting)
    .map(({ candidate }) => candidate.terminal.tusn);
  return { file: toFile(context, request, updates), skipped, superseding };
}

function toUpdate(candidate: Candidate, request: ReleaseRequest): Update | SkipReason {
  if (candidate.deviceKey === undefined) return "not_enrolled";
  if (candidate.underWay) return "under_way";
  if (candidate.terminal.issuedSequence >= MAX_UINT32) return "sequence_used_up";
  if (candidate.currentDigest.length > 0 && candidate.held === undefined) return "profile_unknown";
  const held = candidate.held === undefined ? undefined : parseProfile(candidate.held);
  const profile = toProfile(candidate, held, request);
  if (toDifferences(held, profile).length === 0) return "unchanged";
  const bytes = toProfileBytes(profile);
  parseProfile(bytes);
  return {
    candidate,
    base: candidate.held ?? new Uint8Array(0),
    profile: bytes,
    difference: toDifferenceClass(held, profile),
  };
}

function toProfile(candidate: Candidate, held: Profile | undefined, request: ReleaseRequest): Profile {
  const { merchant, terminal } = candidate;
  const records = {
    merchant: toMerchant(merchant),
    binding: toBindingOf(merchant),
    acquirer: terminal.acquirer,
    terminalNo: terminal.terminalNo,
  };
  const profile =
    held === undefined ? toFirstProfile(records, request.defaults, request.patch) : toNextProfile(held, request.patch);
  if (request.patch.merchant !== undefined) parseMerchantIdentity(profile.merchant);
  return profile;
}

function toFile(context: Context, request: ReleaseRequest, updates: readonly Update[]): ReleaseFile {
  const now = context.now();
  const notBefore = request.notBefore ?? now - CLOCK_SLACK_S;
  const notAfter = (request.notBefore ?? now) + request.validityS;
  const directives = updates.map(({ candidate, base, profile }) =>
    toDirectiveBytes({
      tusn: candidate.terminal.tusn,
      deviceKey: candidate.deviceKey ?? new Uint8Array(0),
      sequence: candidate.terminal.issuedSequence + 1,
      baseDigest: base.length === 0 ? base : toDigest(base),
      profile,
      notBefore,
      notAfter,
      onFail: request.onFail,
      salt: context.randomBytes(SALT_BYTES),
    }),
  );
  const tree = toTree(directives.map(toLeafHash));
  const purpose = toPurpose(updates);
  const statement = toStatementBytes({
    releaseId: context.randomBytes(RELEASE_ID_BYTES),
    purpose,
    root: tree.root,
    size: tree.size,
    merchant: purpose === "binding" ? toOnlyMerchant(updates) : "",
    created: now,
    expires: notAfter,
  });
  return {
    statement,
    signatures: [],
    directives,
    bases: updates.map(({ base }) => base),
    reason: toRedacted(request.reason),
  };
}

/** The gravest difference within. */
function toPurpose(updates: readonly Update[]): DifferenceClass {
  const present = new Set(updates.map(({ difference }) => difference));
  return DIFFERENCE_CLASSES.find((name) => present.has(name)) ?? "parameters";
}

function toOnlyMerchant(updates: readonly Update[]): string {
  const [merchant = "", ...others] = new Set(updates.map(({ candidate }) => candidate.terminal.merchantNumber));
  if (others.length > 0)
    throw new TillsyncError("RELEASE_INVALID", { purpose: "binding", merchants: others.length + 1 });
  return merchant;
}

function toReasons(skipped: BuiltRelease["skipped"]): string {
  return [...new Set(skipped.map(({ reason }) => reason))].join(",");
}
