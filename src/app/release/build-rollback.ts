import { isEqual, toHex } from "../../../proto/bytes.ts";
import { toDifferences } from "../../../proto/difference.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseProfile } from "../../../proto/profile.ts";
import { listCommitted } from "../../store/deployments.ts";
import { findReleases } from "../../store/releases.ts";
import type { Context } from "../context.ts";
import { type BuiltRelease, findHindrance, type SkipReason, toBuilt } from "./build.ts";
import { type Candidate, type Chosen, findCandidates } from "./candidates.ts";
import type { PlannedLeaf, ReleaseTerms } from "./release-file.ts";

/** Which terminals go back: chosen ones, or those that hold what a release brought them. */
export type RollbackTarget = { readonly chosen: Chosen } | { readonly releaseId: Uint8Array };

export type RollbackRequest = Omit<ReleaseTerms, "onFail"> & RollbackTarget;

/**
 * Makes one directive per terminal that brings back, byte for byte, what the terminal says is its previous profile. It
 * takes the same people as any change of the same difference. Stores nothing.
 *
 * @throws TillsyncError NOT_FOUND, NOTHING_TO_RELEASE, CAP_EXCEEDED, TYPE_NOT_ALLOWED, SENSITIVE_DATA
 */
export async function buildRollback(context: Context, request: RollbackRequest): Promise<BuiltRelease> {
  const terms: ReleaseTerms = { ...request, onFail: "rollback" };
  if ("chosen" in request) {
    return toBuilt(context, terms, await findCandidates(context.store, request.chosen), toLeaves);
  }
  const brought = await findBrought(context, request.releaseId);
  const candidates = await findCandidates(context.store, { tusns: [...brought.keys()] });
  return toBuilt(context, terms, candidates, (candidate) => {
    const isHeld = isEqual(brought.get(candidate.terminal.tusn) ?? new Uint8Array(0), candidate.currentDigest);
    return isHeld ? toLeaves(candidate) : "moved_on";
  });
}

/** Digest of the profile that a release brought, by terminal that committed it. */
async function findBrought({ store }: Context, releaseId: Uint8Array) {
  const release = toHex(releaseId);
  if ((await findReleases(store, [releaseId])).length === 0) throw new TillsyncError("NOT_FOUND", { release });
  const committed = await listCommitted(store, releaseId);
  if (committed.length === 0) throw new TillsyncError("NOTHING_TO_RELEASE", { release, committed: 0 });
  return new Map(committed.map(({ tusn, profileDigest }) => [tusn, profileDigest]));
}

function toLeaves(candidate: Candidate): readonly PlannedLeaf[] | SkipReason {
  const { held, previous, terminal, deviceKey = new Uint8Array(0) } = candidate;
  const hindrance = findHindrance(candidate, 1);
  if (hindrance !== undefined) return hindrance;
  if (held === undefined || previous === undefined) return "previous_unknown";
  if (toDifferences(parseProfile(held), parseProfile(previous)).length === 0) return "unchanged";
  const { tusn, issuedSequence } = terminal;
  return [{ tusn, deviceKey, sequence: issuedSequence + 1, base: held, profile: previous, isWayBack: true }];
}
