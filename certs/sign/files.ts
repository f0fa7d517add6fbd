import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ErrorCode, TillsyncError } from "../../proto/errors.ts";

/** Files for everybody, and those for their owner only. */
export const PUBLIC = 0o644;
export const SECRET = 0o600;

const OTHERS = 0o077;
/** Of a draft's name, so that what a power cut left behind never stands in the way. */
const DRAFT_BYTES = 6;
/** Systems where a file's mode says nothing. */
const HAS_MODES = process.platform !== "win32";

/**
 * The whole file.
 *
 * @throws TillsyncError CONFIG_INVALID where it cannot be read, BYTES_TOO_LARGE for more than `most` bytes
 */
export function readBounded(path: string, most: number): Buffer {
  return readChecked(path, most, () => undefined);
}

/**
 * A file that only its owner may read.
 *
 * @param code what others being able to read it means
 * @throws TillsyncError `code`, CONFIG_INVALID, BYTES_TOO_LARGE
 */
export function readSecret(path: string, most: number, code: ErrorCode): Buffer {
  return readChecked(path, most, (stats) => checkOwnerOnly(path, stats, "0600", code));
}

/** @throws TillsyncError `code` where others than the owner can get at it */
export function checkOwnerOnly(path: string, { mode }: Stats, expected: string, code: ErrorCode): void {
  if (HAS_MODES && (mode & OTHERS) !== 0) {
    throw new TillsyncError(code, { file: basename(path), mode: toMode(mode), expected: `mode ${expected}` });
  }
}

/**
 * A new file, durable when this returns.
 *
 * @throws TillsyncError CONFIG_INVALID where there is one of that name, or it cannot be written
 */
export function writeNew(path: string, bytes: Uint8Array, mode: number): void {
  let handle: number;
  try {
    handle = openSync(path, "wx", mode);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new TillsyncError("CONFIG_INVALID", exists ? { exists: path } : { unwritable: path }, cause);
  }
  try {
    writeAndSync(handle, bytes);
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(path, { force: true });
    throw new TillsyncError("CONFIG_INVALID", { unwritable: path }, cause);
  }
}

/**
 * Replaces a file as a whole: after a power cut it is the old one or the new one. Durable when this returns.
 *
 * @throws TillsyncError CONFIG_INVALID where it cannot be written: the old file is there as before
 */
export function replaceFile(path: string, bytes: Uint8Array, mode: number): void {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(DRAFT_BYTES).toString("hex")}.new`);
  writeNew(draft, bytes, mode);
  try {
    renameSync(draft, path);
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new TillsyncError("CONFIG_INVALID", { unwritable: path }, cause);
  }
}

function readChecked(path: string, most: number, check: (stats: Stats) => void): Buffer {
  const handle = attempt(path, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    const stats = fstatSync(handle);
    if (!stats.isFile()) throw new TillsyncError("CONFIG_INVALID", { unreadable: path });
    check(stats);
    if (stats.size > most) throw new TillsyncError("BYTES_TOO_LARGE", { file: basename(path), bound: most });
    return attempt(path, () => readAll(handle, stats.size));
  } finally {
    closeSync(handle);
  }
}

/** As many bytes as it had: whoever appends to it meanwhile does not make it longer. */
function readAll(handle: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    const read = readSync(handle, bytes, at, size - at, at);
    if (read === 0) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { unreadable: path }, cause);
  }
}

function writeAndSync(handle: number, bytes: Uint8Array): void {
  try {
    writeFileSync(handle, bytes);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Windows cannot open a folder, and keeps its names without that. */
function syncFolder(path: string): void {
  if (!HAS_MODES) return;
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function toMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
