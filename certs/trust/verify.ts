import { TillsyncError } from "../../proto/errors.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { toFileReference, toSeconds, verifyReference } from "./metadata.ts";
import { type Policy, parsePolicy } from "./policy.ts";
import { type Roots, verifyRoots } from "./roots.ts";
import {
  TARGETS_FILE,
  type Timestamp,
  verifyNotOlder,
  verifySnapshot,
  verifyTargets,
  verifyTimestamp,
} from "./steps.ts";

export const POLICY_FILE = "policy.json";
/** Member of the timestamp that tells when it was signed: a lower bound of the present for a terminal's clock. */
export const ISSUED = "x_tillsync_issued";

/** A terminal that hears nothing new for this long accepts no change any more, whatever end a timestamp names. */
export const TIMESTAMP_VALIDITY_S = 86_400;

/** Versions below which no metadata is taken any more. The root has none: it is followed step by step. */
export interface TrustVersions {
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
  /** Version of the policy itself. It outlives the recovery from stolen online keys. */
  readonly policy: number;
}

export const NO_VERSIONS: TrustVersions = { timestamp: 0, snapshot: 0, targets: 0, policy: 0 };

/** What the trust metadata proved. Times in seconds. */
export interface Trust {
  readonly policy: Policy;
  readonly versions: TrustVersions;
  readonly rootVersion: number;
  /** The root that everything is proven under, in its exact bytes. */
  readonly root: Uint8Array;
  /** When the timestamp was signed: now is not before this. */
  readonly issued: number;
  /** From here on no change may be accepted on this evidence. */
  readonly freshUntil: number;
}

/**
 * Follows the metadata from a trusted root to the policy (clause 6; TUF specification section 5): each root under its
 * own keys and those of the one before it, each file under its role's threshold and as the one before it names it, none
 * older than held. Where roots change the keys of a role, what was held under the old ones is forgotten (section
 * 5.3.11). Expiry is told in `freshUntil`, not judged: a stale terminal trades on.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, TRUST_ROLLBACK, POLICY_TOO_WEAK, KEY_INVALID, BYTES_TOO_LARGE
 */
export function verifyTrust(trustedRoot: Uint8Array, bundle: TrustBundle, held: TrustVersions = NO_VERSIONS): Trust {
  const roots = verifyRoots(trustedRoot, bundle.roots);
  const { newest: root } = roots;
  const floor = toFloor(held, roots);

  const timestamp = verifyTimestamp(root, bundle.timestamp, floor);
  verifySameOfSameVersion(timestamp, floor);
  const snapshot = verifySnapshot(root, timestamp, bundle.snapshot, new Map([[TARGETS_FILE, floor.targets]]));
  const targets = verifyTargets(root, snapshot, TARGETS_FILE, root.roles.targets, bundle.targets);

  verifyReference(toFileReference(targets, "targets", POLICY_FILE), bundle.policy, POLICY_FILE);
  const policy = parsePolicy(bundle.policy);
  const issued = toSeconds(timestamp.metadata.signed[ISSUED], `timestamp.${ISSUED}`);
  verifyNotOlder(policy.version, floor.policy, "policy");
  return {
    policy,
    versions: {
      timestamp: timestamp.metadata.version,
      snapshot: snapshot.metadata.version,
      targets: targets.version,
      policy: policy.version,
    },
    rootVersion: root.metadata.version,
    root: root.bytes,
    issued,
    freshUntil: Math.min(
      ...[root, timestamp, snapshot].map(({ metadata }) => metadata.expires),
      targets.expires,
      issued + TIMESTAMP_VALIDITY_S,
    ),
  };
}

/** Roles by what roots did to their keys. */
export type RoleChanges = Pick<Roots, "changed" | "replaced">;

/**
 * What stays of the versions held after these changes. The policy's outlives any that leaves enough of those who signed
 * it: their older signatures still count under the new root, and would bring back people who were removed since.
 */
export function toFloor(held: TrustVersions, { changed, replaced }: RoleChanges): TrustVersions {
  const isRecovered = changed.has("timestamp") || changed.has("snapshot");
  return {
    ...(isRecovered ? NO_VERSIONS : held),
    policy: replaced.has("targets") ? 0 : held.policy,
  };
}

/** A timestamp of the version held is no update (section 5.4.3): it must not bring another snapshot with it. */
function verifySameOfSameVersion({ metadata, snapshot }: Timestamp, held: TrustVersions): void {
  if (metadata.version !== held.timestamp) return;
  verifyNotOlder(snapshot.version, held.snapshot, "snapshot");
  if (snapshot.version !== held.snapshot) {
    throw new TillsyncError("TRUST_INVALID", { what: "timestamp version" });
  }
}
