import { TillsyncError } from "./errors.ts";

/** @throws TillsyncError FIELD_INVALID naming the field unless `holds` */
export function check(holds: boolean, field: string): void {
  if (!holds) throw new TillsyncError("FIELD_INVALID", { field });
}

/** @throws TillsyncError FIELD_INVALID unless the text matches the pattern */
export function checkText(value: string, pattern: RegExp, field: string): string {
  check(pattern.test(value), field);
  return value;
}

/** @throws TillsyncError FIELD_INVALID unless the text is one of the choices */
export function checkChoice<T extends string>(value: string, choices: readonly T[], field: string): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new TillsyncError("FIELD_INVALID", { field });
  return choice;
}

/** @throws TillsyncError FIELD_INVALID unless the whole number lies within [min, max] */
export function checkRange(value: number, min: number, max: number, field: string): number {
  check(Number.isInteger(value) && value >= min && value <= max, field);
  return value;
}

/** @throws TillsyncError FIELD_INVALID unless the bytes have one of the lengths */
export function checkLength(value: Uint8Array, lengths: readonly number[], field: string): Uint8Array {
  check(lengths.includes(value.length), field);
  return value;
}

/** @throws TillsyncError FIELD_INVALID where there are more bytes than `max` */
export function checkAtMost(value: Uint8Array, max: number, field: string): Uint8Array {
  check(value.length <= max, field);
  return value;
}

/** @throws TillsyncError FIELD_MISSING where the sub-message is absent */
export function checkPresent<T>(value: T | null | undefined, field: string): T {
  if (value === null || value === undefined) throw new TillsyncError("FIELD_MISSING", { field });
  return value;
}

/**
 * A line of text that people read: 1 to `max` characters (code points), NFC, no control, format (bidi), private-use or
 * unassigned characters, no line breaks, no leading or trailing space.
 */
export function isLine(value: string, max: number): boolean {
  const length = [...value].length;
  return (
    length >= 1 &&
    length <= max &&
    value === value.normalize("NFC") &&
    value === value.trim() &&
    !/[\p{C}\p{Zl}\p{Zp}]/u.test(value)
  );
}

/** @throws TillsyncError FIELD_INVALID unless the text is such a line */
export function checkLine(value: string, max: number, field: string): string {
  check(isLine(value, max), field);
  return value;
}
