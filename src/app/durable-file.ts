import { open, rename } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { TillsyncError } from "../../proto/errors.ts";

/**
 * Replaces a file as a whole: after a power cut it is the old one or the new one. Durable when it resolves, which takes
 * a sync of the folder too. One writer per file.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID where it could not be made durable: the old file may or may not be there
 */
export async function writeFileDurably(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  try {
    await replaceFile(path, bytes, mode);
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: basename(path) }, cause);
  }
}

async function replaceFile(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, "w", mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
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
