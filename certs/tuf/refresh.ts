import { TillsyncError } from "../../proto/errors.ts";
import { isReferred, type Metadata, type RoleKeys } from "../trust/metadata.ts";
import { MAX_ROOTS, type Root, verifyNextRoot } from "../trust/roots.ts";
import { ANY } from "../trust/rules.ts";
import {
  type Snapshot,
  TARGETS_FILE,
  type Timestamp,
  toFloorOf,
  toNamed,
  verifySnapshot,
  verifyTargets,
  verifyTimestamp,
  verifyUnexpired,
} from "../trust/steps.ts";
import { type Files, writeDurably } from "./files.ts";
import { attempt, readRoot, readSnapshot, readTimestamp, writeNextRoot } from "./holdings.ts";
import { toMetadataName, toSegment } from "./names.ts";
import type { Source } from "./source.ts";

/** What a refresh works on. `now` in seconds, the same from its beginning to its end. */
export interface Client {
  readonly files: Files;
  readonly source: Source;
  readonly now: number;
}

/** Metadata of the top level, up to date. */
export interface Refreshed {
  readonly root: Root;
  readonly snapshot: Snapshot;
  readonly targets: Metadata;
}

/**
 * Brings the folder up to date with the repository (TUF specification section 5): each file is kept as soon as it is
 * proven, and nothing else is.
 *
 * @throws TillsyncError NOT_FOUND, TRUST_INVALID, TRUST_UNSIGNED, TRUST_ROLLBACK, TRUST_EXPIRED, KEY_INVALID,
 *   BYTES_TOO_LARGE, FETCH_FAILED
 */
export async function refresh(client: Client): Promise<Refreshed> {
  const root = await refreshRoot(client, readRoot(client.files, ANY));
  verifyUnexpired(root.metadata, "root", client.now);
  // Read before the timestamp is replaced: it tells whether the snapshot still counts.
  const held = readSnapshot(client.files, root);
  const timestamp = await refreshTimestamp(client, root);
  const snapshot = await refreshSnapshot(client, root, timestamp, held);
  const targets = await refreshTargets(client, { root, snapshot }, "targets", root.roles.targets);
  return { root, snapshot, targets };
}

/**
 * The metadata of targets or of a role to which they delegate, from the folder where that is the one the snapshot names.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, TRUST_EXPIRED, KEY_INVALID, BYTES_TOO_LARGE, FETCH_FAILED
 */
export async function refreshTargets(
  client: Client,
  { root, snapshot }: Pick<Refreshed, "root" | "snapshot">,
  role: string,
  keys: RoleKeys,
): Promise<Metadata> {
  const { files, now } = client;
  const file = role === "targets" ? TARGETS_FILE : `${role}.json`;
  const name = toMetadataName(role);
  const most = root.rules.bytes.targets;
  const verify = (bytes: Uint8Array) => verifyTargets(root, snapshot, file, keys, bytes);
  const held = files.read(name, most);
  const known = held === undefined ? undefined : attempt(() => verify(held));
  if (known !== undefined) {
    verifyUnexpired(known, role, now);
    return known;
  }
  const reference = toNamed(snapshot, file);
  const bytes = await fetchMetadata(client, root, role, reference.version, Math.min(reference.length ?? most, most));
  const targets = verify(bytes);
  verifyUnexpired(targets, role, now);
  writeDurably(files, name, bytes);
  return targets;
}

async function refreshRoot({ files, source }: Client, trusted: Root): Promise<Root> {
  let root = trusted;
  for (let steps = 0; steps < MAX_ROOTS; steps += 1) {
    const bytes = await source.get(`${root.metadata.version + 1}.root.json`, root.rules.bytes.root);
    if (bytes === undefined) break;
    const next = verifyNextRoot(root, bytes);
    writeNextRoot(files, root, next);
    root = next;
  }
  return root;
}

async function refreshTimestamp(client: Client, root: Root): Promise<Timestamp> {
  const { files, now } = client;
  const held = readTimestamp(files, root);
  const bytes = await fetchMetadata(client, root, "timestamp", undefined, root.rules.bytes.timestamp);
  const floor = { timestamp: held?.metadata.version ?? 0, snapshot: held?.snapshot.version ?? 0 };
  const fetched = verifyTimestamp(root, bytes, floor);
  const isNew = fetched.metadata.version > floor.timestamp;
  const timestamp = isNew ? fetched : (held as Timestamp);
  verifyUnexpired(timestamp.metadata, "timestamp", now);
  if (isNew) writeDurably(files, toMetadataName("timestamp"), bytes);
  return timestamp;
}

async function refreshSnapshot(
  client: Client,
  root: Root,
  timestamp: Timestamp,
  held: Snapshot | undefined,
): Promise<Snapshot> {
  const { files, now } = client;
  const { version, length } = timestamp.snapshot;
  const most = root.rules.bytes.snapshot;
  if (held?.metadata.version === version && isReferred(timestamp.snapshot, held.bytes)) {
    verifyUnexpired(held.metadata, "snapshot", now);
    return held;
  }
  const bytes = await fetchMetadata(client, root, "snapshot", version, Math.min(length ?? most, most));
  const snapshot = verifySnapshot(root, timestamp, bytes, held === undefined ? new Map() : toFloorOf(held));
  verifyUnexpired(snapshot.metadata, "snapshot", now);
  writeDurably(files, toMetadataName("snapshot"), bytes);
  return snapshot;
}

/** @throws TillsyncError FETCH_FAILED where it is not there */
async function fetchMetadata(
  { source }: Client,
  { isConsistent }: Root,
  role: string,
  version: number | undefined,
  most: number,
): Promise<Uint8Array> {
  const prefix = isConsistent && version !== undefined ? `${version}.` : "";
  const address = `${prefix}${toSegment(role)}.json`;
  const bytes = await source.get(address, most);
  if (bytes === undefined) throw new TillsyncError("FETCH_FAILED", { address, reason: "not there" });
  return bytes;
}
