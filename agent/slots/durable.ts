import { TillsyncError } from "../../proto/errors.ts";
import type { FileSystem } from "./file-system.ts";

/**
 * Replaces a file so that after a power cut it holds the old content or the new, whole; durable when this returns.
 * After an error it holds either, and only a further success tells which.
 *
 * @throws TillsyncError STATE_WRITE_FAILED
 */
export function writeDurably(files: FileSystem, folder: string, name: string, bytes: Uint8Array): void {
  const path = `${folder}/${name}`;
  const draft = `${path}.new`;
  try {
    files.write(draft, bytes);
    files.sync(draft);
    files.rename(draft, path);
    files.sync(folder);
  } catch (cause) {
    throw new TillsyncError("STATE_WRITE_FAILED", { name }, cause);
  }
}
