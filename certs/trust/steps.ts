import { TillsyncError } from "../../proto/errors.ts";
import { toRecord } from "./json.ts";
import {
  type FileReference,
  type Metadata,
  parseMetadata,
  type RoleKeys,
  readFileReference,
  toFileReference,
  verifyReference,
  verifyRole,
} from "./metadata.ts";
import type { Root } from "./roots.ts";

// The steps of the TUF specification 1.0, sections 5.4 to 5.6, over bytes from wherever they come. Expiry is a step of
// its own, because who reads decides what it stops.

export const TARGETS_FILE = "targets.json";
const SNAPSHOT_FILE = "snapshot.json";
/** Metadata files that one snapshot names. */
const MAX_META = 65_536;

export interface Timestamp {
  /** In its exact bytes. */
  readonly bytes: Uint8Array;
  readonly metadata: Metadata;
  readonly snapshot: FileReference;
}

export interface Snapshot {
  /** In its exact bytes. */
  readonly bytes: Uint8Array;
  readonly metadata: Metadata;
  /** By file name, such as `targets.json`. */
  readonly files: ReadonlyMap<string, FileReference>;
}

/** Versions by file name below which none is taken. */
export type Floor = ReadonlyMap<string, number>;

/** A timestamp under the root's keys. @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, BYTES_TOO_LARGE */
export function openTimestamp({ roles, rules }: Root, bytes: Uint8Array): Timestamp {
  const metadata = parseMetadata("timestamp", bytes, rules);
  verifyRole(metadata, roles.timestamp);
  return { bytes, metadata, snapshot: toFileReference(metadata, "meta", SNAPSHOT_FILE) };
}

/** A snapshot under the root's keys. @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, BYTES_TOO_LARGE */
export function openSnapshot({ roles, rules }: Root, bytes: Uint8Array): Snapshot {
  const metadata = parseMetadata("snapshot", bytes, rules);
  verifyRole(metadata, roles.snapshot);
  const entries = Object.entries(toRecord(metadata.signed["meta"], "snapshot.meta"));
  if (entries.length > MAX_META) throw new TillsyncError("TRUST_INVALID", { what: "snapshot.meta" });
  const files = entries.map(([file, entry]) => [file, readFileReference(entry, "meta", file)] as const);
  return { bytes, metadata, files: new Map(files) };
}

/**
 * Section 5.4: signed, and neither it nor the snapshot that it names older than held. One of the version held tells
 * nothing new: whoever holds one keeps that.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, TRUST_ROLLBACK, BYTES_TOO_LARGE
 */
export function verifyTimestamp(
  root: Root,
  bytes: Uint8Array,
  held: { readonly timestamp: number; readonly snapshot: number },
): Timestamp {
  const timestamp = openTimestamp(root, bytes);
  verifyNotOlder(timestamp.metadata.version, held.timestamp, "timestamp");
  if (timestamp.metadata.version > held.timestamp) {
    verifyNotOlder(timestamp.snapshot.version, held.snapshot, "snapshot");
  }
  return timestamp;
}

/**
 * Section 5.5: the one that the timestamp names, signed, with no file gone or older than held.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, TRUST_ROLLBACK, BYTES_TOO_LARGE
 */
export function verifySnapshot(root: Root, timestamp: Timestamp, bytes: Uint8Array, held: Floor): Snapshot {
  verifyReference(timestamp.snapshot, bytes, SNAPSHOT_FILE);
  const snapshot = openSnapshot(root, bytes);
  verifyVersion(snapshot.metadata, timestamp.snapshot.version, SNAPSHOT_FILE);
  for (const [file, version] of held) verifyNotOlder(snapshot.files.get(file)?.version ?? 0, version, file);
  return snapshot;
}

/** Versions that the snapshot tells, as what the next one may not fall below. */
export function toFloorOf({ files }: Snapshot): Floor {
  return new Map([...files].map(([file, { version }]) => [file, version]));
}

/**
 * Section 5.6, of targets or a role to which they delegate: the one that the snapshot names, under these keys.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, BYTES_TOO_LARGE
 */
export function verifyTargets(
  { rules }: Root,
  snapshot: Snapshot,
  file: string,
  role: RoleKeys,
  bytes: Uint8Array,
): Metadata {
  const reference = toNamed(snapshot, file);
  verifyReference(reference, bytes, file);
  const metadata = parseMetadata("targets", bytes, rules);
  verifyRole(metadata, role);
  verifyVersion(metadata, reference.version, file);
  return metadata;
}

/** What the snapshot says of a file. @throws TillsyncError TRUST_INVALID where it says nothing: then it is not used */
export function toNamed({ files }: Snapshot, file: string): FileReference {
  const reference = files.get(file);
  if (reference === undefined) throw new TillsyncError("TRUST_INVALID", { what: `${file} not in snapshot` });
  return reference;
}

/** @throws TillsyncError TRUST_EXPIRED unless the metadata is still in force. `now` in seconds. */
export function verifyUnexpired({ expires }: Metadata, what: string, now: number): void {
  if (expires <= now) throw new TillsyncError("TRUST_EXPIRED", { what });
}

/** @throws TillsyncError TRUST_ROLLBACK */
export function verifyNotOlder(version: number, held: number, what: string): void {
  if (version < held) throw new TillsyncError("TRUST_ROLLBACK", { what, version, held });
}

function verifyVersion(metadata: Metadata, named: number, what: string): void {
  if (metadata.version !== named) throw new TillsyncError("TRUST_INVALID", { what: `${what} version` });
}
