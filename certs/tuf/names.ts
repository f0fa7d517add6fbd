import { TillsyncError } from "../../proto/errors.ts";

// Names of roles and targets come from outside. On disk and in addresses they are one plain segment each, never a path.

/** What file systems take (255) without `.json` and the ten characters of a draft (files.ts). */
const MAX_FILE_NAME = 240;

/** A text as one segment of an address: letters, digits, `_.-~`, and `%XX` for every other byte of its UTF-8. */
export function toSegment(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * The one file of a folder that bears this name, whatever is in the name; different names have different files.
 *
 * @throws TillsyncError TRUST_INVALID where the name is empty or too long for a file
 */
export function toFileName(name: string): string {
  const segment = toSegment(name);
  if (name === "" || segment.length > MAX_FILE_NAME) throw new TillsyncError("TRUST_INVALID", { what: "name", name });
  return /^\.+$/.test(segment) ? segment.replaceAll(".", "%2E") : segment;
}

/** The file of a role's metadata, such as `targets.json`. @throws TillsyncError TRUST_INVALID */
export function toMetadataName(role: string): string {
  return `${toFileName(role)}.json`;
}

/**
 * Where a target lies below the address of all targets, its digest before the last part of its name where the repository
 * keeps every version.
 *
 * @throws TillsyncError TRUST_INVALID where the name is absolute or leaves that place: an address cannot hide `..`
 */
export function toTargetAddress(path: string, digest: string | undefined): string {
  const parts = path.split("/");
  if (parts.some((part) => /^\.{0,2}$/.test(part))) throw new TillsyncError("TRUST_INVALID", { what: "target", path });
  const last = parts.pop() as string;
  return [...parts, digest === undefined ? last : `${digest}.${last}`].map(toSegment).join("/");
}
