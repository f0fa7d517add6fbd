import {
  closeSync,
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

/** No file of the agent is larger: one that is counts as empty, and then its digest is wrong. */
export const MAX_FILE_BYTES = 1_048_576;
const OWNER_ONLY = 0o700;
const OWNER_ONLY_FILE = 0o600;

/**
 * The files of one agent, named relative to its state folder; "." is that folder. What was not synced may be lost with
 * the power: content until `sync` of the file, names (new, renamed, removed) until `sync` of the folder. Every method
 * throws whatever the system says.
 */
export interface FileSystem {
  /** Undefined where there is no such file. */
  read(name: string): Uint8Array | undefined;
  /** Creates the file or replaces its content. */
  write(name: string, bytes: Uint8Array): void;
  /** Makes the content of a file durable, or the names in a folder. */
  sync(name: string): void;
  /** Atomic; an existing file of that name is replaced. */
  rename(from: string, to: string): void;
  /** Removes every file of the folder but these. */
  keepOnly(folder: string, names: readonly string[]): void;
}

/** Makes the state folder with its sub-folders where they are not there yet, readable by their owner only. */
export function makeFolders(folder: string, subfolders: readonly string[]): void {
  for (const name of [".", ...subfolders]) mkdirSync(join(folder, name), { recursive: true, mode: OWNER_ONLY });
}

/** The folder on disk. */
export function openFileSystem(folder: string): FileSystem {
  const at = (name: string) => join(folder, name);
  return {
    read: (name) => readBounded(at(name)),
    write: (name, bytes) => writeFileSync(at(name), bytes, { mode: OWNER_ONLY_FILE }),
    sync: (name) => syncPath(at(name)),
    rename: (from, to) => renameSync(at(from), at(to)),
    keepOnly: (name, names) => {
      for (const file of readdirSync(at(name))) if (!names.includes(file)) rmSync(join(at(name), file));
    },
  };
}

function readBounded(path: string): Uint8Array | undefined {
  try {
    return statSync(path).size > MAX_FILE_BYTES ? new Uint8Array(0) : readFileSync(path);
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
