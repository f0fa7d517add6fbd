import { InvalidArgumentError } from "commander";

// Arguments as commander parses them; a bad one is told with what was expected.

/** A whole number within [min, max]. */
export function toWholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`Expected a whole number, ${min} to ${max}.`);
    return value;
  };
}

/** Collects an option that may be given several times. */
export function collect(text: string, previous: readonly string[]): readonly string[] {
  return [...previous, text];
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const MAX_DURATION_S = 366 * 86_400;

/** Seconds from a text like 90s, 30m, 12h or 7d. */
export function toDuration(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,8})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds < 1 || seconds > MAX_DURATION_S) {
    throw new InvalidArgumentError("Expected a duration up to a year, such as 90s, 30m, 12h or 7d.");
  }
  return seconds;
}
