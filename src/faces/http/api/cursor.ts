import { check } from "../../../../proto/check.ts";
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

/** What one part of a key has to be: a text, a whole number from 0 on, or a text that can be made something of. */
type Form = "string" | "number" | ((text: string) => unknown);
type Part<F extends Form> = F extends "number" ? number : F extends (text: string) => infer T ? T : string;

/**
 * The key within a cursor of that list: as many parts as `form` has, each of its form.
 *
 * @throws TillsyncError CURSOR_INVALID, whatever a form throws
 */
export function parseCursor<const F extends readonly Form[]>(
  list: string,
  cursor: string,
  form: F,
): { readonly [I in keyof F]: Part<F[I]> } {
  const [name, ...key] = readCursor(cursor);
  if (name !== list || key.length !== form.length) throw new TillsyncError("CURSOR_INVALID");
  return form.map((one, n) => parsePart(one, key[n])) as unknown as { readonly [I in keyof F]: Part<F[I]> };
}

function parsePart(form: Form, part: unknown): unknown {
  try {
    if (form === "number") check(Number.isSafeInteger(part) && Number(part) >= 0, "after");
    else if (typeof part !== "string") throw new TillsyncError("CURSOR_INVALID");
    else if (form !== "string") return form(part);
    return part;
  } catch (cause) {
    throw new TillsyncError("CURSOR_INVALID", {}, cause);
  }
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
