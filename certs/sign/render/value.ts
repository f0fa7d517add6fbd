import { findSuspicions } from "../../../proto/confusables.ts";
import { toCodePoints } from "../../../proto/printable.ts";
import { toMarked } from "./layout.ts";
import type { FieldName, FieldView } from "./release/view.ts";
import type { Words } from "./words.ts";

/** Marks in front of a field: changed, the same, and not to be told to a blind reader. */
const MARKS = { changed: "*", same: " ", hidden: "?" } as const;

const COMMITMENT_DIGITS = 16;

/** A row of a table of fields: mark and name, old, new. */
export function toFieldRow(words: Words, { field, before, after, isChanged }: FieldView, none: string): string[] {
  const mark = isChanged === undefined ? MARKS.hidden : isChanged ? MARKS.changed : MARKS.same;
  return [`${mark} ${words.fields[field]}`, ...toPair(words, field, before, after, none)];
}

/** A field's old and new value as people read them, with the code points of whatever is suspicious in either. */
export function toPair(words: Words, field: FieldName, before: string, after: string, none: string): [string, string] {
  const toShown = (value: string, other: string, absent: string): string => {
    if (value === "") return absent;
    if (field === "binding.kind") return value === "card" || value === "account" ? words.kinds[value] : value;
    // People only have to see that it is another one.
    if (field === "binding.commitment") return `${value.slice(0, COMMITMENT_DIGITS)}…`;
    return toSafe(value, other);
  };
  return [toShown(before, after, none), toShown(after, before, words.nothing)];
}

/** A text from outside as it may be shown: every suspicious character with its code point. */
export function toSafe(text: string, other = ""): string {
  const suspicious = findSuspicions(text, other).filter(({ kind }) => kind === "mixed" || kind === "lookalike");
  return toMarked(text, new Set(suspicious.flatMap(({ characters }) => characters)), toCodePoints);
}

/** `2026-07-01 12:00:00Z` */
export function toTimeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace("T", " ").replace(".000Z", "Z");
}
