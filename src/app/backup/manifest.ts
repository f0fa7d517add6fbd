import { createReadStream } from "node:fs";
import { DIGEST_BYTES, toHex } from "../../../proto/bytes.ts";
import { check, checkText } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";

// The manifest is the archive's first file: a line about the backup, then one for each file in the order of the archive,
// which is that of their paths. It is read beside the archive, never as a whole.

export const MANIFEST = "manifest.jsonl";
export const FORMAT = 1;
export const MAX_FILES = 500_000;
export const MAX_MANIFEST_BYTES = 256 * 1_024 * 1_024;
const MAX_LINE_BYTES = 4_096;
const MAX_PATH_BYTES = 1_000;
const MAX_SEGMENTS = 16;
const MAX_SEGMENT_BYTES = 255;
const DIGEST = /^[0-9a-f]{64}$/;

/** A ledger's head: how many entries, and the RFC 9162 tree hash over them. */
export interface LedgerHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** What a backup says of itself. */
export interface Backup {
  /** Of the Tillsync that made it. */
  readonly tillsync: string;
  /** When, in seconds. */
  readonly at: number;
  readonly ledger: LedgerHead;
  /** The last that was applied to the database. */
  readonly migration: string;
  readonly files: number;
}

export interface BackupFile {
  /** In the data folder, its parts parted by slashes. */
  readonly path: string;
  readonly size: number;
  /** SHA-256. */
  readonly digest: Uint8Array;
}

export function toBackupLine({ ledger, ...backup }: Backup): string {
  return `${JSON.stringify({ format: FORMAT, ...backup, ledger: { size: ledger.size, root: toHex(ledger.root) } })}\n`;
}

export function toFileLine({ path, size, digest }: BackupFile): string {
  return `${JSON.stringify({ path, size, sha256: toHex(digest) })}\n`;
}

/** @throws TillsyncError BACKUP_INVALID, also for a newer format */
export function parseBackupLine(line: string): Backup {
  return parse(line, (members) => {
    check(members["format"] === FORMAT, "format");
    const ledger = toMembers(members["ledger"]);
    const files = toCount(members["files"], "files");
    check(files <= MAX_FILES, "files");
    return {
      tillsync: toText(members["tillsync"], /^[\x21-\x7e]{1,64}$/, "tillsync"),
      at: toCount(members["at"], "at"),
      ledger: { size: toCount(ledger["size"], "ledger.size"), root: toDigestBytes(ledger["root"]) },
      migration: toText(members["migration"], /^[0-9a-z_]{1,64}$/, "migration"),
      files,
    };
  });
}

/** @throws TillsyncError BACKUP_INVALID */
export function parseFileLine(line: string): BackupFile {
  return parse(line, (members) => {
    const path = toText(members["path"], /^/, "path");
    check(isSafePath(path), "path");
    return { path, size: toCount(members["size"], "size"), digest: toDigestBytes(members["sha256"]) };
  });
}

/** Whether a path stays in the folder that it counts from, and can be told to a person. */
export function isSafePath(path: string): boolean {
  const segments = path.split("/");
  return (
    Buffer.from(path).toString("utf8") === path &&
    Buffer.byteLength(path) <= MAX_PATH_BYTES &&
    segments.length <= MAX_SEGMENTS &&
    segments.every(isSafeSegment)
  );
}

/** The lines of a manifest that was written to disk. @throws TillsyncError BACKUP_INVALID for one that is too long */
export async function* readLines(path: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield toLine(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    toLine(rest);
  }
  if (rest.length > 0) throw new TillsyncError("BACKUP_INVALID", { what: "manifest" });
}

function toLine(bytes: Buffer): string {
  if (bytes.length > MAX_LINE_BYTES) throw new TillsyncError("BACKUP_INVALID", { what: "manifest" });
  return bytes.toString("utf8");
}

function isSafeSegment(segment: string): boolean {
  const isName =
    segment !== "" && segment !== "." && segment !== ".." && Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES;
  return isName && !/[\p{Cc}\p{Cf}\\]/u.test(segment);
}

type Members = Readonly<Record<string, unknown>>;

function parse<T>(line: string, read: (members: Members) => T): T {
  try {
    return read(toMembers(JSON.parse(line)));
  } catch (cause) {
    const fields = cause instanceof TillsyncError ? cause.fields : {};
    throw new TillsyncError("BACKUP_INVALID", { ...fields, what: "manifest" }, cause);
  }
}

function toMembers(value: unknown): Members {
  check(typeof value === "object" && value !== null && !Array.isArray(value), "object");
  return value as Members;
}

function toCount(value: unknown, name: string): number {
  check(Number.isSafeInteger(value) && Number(value) >= 0, name);
  return Number(value);
}

function toText(value: unknown, form: RegExp, name: string): string {
  check(typeof value === "string", name);
  return checkText(String(value), form, name);
}

function toDigestBytes(value: unknown): Uint8Array {
  const bytes = Buffer.from(toText(value, DIGEST, "digest"), "hex");
  check(bytes.length === DIGEST_BYTES, "digest");
  return bytes;
}
