import { randomBytes } from "node:crypto";
import { lstat, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TillsyncError } from "../../proto/errors.ts";

const DRAFT_NAME_BYTES = 8;
const DRAFT = /\.[0-9a-f]{16}\.new$/;
/** Whoever has not ended a draft by then is gone: a power cut, or a process that was killed. */
export const DRAFT_MS = 3_600_000;

/** A file that is durable beside its place, under a name of its own. One of `keep` and `drop` ends it. */
export interface Draft {
  /** Takes its place, durably. @throws TillsyncError DATA_FOLDER_INVALID; then it has to be dropped */
  keep(): Promise<void>;
  /** Removes what is left of it; nothing where it was kept. */
  drop(): Promise<void>;
}

/**
 * Replaces a file as a whole: after a power cut it is the old one or the new one. Durable when it resolves, which takes
 * a sync of the folder too. Where several write at once, each is whole, and one of them is last.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID where it could not be made durable: the old file may or may not be there
 */
export async function writeFileDurably(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  const draft = await draftFile(path, bytes, mode);
  try {
    await draft.keep();
  } catch (error) {
    await draft.drop();
    throw error;
  }
}

/** Writes all of a file, and leaves open whether it is to be. @throws TillsyncError DATA_FOLDER_INVALID */
export async function draftFile(path: string, bytes: Uint8Array | string, mode: number): Promise<Draft> {
  const draft = `${path}.${randomBytes(DRAFT_NAME_BYTES).toString("hex")}.new`;
  // What cannot be removed is left to `removeDrafts`: why it is dropped matters more.
  const drop = () => rm(draft, { force: true }).catch(() => undefined);
  try {
    await writeDraft(draft, bytes, mode);
  } catch (cause) {
    await drop();
    throw toFault(path, cause);
  }
  const keep = async () => {
    try {
      await rename(draft, path);
      await syncFolder(dirname(path));
    } catch (cause) {
      throw toFault(path, cause);
    }
  };
  return { keep, drop };
}

/**
 * Removes drafts from a folder and those within it that nobody is writing any more. What cannot be read or removed is
 * left alone: it keeps neither the others from being removed nor the service from its start. Follows no links.
 */
export async function removeDrafts(folder: string, remove: (path: string) => Promise<void> = rm): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await removeDrafts(path, remove);
    else if (entry.isFile() && DRAFT.test(entry.name) && (await isLeft(path)))
      await remove(path).catch(() => undefined);
  }
}

async function isLeft(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > DRAFT_MS;
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeDraft(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function toFault(path: string, cause: unknown): TillsyncError {
  return new TillsyncError("DATA_FOLDER_INVALID", { file: basename(path) }, cause);
}
