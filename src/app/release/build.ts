import { verifyRecipient } from "../../../certs/seal.ts";
import { MAX_UINT32 } from "../../../proto/bounds.ts";
import type { Recipient, ReleaseFile } from "../../../proto/delivery.ts";
import { toDifferences } from "../../../proto/difference.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type Profile, parseProfile, toProfileBytes } from "../../../proto/profile.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { type Bar, findBar } from "../../domain/binding-gate.ts";
import { parseMerchantIdentity } from "../../domain/identifiers/merchant-identity.ts";
import { type ProfileDefaults, type ProfilePatch, toFirstProfile, toNextProfile } from "../../domain/next-profile.ts";
import type { Verdict } from "../../domain/verdict.ts";
import type { Context } from "../context.ts";
import { toBindingOf, toMerchant } from "../merchant-row.ts";
import { type Candidate, type Chosen, findCandidates } from "./candidates.ts";
import { type PlannedLeaf, type ReleaseTerms, toReleaseFile } from "./release-file.ts";
import { type Planned, partUnproven } from "./unproven.ts";

export interface ReleaseRequest extends Chosen, ReleaseTerms {
  readonly patch: ProfilePatch;
  /** For terminals that hold no profile yet. */
  readonly defaults: ProfileDefaults;
  /** Holds beside each change of a terminal that has a profile the way back from it (clause 4.5). */
  readonly withRollback?: boolean;
}

export type SkipReason =
  | "not_enrolled"
  | "under_way"
  | "profile_unknown"
  | "previous_unknown"
  | "moved_on"
  | "sequence_used_up"
  | "unchanged"
  | "card_key_unproven"
  | "tusn_unproven"
  | Bar;

export interface Skipped {
  readonly tusn: Tusn;
  readonly reason: SkipReason;
  /** How sure we are of its TUSN, where that is the reason. */
  readonly verdict?: Verdict;
}

export interface BuiltRelease {
  /** Without signatures. */
  readonly file: ReleaseFile;
  readonly skipped: readonly Skipped[];
  /** Terminals whose waiting directive this release will supersede, with what it would have changed. */
  readonly superseding: readonly Tusn[];
}

/**
 * Makes one directive per terminal that would change: what it holds, patched, as the next number. Stores nothing.
 *
 * @throws TillsyncError NOT_FOUND, NOTHING_TO_RELEASE; TUSN_UNPROVEN where no TUSN is proven well enough for a
 *   settlement; CAP_EXCEEDED, TYPE_NOT_ALLOWED where no policy, or not the one given, permits it; CONFIG_INVALID for a way
 *   back where there is to be none; SENSITIVE_DATA; FIELD_INVALID and the identifiers' codes for a bad patch
 */
export async function buildRelease(context: Context, request: ReleaseRequest): Promise<BuiltRelease> {
  if (request.withRollback === true && request.onFail === "suspend") {
    // A terminal keeps no previous profile of such a change (clause 9.3).
    throw new TillsyncError("CONFIG_INVALID", { expected: "a way back, or suspension on failure: not both" });
  }
  const candidates = await findCandidates(context.store, request);
  return toBuilt(context, request, candidates, (candidate) => toLeaves(candidate, request));
}

/** One release of what `plan` makes of each candidate, and what it says of the others. */
export function toBuilt(
  context: Context,
  terms: ReleaseTerms,
  candidates: readonly Candidate[],
  plan: (candidate: Candidate) => readonly PlannedLeaf[] | SkipReason,
): BuiltRelease {
  const all: Planned[] = [];
  const unfit: Skipped[] = [];
  for (const candidate of candidates) {
    const planned = plan(candidate);
    if (typeof planned === "string") unfit.push({ tusn: candidate.terminal.tusn, reason: planned });
    else all.push({ candidate, leaves: planned });
  }
  const { kept, unproven } = partUnproven(all, context.identity);
  const skipped = [...unfit, ...unproven];
  const leaves = kept.flatMap((planned) => planned.leaves);
  if (leaves.length === 0) throw toNothing(skipped, unproven);
  const superseding = kept.flatMap(({ candidate }) => (candidate.waiting ? [candidate.terminal.tusn] : []));
  return { file: toReleaseFile(context, terms, leaves), skipped, superseding };
}

function toNothing(skipped: readonly Skipped[], unproven: readonly Skipped[]): TillsyncError {
  const [first] = unproven;
  if (first !== undefined && unproven.length === skipped.length) {
    const { tusn: terminal, verdict = "" } = first;
    return new TillsyncError("TUSN_UNPROVEN", { skipped: skipped.length, terminal, verdict });
  }
  const reasons = [...new Set(skipped.map(({ reason }) => reason))].join(",");
  return new TillsyncError("NOTHING_TO_RELEASE", { skipped: skipped.length, reasons });
}

/** Why nothing can be built for a terminal now, whatever it is to be. */
export function findHindrance(candidate: Candidate, directives: number) {
  const { deviceKey, underWay, terminal, currentDigest, held, quarantined, unsettled } = candidate;
  const bar = findBar({ life: terminal.life, quarantined, unsettled });
  if (bar !== undefined) return bar;
  if (deviceKey === undefined) return "not_enrolled";
  if (underWay) return "under_way";
  if (terminal.issuedSequence > MAX_UINT32 - directives) return "sequence_used_up";
  return currentDigest.length > 0 && held === undefined ? "profile_unknown" : undefined;
}

function toLeaves(candidate: Candidate, request: ReleaseRequest): readonly PlannedLeaf[] | SkipReason {
  const { held: base, terminal } = candidate;
  const hasWayBack = request.withRollback === true && base !== undefined;
  const hindrance = findHindrance(candidate, hasWayBack ? 2 : 1);
  if (hindrance !== undefined) return hindrance;
  const held = base === undefined ? undefined : parseProfile(base);
  const profile = toProfile(candidate, held, request);
  const differences = toDifferences(held, profile);
  if (differences.length === 0) return "unchanged";
  const recipient = differences.some(({ group }) => group === "binding") ? toRecipient(candidate) : undefined;
  if (recipient === "card_key_unproven") return recipient;
  const bytes = toProfileBytes(profile);
  parseProfile(bytes);
  const { tusn, issuedSequence } = terminal;
  const common = { tusn, deviceKey: candidate.deviceKey ?? new Uint8Array(0) };
  const change: PlannedLeaf = {
    ...{ ...common, sequence: issuedSequence + 1, base: base ?? new Uint8Array(0), profile: bytes, isWayBack: false },
    ...(recipient === undefined ? {} : { recipient }),
  };
  if (!hasWayBack) return [change];
  return [change, { ...common, sequence: issuedSequence + 2, base: bytes, profile: base, isWayBack: true }];
}

/** Who the number of a new binding is to be sealed to; nobody where the terminal needs none. */
function toRecipient(candidate: Candidate): Omit<Recipient, "index"> | "card_key_unproven" | undefined {
  const { terminal, cardKey } = candidate;
  if (cardKey === undefined) return undefined;
  const recipient = { deviceKey: terminal.deviceKey ?? new Uint8Array(0), ...cardKey };
  try {
    const directive = { tusn: terminal.tusn, deviceKey: candidate.deviceKey ?? new Uint8Array(0) };
    verifyRecipient({ index: 0, ...recipient }, directive);
    return recipient;
  } catch (error) {
    // What was verified when it came in was altered since: nobody may be asked to seal to it.
    if (error instanceof TillsyncError && error.code === "SEAL_INVALID") return "card_key_unproven";
    throw error;
  }
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
