import { TillsyncError } from "../../../../proto/errors.ts";

const MAX_CURSOR_CHARACTERS = 160;

/** What names the last row of a page. */
export type CursorKey = readonly (string | number)[];

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Behind which to go on; null where this was the last. */
  readonly next: string | null;
}

/**
 * A page of at most `limit`, and the cursor of the next one where there was a row more than that.
 *
 * @param rows up to limit + 1 of them
 */
export function toPage<R, T>(
  list: string,
  rows: readonly R[],
  limit: number,
  toKey: (row: R) => CursorKey,
  toItem: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items: shown.map(toItem), next: hasMore ? toCursor(list, toKey(last)) : null };
}

/** Opaque to whoever gets it, not secret: what a page may show is decided anew for each page. */
export function toCursor(list: string, key: CursorKey): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString("base64url");
}

/**
 * The key within a cursor of that list: as many texts or whole numbers as `form` has, of the same types.
 *
 * @throws TillsyncError CURSOR_INVALID
 */
export function parseCursor<const F extends readonly ("string" | "number")[]>(
  list: string,
  cursor: string,
  form: F,
): { readonly [I in keyof F]: F[I] extends "number" ? number : string } {
  const [name, ...key] = readCursor(cursor);
  const isSound =
    name === list &&
    key.length === form.length &&
    key.every((part, n) => typeof part === form[n] && (typeof part === "string" || Number.isSafeInteger(part)));
  if (!isSound) throw new TillsyncError("CURSOR_INVALID");
  return key as { readonly [I in keyof F]: F[I] extends "number" ? number : string };
}

function readCursor(cursor: string): readonly unknown[] {
  if (cursor.length > MAX_CURSOR_CHARACTERS) throw new TillsyncError("CURSOR_INVALID");
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(parts) ? parts : [];
  } catch {
    throw new TillsyncError("CURSOR_INVALID");
  }
}
