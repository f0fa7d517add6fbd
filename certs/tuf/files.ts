import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const OWNER_ONLY = 0o700;
const OWNER_ONLY_FILE = 0o600;
/**
 * An encoded name is a run of plain characters and `%XX`, so that a draft can never bear the name of another file. Each
 * process has drafts of its own: of two that write at once neither puts the other's half-written one in place.
 */
const DRAFT = `%new${randomBytes(3).toString("hex")}`;
const ANY_DRAFT = /%new[0-9a-f]{6}$/;
/** Whoever wrote an older draft is gone: a power cut or a signal came in between. */
const OLD_DRAFT_MS = 3_600_000;

/**
 * The files of one folder; "." is the folder itself. What was not synced may be lost with the power: content until
 * `sync` of the file, names (new, renamed, removed) until `sync` of the folder they are in. Every method throws whatever
 * the system says.
 */
export interface Files {
  /** Undefined where there is no such file, or one of more than `most` bytes. */
  read(name: string, most: number): Uint8Array | undefined;
  /** Creates the file, in the place of any that bears its name. */
  write(name: string, bytes: Uint8Array): void;
  /** Makes the content of a file durable, or the names in a folder. */
  sync(name: string): void;
  /** Atomic; an existing file of that name is replaced. */
  rename(from: string, to: string): void;
  /** Nothing where there is no such file. */
  remove(name: string): void;
}

/** Makes the folder with its sub-folders where they are not there yet, readable by their owner only. */
export function makeFolders(folder: string, subfolders: readonly string[] = []): void {
  for (const name of [".", ...subfolders]) mkdirSync(join(folder, name), { recursive: true, mode: OWNER_ONLY });
}

/** The folder on disk. Old drafts in it are removed. */
export function openFiles(folder: string): Files {
  const at = (name: string) => join(folder, name);
  removeOldDrafts(folder);
  return {
    read: (name, most) => readBounded(at(name), most),
    write: (name, bytes) => {
      // Made anew, so that it is nobody's link to another place.
      rmSync(at(name), { force: true });
      writeFileSync(at(name), bytes, { mode: OWNER_ONLY_FILE, flag: "wx" });
    },
    sync: (name) => syncPath(at(name)),
    rename: (from, to) => renameSync(at(from), at(to)),
    remove: (name) => rmSync(at(name), { force: true }),
  };
}

/** Replaces a file so that after a power cut it holds the old content or the new, whole; durable when this returns. */
export function writeDurably(files: Files, name: string, bytes: Uint8Array): void {
  files.write(`${name}${DRAFT}`, bytes);
  files.sync(`${name}${DRAFT}`);
  files.rename(`${name}${DRAFT}`, name);
  files.sync(toFolder(name));
}

/** Removes a file; durable when this returns. */
export function removeDurably(files: Files, name: string): void {
  files.remove(name);
  files.sync(toFolder(name));
}

function toFolder(name: string): string {
  return name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : ".";
}

function removeOldDrafts(folder: string): void {
  const drafts = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => ANY_DRAFT.test(name))
    : [];
  for (const draft of drafts) {
    const { mtimeMs = Number.POSITIVE_INFINITY } = statSync(join(folder, draft), { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > OLD_DRAFT_MS) rmSync(join(folder, draft), { force: true });
  }
}

function readBounded(path: string, most: number): Uint8Array | undefined {
  try {
    return statSync(path).size > most ? undefined : readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function syncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
