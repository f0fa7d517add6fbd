import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { FILES, isWhereItBelongs } from "./canary-places.ts";
import { findCanaries, toTold } from "./canary-search.ts";

/** A file that is larger is too much to be looked through, and no test has a use for one. */
export const MAX_FILE_BYTES = 256 * 1_024 * 1_024;
const PREFIX = "tillsync-";
/** What the system puts behind the name of a temporary folder. */
const SUFFIX_CHARACTERS = 6;

/** A temporary folder of this name. Whoever makes one removes it with `discard`. */
export function makeScratch(name: string): string {
  return mkdtempSync(join(tmpdir(), `${PREFIX}${name}-`));
}

/**
 * Removes a temporary folder, or one within it, once every file has been looked through for card numbers. Does nothing
 * where there is none.
 *
 * @throws Error naming file and form, where a number stands that does not belong there; the folder is gone then too
 */
export function discard(folder: string): void {
  if (!existsSync(folder)) return;
  try {
    const found = findInFolder(folder);
    if (found.length > 0) throw new Error(toTold("card numbers were left behind", found));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `file: form` for each number that stands in a file, or in a name, where it does not belong. */
export function findInFolder(folder: string): readonly string[] {
  const scratch = toScratch(folder);
  return [folder, ...listFolder(folder)].flatMap((path) => {
    const place = toPlace(scratch, path);
    if (isWhereItBelongs(FILES, place)) return [];
    // The place may be a number itself: it is told only where it is none.
    const named = findCanaries(Buffer.from(path));
    if (named.length > 0) return named.map((form) => `a name in ${toPlace(scratch, folder)}: ${form}`);
    return readPlain(path).flatMap((bytes) => findCanaries(bytes).map((form) => `${place}: ${form}`));
  });
}

/** Folders, files and whatever else, below this one; what a link leads to is not looked at. */
function listFolder(folder: string): readonly string[] {
  if (!lstatSync(folder).isDirectory()) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const kind = lstatSync(path, { throwIfNoEntry: false });
    return kind?.isDirectory() ? [path, ...listFolder(path)] : [path];
  });
}

/** A file's content; none for what has none, and for what a process has removed meanwhile. */
function readPlain(path: string): readonly Buffer[] {
  const kind = lstatSync(path, { throwIfNoEntry: false });
  if (!kind?.isFile()) return [];
  if (statSync(path).size > MAX_FILE_BYTES) throw new Error(`too large to be looked through: ${path}`);
  try {
    return [readFileSync(path)];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** The temporary folder that this one is or lies in. */
function toScratch(folder: string): string {
  const parts = folder.split("/");
  const at = parts.findLastIndex((part) => part.startsWith(PREFIX));
  return at === -1 ? folder : parts.slice(0, at + 1).join("/");
}

/** `name/path within`, whatever the system called the folder. */
function toPlace(scratch: string, path: string): string {
  const name = (scratch.split("/").at(-1) ?? "").slice(PREFIX.length, -SUFFIX_CHARACTERS - 1);
  return [name, relative(scratch, path)].filter((part) => part !== "").join("/");
}
