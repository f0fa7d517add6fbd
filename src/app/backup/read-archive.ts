import { createHash } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Extract, type ExtractEvents, extract } from "tar-stream";
import { isEqual } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { verifyKnownMigration } from "../../store/backup.ts";
import { untilDrained } from "./archive.ts";
import {
  type Backup,
  type BackupFile,
  MANIFEST,
  MAX_MANIFEST_BYTES,
  parseBackupLine,
  parseFileLine,
  readLines,
} from "./manifest.ts";

/** One file of an archive, to be read to its end. */
type Entry = ExtractEvents["entry"][1];

const OWNER_ONLY = 0o700;
const SECRET = 0o600;
const MODES = [SECRET, 0o644];
/** What no data folder is without. */
const ESSENTIAL = [
  ...["ca/ca.key", "ca/ca.pem", "server/server.key", "server/server.pem", "tillsync.json", "tillsync.sqlite"],
  ...["trust/online.pem", "trust/policy.json", "trust/root.json", "trust/snapshot.json"],
  ...["trust/targets.json", "trust/timestamp.json"],
];

export interface ArchiveOptions {
  /** An empty folder; the manifest is kept in it. */
  readonly scratch: string;
  /** Path of a file where it is to be kept; undefined where it is only to be held against its digest. */
  keep(path: string): string | undefined;
}

/**
 * Reads an archive from hostile bytes to its end. Nothing is written but the manifest and what `keep` names, each file
 * new and under a path of the manifest; every file is what the manifest says.
 *
 * @throws TillsyncError BACKUP_INVALID; SCHEMA_TOO_NEW; DATA_FOLDER_INVALID where it cannot be written; whatever `bytes`
 *   throws
 */
export async function readArchive(bytes: AsyncIterable<Uint8Array>, options: ArchiveOptions): Promise<Backup> {
  const archive = extract();
  let failure: unknown;
  const feeding = feed(archive, bytes).catch((error) => {
    failure = error;
    archive.destroy();
  });
  try {
    return await readEntries(archive, options);
  } catch (error) {
    // What fed it tells more than that it ended.
    archive.destroy();
    await feeding;
    throw toInvalid(failure ?? error);
  } finally {
    archive.destroy();
    await feeding;
  }
}

async function feed(archive: Extract, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of bytes) {
    if (archive.destroyed) return;
    if (!archive.write(chunk)) await untilDrained(archive);
  }
  archive.end(null);
}

async function readEntries(archive: Extract, { scratch, keep }: ArchiveOptions): Promise<Backup> {
  const manifest = join(scratch, MANIFEST);
  const lines = readLines(manifest);
  let backup: Backup | undefined;
  let last = "";
  let count = 0;
  const missing = new Set(ESSENTIAL);
  for await (const entry of archive) {
    if (backup === undefined) {
      await readManifest(entry, manifest);
      backup = parseBackupLine(await nextLine(lines));
      verifyKnownMigration(backup.migration);
      continue;
    }
    const file = parseFileLine(await nextLine(lines));
    // In order, so that no path comes twice.
    demand(file.path > last, "the manifest's order");
    last = file.path;
    count += 1;
    missing.delete(file.path);
    await readFile(entry, file, keep(file.path));
  }
  if (backup === undefined) throw invalid("a manifest");
  demand(count === backup.files && (await lines.next()).done === true, "every file of the manifest");
  demand(missing.size === 0, "a whole data folder");
  return backup;
}

async function readManifest(entry: Entry, path: string): Promise<void> {
  const { name, type, size = 0 } = entry.header;
  demand(name === MANIFEST && type === "file" && size <= MAX_MANIFEST_BYTES, "a manifest");
  await write(entry, path, SECRET, () => {});
}

async function readFile(entry: Entry, { path, size, digest }: BackupFile, target: string | undefined): Promise<void> {
  const { header } = entry;
  const { mode = 0 } = header;
  demand(header.name === path && header.type === "file" && header.size === size, "the files of the manifest");
  demand(MODES.includes(mode), "plain files");
  const hash = createHash("sha256");
  const take = (chunk: Uint8Array) => void hash.update(chunk);
  if (target === undefined) for await (const chunk of toChunks(entry)) take(chunk);
  else await write(entry, target, mode, take);
  demand(isEqual(hash.digest(), digest), "files that are what the manifest says");
}

/** A new file, durable but for its name. */
async function write(entry: Entry, path: string, mode: number, take: (chunk: Uint8Array) => void): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY });
  const file = await open(path, "wx", mode);
  try {
    for await (const chunk of toChunks(entry)) {
      take(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function toChunks(entry: Entry): AsyncIterable<Uint8Array> {
  return entry as AsyncIterable<Uint8Array>;
}

async function nextLine(lines: AsyncGenerator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw invalid("every file in the manifest");
  return value;
}

function demand(holds: boolean, expected: string): void {
  if (!holds) throw invalid(expected);
}

function invalid(expected: string): TillsyncError {
  return new TillsyncError("BACKUP_INVALID", { expected });
}

/** Names that the archive chose and this file system does not take. */
const UNFIT = ["EEXIST", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "EINVAL"];

function toInvalid(error: unknown): unknown {
  if (error instanceof TillsyncError) return error;
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined || UNFIT.includes(code)) {
    return new TillsyncError("BACKUP_INVALID", { expected: "an archive of a data folder" }, error);
  }
  return new TillsyncError("DATA_FOLDER_INVALID", { cannot: "be written", why: code }, error);
}
