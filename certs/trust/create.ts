import type { KeyObject } from "node:crypto";
import { toDigest, toHex } from "../../proto/bytes.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { type ApproverKey, toPublicKey } from "../keys.ts";
import {
  ROLE_NAMES,
  type RoleKeys,
  type RoleName,
  SPEC_VERSION,
  toMetadataBytes,
  toTimeText,
  toTufKey,
} from "./metadata.ts";
import { type Policy, toPolicyBytes } from "./policy.ts";
import { ISSUED, POLICY_FILE, TIMESTAMP_VALIDITY_S } from "./verify.ts";

const DAY_S = 86_400;
export const OFFLINE_VALIDITY_S = 365 * DAY_S;

/** Private keys of each role; every one of them signs, and all of them are demanded. */
export type RoleSigners = Readonly<Record<RoleName, readonly KeyObject[]>>;

/** Public keys of a role and how many of them it takes. */
export interface RoleHolders {
  readonly keys: readonly ApproverKey[];
  readonly threshold: number;
}

/** What a root says: who holds which role, until when. `expires` in seconds. */
export interface RootContent {
  readonly version: number;
  readonly expires: number;
  readonly roles: Readonly<Record<RoleName, RoleHolders>>;
}

/** All trust metadata, with its root at hand: the one to pin. */
export interface NewTrust extends TrustBundle {
  readonly root: Uint8Array;
}

/** Version 1 of all trust metadata. `now` in seconds. */
export function createTrust(signers: RoleSigners, policy: Policy, now: number): NewTrust {
  const expires = now + OFFLINE_VALIDITY_S;
  const roles = Object.fromEntries(ROLE_NAMES.map((name) => [name, toHolders(signers[name])]));
  const content = { version: 1, expires, roles: roles as RootContent["roles"] };
  const root = toMetadataBytes(toRootPart(content), signers.root);
  const policyBytes = toPolicyBytes(policy);
  const targets = toMetadataBytes(toTargetsPart(policyBytes, 1, expires), signers.targets);
  const snapshot = toMetadataBytes(
    toSnapshotPart({ version: 1, ...toReference(targets) }, 1, expires),
    signers.snapshot,
  );
  const timestamp = createTimestamp(signers.timestamp, 1, snapshot, 1, now);
  return { root, roots: [root], timestamp, snapshot, targets, policy: policyBytes };
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

/** The signed part of a root. */
export function toRootPart({ version, expires, roles }: RootContent): object {
  const keys: Record<string, object> = {};
  const parts: Record<string, object> = {};
  for (const name of ROLE_NAMES) {
    const entries = roles[name].keys.map(toTufKey);
    for (const { id, entry } of entries) keys[id] = entry;
    parts[name] = { keyids: entries.map(({ id }) => id), threshold: roles[name].threshold };
  }
  return { ...toCommon("root", version, expires), consistent_snapshot: false, keys, roles: parts };
}

/** The signed part of the targets: the policy is the one there is. */
export function toTargetsPart(policy: Uint8Array, version: number, expires: number): object {
  return { ...toCommon("targets", version, expires), targets: { [POLICY_FILE]: toReference(policy) } };
}

/**
 * The signed part of the snapshot. It names the targets by version at least; not by digest where people sign both in one
 * go, because the targets are not whole then.
 */
export function toSnapshotPart(targets: { readonly version: number }, version: number, expires: number): object {
  return { ...toCommon("snapshot", version, expires), meta: { "targets.json": targets } };
}

/** Keys and threshold as a root's role has them, in the order of the file. */
export function toRoleHolders({ keys, threshold }: RoleKeys): RoleHolders {
  return { keys: [...keys.values()], threshold };
}

function toHolders(signers: readonly KeyObject[]): RoleHolders {
  return { keys: signers.map(toPublicKey), threshold: signers.length };
}

function toCommon(type: RoleName, version: number, expires: number): object {
  return { _type: type, spec_version: SPEC_VERSION, version, expires: toTimeText(expires) };
}

function toReference(bytes: Uint8Array): { readonly length: number; readonly hashes: object } {
  return { length: bytes.length, hashes: { sha256: toHex(toDigest(bytes)) } };
}
