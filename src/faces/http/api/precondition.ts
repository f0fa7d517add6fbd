import { TillsyncError } from "../../../../proto/errors.ts";

/** A strong entity tag (RFC 9110, section 8.8.3) of a version. */
const TAG = /^"(0|[1-9]\d{0,9})"$/;

export function toTag(version: number): string {
  return `"${version}"`;
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
