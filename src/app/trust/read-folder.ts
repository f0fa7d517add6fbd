import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseMetadata } from "../../../certs/trust/metadata.ts";
import { MAX_ROOTS, verifyRoots } from "../../../certs/trust/roots.ts";
import { NO_VERSIONS, type Trust, verifyTrust } from "../../../certs/trust/verify.ts";
import { MAX_TRUST_FILE_BYTES } from "../../../proto/bounds.ts";
import { isEqual } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { TrustBundle } from "../../../proto/trust-bundle.ts";
import { NEXT } from "./commit.ts";

/** What the folder holds, verified: consecutive root versions, oldest first, and the other files. */
export interface HeldTrust {
  readonly roots: readonly Uint8Array[];
  /** With the newest root alone. */
  readonly bundle: TrustBundle;
  readonly trust: Trust;
}

/** Another process may put new files in force between two reads; then the set is read again. */
const MAX_READS = 5;

/** Name of a root version's file. */
export function toRootFile(version: number): string {
  return `root.${version}.json`;
}

/**
 * Reads and verifies the folder, from the oldest root there is, which is version 1 as a rule, to the newest.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID where a file is missing; whatever `verifyTrust` throws
 */
export async function readHeldTrust(folder: string): Promise<HeldTrust> {
  return await again(() => readOnce(folder));
}

/**
 * The same, followed on from trust that is held already: nothing older is taken than what is held.
 *
 * @throws TillsyncError TRUST_ROLLBACK, and as `readHeldTrust`
 */
export async function readNewerTrust(folder: string, held: HeldTrust): Promise<HeldTrust> {
  return await again(() => readOnce(folder, held));
}

/** A file of the folder that may be there, in force if not yet in its place. */
export async function findTrustFile(folder: string, name: string): Promise<Buffer | undefined> {
  return (await findFile(join(folder, NEXT, name))) ?? (await findFile(join(folder, name)));
}

async function readOnce(folder: string, held?: HeldTrust): Promise<HeldTrust> {
  const newest = await readTrustFile(folder, "root.json");
  const roots = await readRoots(folder, newest);
  const [timestamp, snapshot, targets, policy] = await Promise.all([
    readTrustFile(folder, "timestamp.json"),
    readTrustFile(folder, "snapshot.json"),
    readTrustFile(folder, "targets.json"),
    readTrustFile(folder, "policy.json"),
  ]);
  const [first = newest] = roots;
  const { metadata, root } = verifyRoots(first, roots.slice(1));
  if (!isEqual(root, newest)) throw new TillsyncError("TRUST_INVALID", { what: "root.json" });
  if (held !== undefined && metadata.version < held.trust.rootVersion) {
    throw new TillsyncError("TRUST_ROLLBACK", { what: "root", version: metadata.version });
  }
  const files = { timestamp, snapshot, targets, policy };
  const trust = verifyTrust(held?.trust.root ?? first, { ...files, roots }, held?.trust.versions ?? NO_VERSIONS);
  return { roots, bundle: { ...files, roots: [newest] }, trust };
}

/** The versions before the newest as far back as they are there, oldest first; itself under its number at least. */
async function readRoots(folder: string, newest: Uint8Array): Promise<readonly Uint8Array[]> {
  const { version: last } = parseMetadata("root", newest);
  const roots: Uint8Array[] = [];
  for (let version = last; version > Math.max(0, last - MAX_ROOTS); version -= 1) {
    const root = await findTrustFile(folder, toRootFile(version));
    if (root === undefined) break;
    roots.unshift(root);
  }
  // The layout before roots could rotate.
  if (roots.length === 0) throw new TillsyncError("DATA_FOLDER_INVALID", { file: toRootFile(last) });
  return roots;
}

async function readTrustFile(folder: string, name: string): Promise<Buffer> {
  const bytes = await findTrustFile(folder, name);
  if (bytes === undefined) throw new TillsyncError("DATA_FOLDER_INVALID", { file: name });
  return bytes;
}

async function findFile(path: string): Promise<Buffer | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_TRUST_FILE_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bytes: bytes.length });
    return bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error instanceof TillsyncError ? error : new TillsyncError("DATA_FOLDER_INVALID", {}, error);
  }
}

async function again<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads += 1) {
    try {
      return await read();
    } catch (error) {
      if (reads === MAX_READS) throw error;
    }
  }
}
