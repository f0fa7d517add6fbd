import type { KeyObject } from "node:crypto";
import { toDigest, toHex } from "../../proto/bytes.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { toPublicKey } from "../keys.ts";
import { ROLE_NAMES, type RoleName, SPEC_VERSION, toMetadataBytes, toTimeText, toTufKey } from "./metadata.ts";
import { type Policy, toPolicyBytes } from "./policy.ts";
import { ISSUED, POLICY_FILE } from "./verify.ts";

const DAY_S = 86_400;
/** A terminal that hears nothing new for this long accepts no change any more. */
export const TIMESTAMP_VALIDITY_S = DAY_S;
export const OFFLINE_VALIDITY_S = 365 * DAY_S;

/** Private keys of each role; every one of them signs, and all of them are demanded. */
export type RoleSigners = Readonly<Record<RoleName, readonly KeyObject[]>>;

/** Version 1 of all trust metadata. `now` in seconds. */
export function createTrust(signers: RoleSigners, policy: Policy, now: number): TrustBundle {
  const root = createRoot(signers, now);
  const policyBytes = toPolicyBytes(policy);
  const targets = toMetadataBytes(
    {
      ...toCommon("targets", 1, now + OFFLINE_VALIDITY_S),
      targets: { [POLICY_FILE]: toReference(policyBytes) },
    },
    signers.targets,
  );
  const snapshot = toMetadataBytes(
    {
      ...toCommon("snapshot", 1, now + OFFLINE_VALIDITY_S),
      meta: { "targets.json": { ...toReference(targets), version: 1 } },
    },
    signers.snapshot,
  );
  const timestamp = createTimestamp(signers.timestamp, 1, snapshot, 1, now);
  return { root, timestamp, snapshot, targets, policy: policyBytes };
}

/** A new timestamp over the same snapshot: says "still so" for another TIMESTAMP_VALIDITY_S. */
export function createTimestamp(
  signers: readonly KeyObject[],
  version: number,
  snapshot: Uint8Array,
  snapshotVersion: number,
  now: number,
): Uint8Array {
  return toMetadataBytes(
    {
      ...toCommon("timestamp", version, now + TIMESTAMP_VALIDITY_S),
      meta: { "snapshot.json": { ...toReference(snapshot), version: snapshotVersion } },
      [ISSUED]: toTimeText(now),
    },
    signers,
  );
}

function createRoot(signers: RoleSigners, now: number): Uint8Array {
  const keys: Record<string, object> = {};
  const roles: Record<string, object> = {};
  for (const name of ROLE_NAMES) {
    const entries = signers[name].map((signer) => toTufKey(toPublicKey(signer)));
    for (const { id, entry } of entries) keys[id] = entry;
    roles[name] = { keyids: entries.map(({ id }) => id), threshold: entries.length };
  }
  const signed = { ...toCommon("root", 1, now + OFFLINE_VALIDITY_S), consistent_snapshot: false, keys, roles };
  return toMetadataBytes(signed, signers.root);
}

function toCommon(type: RoleName, version: number, expires: number): object {
  return { _type: type, spec_version: SPEC_VERSION, version, expires: toTimeText(expires) };
}

function toReference(bytes: Uint8Array): object {
  return { length: bytes.length, hashes: { sha256: toHex(toDigest(bytes)) } };
}
