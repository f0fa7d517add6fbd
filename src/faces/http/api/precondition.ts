import { createHash } from "node:crypto";
import { TillsyncError } from "../../../../proto/errors.ts";

const DIGEST_CHARACTERS = 16;
/** A strong entity tag (RFC 9110, section 8.8.3): a version, and with what was read a digest of that. */
const TAG = /^"(0|[1-9]\d{0,9})(?:\.[0-9a-f]{16})?"$/;
/** Entity tags as they stand in a list; a comma may be within one. */
const TAGS = /"[\x21\x23-\x7e\x80-\xff]*"/g;

export function toTag(version: number): string {
  return `"${version}"`;
}

/**
 * Of what is read: a change is shown with orders, terminals and notices, which move on while its version stays. Whoever
 * asks whether he has the newest must be told of them, too.
 */
export function toReadTag(version: number, body: string): string {
  return `"${version}.${createHash("sha256").update(body).digest("hex").slice(0, DIGEST_CHARACTERS)}"`;
}

/**
 * Whether an If-None-Match names this tag, by weak comparison (RFC 9110, section 13.1.2): whoever asks has what he would be
 * given. What is no list of tags names none.
 */
export function isHeld(header: string | undefined, tag: string): boolean {
  if (header === undefined || tag === "") return false;
  const tags: readonly string[] = header.match(TAGS) ?? [];
  return header.trim() === "*" || tags.includes(tag);
}

/**
 * The version that an If-Match names. `*` is no answer to what is asked here: which one the person has read.
 *
 * @throws TillsyncError PRECONDITION_REQUIRED; PRECONDITION_FAILED where it is no tag of ours
 */
export function parseIfMatch(header: string | undefined): number {
  if (header === undefined || header.trim() === "*") throw new TillsyncError("PRECONDITION_REQUIRED");
  const [, version] = TAG.exec(header.trim()) ?? [];
  if (version === undefined) throw new TillsyncError("PRECONDITION_FAILED");
  return Number(version);
}

/** What the application says where If-Match did not hold: its conflict over a change's revision, as a failed precondition. */
export function toPrecondition(error: unknown): unknown {
  const isOfChange = error instanceof TillsyncError && error.code === "VERSION_CONFLICT" && "change" in error.fields;
  return isOfChange ? new TillsyncError("PRECONDITION_FAILED", error.fields, error) : error;
}
