import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { TillsyncError } from "../../proto/errors.ts";

const MAX_FILE_BYTES = 65_536;
const OTHERS = 0o077;
/** Systems where a file's mode says nothing. */
const HAS_MODES = process.platform !== "win32";

/** @throws TillsyncError DATA_FOLDER_INVALID where it cannot be read, or is larger than any of them */
export function readPublicFile(path: string): string {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new Error("too large");
    return readFileSync(path, "utf8");
  } catch {
    throw invalid(path, "a readable file");
  }
}

/** A file that only its owner may read. @throws TillsyncError DATA_FOLDER_INVALID as above, and where others may */
export function readSecretFile(path: string): string {
  const text = readPublicFile(path);
  if (HAS_MODES && (statSync(path).mode & OTHERS) !== 0) throw invalid(path, "mode 0600");
  return text;
}

/** What `parse` makes of a file's text. @throws TillsyncError DATA_FOLDER_INVALID where it makes nothing of it */
export function parseKeyFile<T>(path: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: basename(path), expected: "a key" }, cause);
  }
}

function invalid(path: string, expected: string): TillsyncError {
  return new TillsyncError("DATA_FOLDER_INVALID", { file: basename(path), expected });
}
