import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { finishCommit } from "../trust/commit.ts";
import { withLock } from "../trust/lock.ts";
import { type BackupFile, isSafePath, MAX_FILES } from "./manifest.ts";

// Everything that is kept in a data folder beside the database.

/** Folder of what is half done; never in a backup. */
export const TEMPORARY = "tmp";
export const DATABASE = "tillsync.sqlite";
const TRUST = "trust";
/** Locks, drafts, and the live database with its log. */
const EXCLUDED = /^(tmp|tillsync\.sqlite(-wal|-shm|-journal)?|trust\/(lock(\.[^/]*)?|next\.draft))$|\.new$/;
/** Named by its digest: whatever it is, it is never changed. */
const CONTENT = /(^|\/)[0-9a-f]{64}(\.[0-9a-z]{1,8})?$/;
/** Others up to this size are kept in memory while a backup is made, as they were when they were read, */
const MAX_HELD_BYTES = 1_048_576;
/** as long as all of them are not more than this. */
const MAX_ALL_HELD_BYTES = 64 * 1_048_576;
const SECRET = 0o600;
const PUBLIC = 0o644;
const NOT_OWNER = 0o077;

/** A file and where its bytes are: in memory, or at a path, from where they are read again. */
export interface FoundFile extends BackupFile {
  readonly mode: number;
  readonly source: Uint8Array | string;
}

/**
 * The files of a data folder, in order of their paths. Those of the trust folder are of one moment.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID for a link, which leads to what would not be in the backup, for a name that
 *   cannot be told, and where there are too many; whatever `withLock` throws
 */
export async function listFiles(folder: string): Promise<readonly FoundFile[]> {
  const reader = new Reader(folder);
  const trust = await withLock(join(folder, TRUST), async () => {
    await finishCommit(join(folder, TRUST));
    return reader.read(await listPaths(folder, TRUST));
  });
  const others = await reader.read(await listPaths(folder, "", [TRUST]));
  return [...trust, ...others].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Whether what can change, the trust aside, is the same in both. */
export function isSameMoment(before: readonly FoundFile[], after: readonly FoundFile[]): boolean {
  return toMoment(before) === toMoment(after);
}

/** The file's size and digest as it is now. */
export async function readDigest(path: string): Promise<Pick<BackupFile, "size" | "digest">> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { size, digest: hash.digest() };
}

function toMoment(files: readonly FoundFile[]): string {
  const changing = files.filter(({ path }) => !path.startsWith(`${TRUST}/`) && !CONTENT.test(path));
  return JSON.stringify(changing.map(({ path, digest }) => [path, toHex(digest)]));
}

class Reader {
  readonly #folder: string;
  #held = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(paths: readonly string[]): Promise<readonly FoundFile[]> {
    const files: FoundFile[] = [];
    for (const path of paths) files.push(await this.#readOne(path));
    return files;
  }

  async #readOne(path: string): Promise<FoundFile> {
    const source = join(this.#folder, path);
    const file = await open(source, "r");
    try {
      const { size, mode } = await file.stat();
      const kept = { path, mode: (mode & NOT_OWNER) === 0 ? SECRET : PUBLIC };
      const isHeld = !CONTENT.test(path) && size <= MAX_HELD_BYTES && this.#held + size <= MAX_ALL_HELD_BYTES;
      if (!isHeld) return { ...kept, source, ...(await readDigest(source)) };
      const bytes = await readAtMost(file, size, path);
      this.#held += bytes.length;
      return { ...kept, source: bytes, size: bytes.length, digest: createHash("sha256").update(bytes).digest() };
    } finally {
      await file.close();
    }
  }
}

/** A file that grows while it is read is none of ours. */
async function readAtMost(file: FileHandle, size: number, path: string): Promise<Uint8Array> {
  const bytes = Buffer.alloc(size + 1);
  let end = 0;
  for (let read = -1; read !== 0 && end <= size; end += read) {
    read = (await file.read(bytes, end, bytes.length - end)).bytesRead;
  }
  if (end > size) throw new TillsyncError("DATA_FOLDER_INVALID", { file: path, expected: "unchanged" });
  return bytes.subarray(0, end);
}

async function listPaths(folder: string, from: string, except: readonly string[] = []): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = [from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const name of await readdir(join(folder, at))) {
      const path = at === "" ? name : `${at}/${name}`;
      if (EXCLUDED.test(path) || except.includes(path)) continue;
      const stats = await lstat(join(folder, path)).catch(ignoreGone);
      if (stats?.isDirectory() === true) waiting.push(path);
      else if (stats?.isFile() === true) found.push(path);
      if (stats?.isSymbolicLink() === true || !isSafePath(path) || found.length > MAX_FILES) {
        throw new TillsyncError("DATA_FOLDER_INVALID", { file: path, expected: "files and folders with plain names" });
      }
    }
  }
  return found;
}

function ignoreGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
