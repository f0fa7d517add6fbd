import { existsSync, readFileSync, statSync } from "node:fs";
import { MAX_RELEASE_FILE_BYTES } from "../../../proto/bounds.ts";
import { parseReleaseFile, type ReleaseFile } from "../../../proto/delivery.ts";
import { TillsyncError } from "../../../proto/errors.ts";

/** @throws TillsyncError CONFIG_INVALID, and what `parseReleaseFile` throws */
export function readRelease(file: string): ReleaseFile {
  return parseReleaseFile(readBytes(file, MAX_RELEASE_FILE_BYTES));
}

/** @throws TillsyncError BYTES_TOO_LARGE, CONFIG_INVALID where it cannot be read */
export function readBytes(file: string, most: number): Uint8Array {
  try {
    if (statSync(file).size > most) throw new TillsyncError("BYTES_TOO_LARGE", { file });
    return readFileSync(file);
  } catch (cause) {
    throw cause instanceof TillsyncError ? cause : new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  }
}

/** @throws TillsyncError CONFIG_INVALID where a file is there that may not be written over */
export function checkWritable(file: string, force: boolean): void {
  if (existsSync(file) && !force) {
    throw new TillsyncError("CONFIG_INVALID", { exists: file, expected: "a new file, or --force" });
  }
}
