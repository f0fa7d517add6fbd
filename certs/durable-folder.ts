import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
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
 * One folder whose files outlast a power cut; "." is the folder itself. What was not synced may be lost with the power:
 * content until `sync` of the file, names (new, renamed, removed) until `sync` of the folder they are in. Every method
 * throws whatever the system says.
 */
export interface DurableFolder {
  /** Creates the file, in the place of any that bears its name. Its owner only can read it. */
  write(name: string, bytes: Uint8Array): void;
  /** Makes the content of a file durable, or the names in a folder. */
  sync(name: string): void;
  /** Atomic; an existing file of that name is replaced. */
  rename(from: string, to: string): void;
}

/** Makes the folder with its sub-folders where they are not there yet, readable by their owner only. */
export function makeFolders(folder: string, subfolders: readonly string[] = []): void {
  for (const name of [".", ...subfolders]) mkdirSync(join(folder, name), { recursive: true, mode: OWNER_ONLY });
}

/** The folder on disk. */
export function openDurableFolder(folder: string): DurableFolder {
  const at = (name: string) => join(folder, name);
  return {
    write: (name, bytes) => {
      // Made anew, so that it is nobody's link to another place.
      rmSync(at(name), { force: true });
      writeFileSync(at(name), bytes, { mode: OWNER_ONLY_FILE, flag: "wx" });
    },
    sync: (name) => syncPath(at(name)),
    rename: (from, to) => renameSync(at(from), at(to)),
  };
}

/** Undefined where there is no such file, `tooLarge` for one of more than `most` bytes. Throws whatever the system says. */
export function readAtMost<T>(path: string, most: number, tooLarge: T): Uint8Array | T | undefined {
  try {
    return statSync(path).size > most ? tooLarge : readFileSync(path);
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
