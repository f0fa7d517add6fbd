import { TillsyncError } from "../../proto/errors.ts";
import type { RoleName } from "../trust/metadata.ts";
import { findChangedRoles, MAX_ROOTS, openRoot, type Root } from "../trust/roots.ts";
import { ANY, type Rules } from "../trust/rules.ts";
import { openSnapshot, openTimestamp, type Snapshot, type Timestamp } from "../trust/steps.ts";
import { type Files, removeDurably, writeDurably } from "./files.ts";

// What a folder of metadata holds: each role's file under the role's name, and the roots before the newest by version.

export const ROOTS_FOLDER = "roots";
const ROOT_FILE = "root.json";
const TIMESTAMP_FILE = "timestamp.json";
const SNAPSHOT_FILE = "snapshot.json";

/**
 * Makes a folder trust this root.
 *
 * @throws TillsyncError STATE_CONFLICT where it trusts one already; TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID,
 *   BYTES_TOO_LARGE where the root is none
 */
export function writeFirstRoot(files: Files, bytes: Uint8Array, rules: Rules): void {
  openRoot(bytes, rules);
  // By the widest bound: a root that these rules would not read is not to be lost either.
  if (files.read(ROOT_FILE, ANY.bytes.root) !== undefined)
    throw new TillsyncError("STATE_CONFLICT", { what: ROOT_FILE });
  writeDurably(files, ROOT_FILE, bytes);
}

/** The newest root. @throws TillsyncError NOT_FOUND, TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID */
export function readRoot(files: Files, rules: Rules): Root {
  const bytes = files.read(ROOT_FILE, rules.bytes.root);
  if (bytes === undefined) throw new TillsyncError("NOT_FOUND", { what: ROOT_FILE });
  return openRoot(bytes, rules);
}

/** All roots from the pinned one to the newest. */
export function readRoots(files: Files, { metadata, bytes, rules }: Root): readonly Uint8Array[] {
  const roots = [bytes];
  for (let version = metadata.version - 1; roots.length <= MAX_ROOTS; version -= 1) {
    const older = files.read(toRootFile(version), rules.bytes.root);
    if (older === undefined) break;
    roots.unshift(older);
  }
  return roots;
}

/**
 * Puts the next root in the place of the newest, and forgets what must not outlive it (TUF specification section
 * 5.3.11). The newest is put aside first, so that at no time a root is missing.
 */
export function writeNextRoot(files: Files, newest: Root, next: Root): void {
  writeDurably(files, toRootFile(newest.metadata.version), newest.bytes);
  writeDurably(files, ROOT_FILE, next.bytes);
  const changed = findChangedRoles(newest, next);
  if (!changed.includes("timestamp") && !changed.includes("snapshot")) return;
  removeDurably(files, TIMESTAMP_FILE);
  removeDurably(files, SNAPSHOT_FILE);
}

/** The timestamp that the newest root still vouches for: after a power cut one of older keys may be there. */
export function readTimestamp(files: Files, root: Root): Timestamp | undefined {
  return readHeld(files, root, "timestamp", openTimestamp);
}

/** The snapshot likewise. Without a timestamp beside it, it was to be forgotten with that. */
export function readSnapshot(files: Files, root: Root): Snapshot | undefined {
  return readTimestamp(files, root) === undefined ? undefined : readHeld(files, root, "snapshot", openSnapshot);
}

/** What `read` makes of it; undefined where it is refused. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TillsyncError) return undefined;
    throw error;
  }
}

function readHeld<T>(
  files: Files,
  root: Root,
  role: RoleName,
  open: (root: Root, bytes: Uint8Array) => T,
): T | undefined {
  const bytes = files.read(`${role}.json`, root.rules.bytes[role]);
  return bytes === undefined ? undefined : attempt(() => open(root, bytes));
}

function toRootFile(version: number): string {
  return `${ROOTS_FOLDER}/${version}.json`;
}
