import type { KeyObject } from "node:crypto";
import { toPublicKey } from "../../certs/keys.ts";
import { ROLE_NAMES, type RoleName, toMetadataBytes, toTimeText, toTufKey } from "../../certs/trust/metadata.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";

// Trust metadata as whoever holds the keys can make it: nothing here asks whether it is right.

export interface RoleSpec {
  readonly keys: readonly KeyObject[];
  readonly threshold: number;
}
export type Roles = Readonly<Record<RoleName, RoleSpec>>;

/** What all files have in common; `expires` in seconds. */
export interface FileSpec {
  readonly version: number;
  readonly expires: number;
  readonly signers: readonly KeyObject[];
}

export function signRoot(spec: FileSpec & { readonly roles: Roles; readonly change?: object }): Uint8Array {
  const keys: Record<string, object> = {};
  const roles: Record<string, object> = {};
  for (const name of ROLE_NAMES) {
    const entries = spec.roles[name].keys.map((key) => toTufKey(toPublicKey(key)));
    for (const { id, entry } of entries) keys[id] = entry;
    roles[name] = { keyids: entries.map(({ id }) => id), threshold: spec.roles[name].threshold };
  }
  return sign("root", spec, { consistent_snapshot: false, keys, roles, ...spec.change });
}

export function signTargets(spec: FileSpec & { readonly policy: Uint8Array; readonly name?: string }): Uint8Array {
  return sign("targets", spec, { targets: { [spec.name ?? "policy.json"]: toReference(spec.policy) } });
}

export function signSnapshot(
  spec: FileSpec & { readonly targets: Uint8Array; readonly targetsVersion: number },
): Uint8Array {
  const meta = { "targets.json": { ...toReference(spec.targets), version: spec.targetsVersion } };
  return sign("snapshot", spec, { meta });
}

export function signTimestamp(
  spec: FileSpec & { readonly snapshot: Uint8Array; readonly snapshotVersion: number; readonly issued: number },
): Uint8Array {
  const meta = { "snapshot.json": { ...toReference(spec.snapshot), version: spec.snapshotVersion } };
  return sign("timestamp", spec, { meta, x_tillsync_issued: toTimeText(spec.issued) });
}

/** Any metadata file: `members` of `signed` besides the common ones. */
export function sign(type: RoleName, { version, expires, signers }: FileSpec, members: object): Uint8Array {
  const common = { _type: type, spec_version: "1.0.31", version, expires: toTimeText(expires) };
  return toMetadataBytes({ ...common, ...members }, signers);
}

function toReference(bytes: Uint8Array): object {
  return { length: bytes.length, hashes: { sha256: toHex(toDigest(bytes)) } };
}
