import { type ReleaseLeaf, verifyRelease, type WholeRelease } from "../../../certs/release.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { concat, isEqual, NONCE_BYTES, toDigest } from "../../../proto/bytes.ts";
import { toDifferences } from "../../../proto/difference.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toInclusionPath } from "../../../proto/tree.ts";
import type { StandingLeaf } from "../../domain/release-check.ts";
import type { DeploymentRow, ProfileRow } from "../../store/schema.ts";
import type { Context } from "../context.ts";

/** One change of a release with the rows that it will be on record as. */
export interface Leaf extends StandingLeaf {
  readonly deployment: DeploymentRow;
  /** The way back that was approved with it. */
  readonly reserve?: DeploymentRow;
  /** The new profile, and the one it replaces where there is one. */
  readonly profiles: readonly ProfileRow[];
}

/**
 * All changes, each judged by itself as its terminal's gate will. This is the heavy part of publishing and needs no
 * record: it is done before the transaction, which keeps all other writers waiting.
 *
 * @throws TillsyncError what `verifyRelease` throws; SEAL_MISSING where a recipient's number is not there;
 *   RELEASE_INVALID for a way back that names another device
 */
export function toLeaves(release: WholeRelease, policy: Policy, context: Context): readonly Leaf[] {
  const now = context.now();
  verifyRelease(release, policy, now);
  verifySealed(release);
  const sealedTo = new Map(release.file.recipients.map(({ index, cardKey }) => [index, cardKey]));
  const toRow = createToRow(release, context, now);
  const reserves = new Map(release.leaves.filter(({ isReserve }) => isReserve).map((leaf) => [toTusn(leaf), leaf]));
  return release.leaves
    .filter(({ isReserve }) => !isReserve)
    .map((leaf): Leaf => {
      const { directive, profile, base, index } = leaf;
      const reserve = reserves.get(directive.tusn);
      verifySameDevice(leaf, reserve);
      const cardKey = sealedTo.get(index);
      return {
        directive,
        merchant: profile.merchant.number,
        ofBinding: release.statement.purpose === "binding",
        changesBinding: toDifferences(base, profile).some(({ group }) => group === "binding"),
        ...(cardKey === undefined ? {} : { sealedTo: cardKey }),
        deployment: toRow(leaf),
        ...(reserve === undefined ? {} : { reserve: toRow(reserve) }),
        profiles: toProfiles(leaf, release.file.bases[index]),
      };
    });
}

function createToRow(release: WholeRelease, context: Context, now: number): (leaf: ReleaseLeaf) => DeploymentRow {
  const sealed = new Map(release.file.sealed.map(({ index, bytes }) => [index, bytes]));
  return ({ directive, index, bytes, isReserve }) => {
    const { tusn, sequence, baseDigest, notBefore, notAfter } = directive;
    return {
      ...{ tusn, sequence, notBefore, notAfter },
      releaseId: release.statement.releaseId,
      leafIndex: index,
      path: concat(...toInclusionPath(release.tree, index)),
      directive: bytes,
      directiveDigest: toDigest(bytes),
      baseDigest: baseDigest.length === 0 ? null : baseDigest,
      profileDigest: toDigest(directive.profile),
      nonce: context.randomBytes(NONCE_BYTES),
      state: isReserve ? "reserved" : "pending",
      code: "",
      detail: "",
      updatedAt: now,
      sealed: sealed.get(index) ?? null,
      orderIndex: null,
    };
  };
}

function verifySealed({ file, leaves }: WholeRelease): void {
  const sealed = new Set(file.sealed.filter(({ bytes }) => bytes.length > 0).map(({ index }) => index));
  const missing = file.recipients.find(({ index }) => !sealed.has(index));
  if (missing === undefined) return;
  throw new TillsyncError("SEAL_MISSING", { terminal: leaves[missing.index]?.directive.tusn ?? "" });
}

function verifySameDevice({ directive }: ReleaseLeaf, reserve: ReleaseLeaf | undefined): void {
  if (reserve === undefined || isEqual(reserve.directive.deviceKey, directive.deviceKey)) return;
  throw new TillsyncError("RELEASE_INVALID", { terminal: directive.tusn, expected: "a way back for the same device" });
}

function toProfiles({ directive }: ReleaseLeaf, base: Uint8Array | undefined): readonly ProfileRow[] {
  const next = { digest: toDigest(directive.profile), bytes: directive.profile };
  const hasBase = base !== undefined && base.length > 0;
  return hasBase ? [next, { digest: directive.baseDigest, bytes: base }] : [next];
}

function toTusn({ directive }: ReleaseLeaf): string {
  return directive.tusn;
}
