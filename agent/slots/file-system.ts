import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DurableFolder, openDurableFolder, readAtMost } from "../../certs/durable-folder.ts";

export { makeFolders } from "../../certs/durable-folder.ts";

/** No file of the agent is larger: one that is counts as empty, and then its digest is wrong. */
export const MAX_FILE_BYTES = 1_048_576;

/** The files of one agent, named relative to its state folder. Every method throws whatever the system says. */
export interface FileSystem extends DurableFolder {
  /** Undefined where there is no such file. */
  read(name: string): Uint8Array | undefined;
  /** Removes every file of the folder but these. */
  keepOnly(folder: string, names: readonly string[]): void;
}

/** The folder on disk. */
export function openFileSystem(folder: string): FileSystem {
  const at = (name: string) => join(folder, name);
  return {
    ...openDurableFolder(folder),
    read: (name) => readAtMost(at(name), MAX_FILE_BYTES, new Uint8Array(0)),
    keepOnly: (name, names) => {
      for (const file of readdirSync(at(name))) if (!names.includes(file)) rmSync(join(at(name), file));
    },
  };
}
