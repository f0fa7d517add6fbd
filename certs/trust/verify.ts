import { isEqual } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import {
  type Metadata,
  parseMetadata,
  toFileReference,
  toRoleKeys,
  toSeconds,
  verifyReference,
  verifyRole,
} from "./metadata.ts";
import { type Policy, parsePolicy } from "./policy.ts";

export const POLICY_FILE = "policy.json";
/** Member of the timestamp that tells when it was signed: a lower bound of the present for a terminal's clock. */
export const ISSUED = "x_tillsync_issued";

/** Versions below which no metadata is taken any more. */
export interface TrustVersions {
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
}

export const NO_VERSIONS: TrustVersions = { timestamp: 0, snapshot: 0, targets: 0 };

/** What the trust metadata proved. Times in seconds. */
export interface Trust {
  readonly policy: Policy;
  readonly versions: TrustVersions;
  /** When the timestamp was signed: now is not before this. */
  readonly issued: number;
  /** From here on no change may be accepted on this evidence. */
  readonly freshUntil: number;
}

/**
 * Follows the metadata from the pinned root to the policy (clause 6; TUF specification section 5, without root
 * rotation): each file under its role's threshold, each as the one before it names it, none older than held.
 * Expiry is told in `freshUntil`, not judged: a stale terminal trades on.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, TRUST_ROLLBACK, POLICY_TOO_WEAK, KEY_INVALID, BYTES_TOO_LARGE
 */
export function verifyTrust(pinnedRoot: Uint8Array, bundle: TrustBundle, held: TrustVersions = NO_VERSIONS): Trust {
  if (!isEqual(pinnedRoot, bundle.root)) throw new TillsyncError("TRUST_INVALID", { what: "not the pinned root" });
  const root = parseMetadata("root", bundle.root);
  verifyRole(root, toRoleKeys(root, "root"));

  const timestamp = parseMetadata("timestamp", bundle.timestamp);
  verifyRole(timestamp, toRoleKeys(root, "timestamp"));
  verifyNotOlder(timestamp, held.timestamp, "timestamp");

  const snapshotReference = toFileReference(timestamp, "meta", "snapshot.json");
  verifyReference(snapshotReference, bundle.snapshot, "snapshot.json");
  const snapshot = parseMetadata("snapshot", bundle.snapshot);
  verifyRole(snapshot, toRoleKeys(root, "snapshot"));
  verifyVersion(snapshot, snapshotReference.version, "snapshot");
  verifyNotOlder(snapshot, held.snapshot, "snapshot");

  const targetsReference = toFileReference(snapshot, "meta", "targets.json");
  verifyReference(targetsReference, bundle.targets, "targets.json");
  const targets = parseMetadata("targets", bundle.targets);
  verifyRole(targets, toRoleKeys(root, "targets"));
  verifyVersion(targets, targetsReference.version, "targets");
  verifyNotOlder(targets, held.targets, "targets");

  verifyReference(toFileReference(targets, "targets", POLICY_FILE), bundle.policy, POLICY_FILE);
  return {
    policy: parsePolicy(bundle.policy),
    versions: { timestamp: timestamp.version, snapshot: snapshot.version, targets: targets.version },
    issued: toSeconds(timestamp.signed[ISSUED], `timestamp.${ISSUED}`),
    freshUntil: Math.min(root.expires, timestamp.expires, snapshot.expires, targets.expires),
  };
}

function verifyVersion(metadata: Metadata, named: number, what: string): void {
  if (metadata.version !== named) throw new TillsyncError("TRUST_INVALID", { what: `${what} version` });
}

function verifyNotOlder(metadata: Metadata, held: number, what: string): void {
  if (metadata.version < held) throw new TillsyncError("TRUST_ROLLBACK", { what, version: metadata.version, held });
}
