import { isLuhn } from "./luhn.ts";

/** Digits of a card number: all of it, and what may be shown at either end. */
const MIN_DIGITS = 13;
const MAX_DIGITS = 19;
const BIN_DIGITS = 6;
const LAST_DIGITS = 4;

/** What stays: TUSNs from the shortest seen on, their makers' codes begin with 0; and 16 bytes or more in hexadecimal. */
const TUSN = "0\\d{5}(?:0[1-9]|1[0-3])[0-9A-Z]{8,42}";
const HEX = "[0-9a-f]{32,}";
/** Groups of digits parted by one space or hyphen each. There is one way to match, hence linear. */
const RUN = `\\d+(?:[ -](?!${TUSN})\\d+)*`;
const CANDIDATE = new RegExp(`${TUSN}|${HEX}|(${RUN})`, "g");

/** One group of digits and where it begins in its run. */
type Group = readonly [at: number, digits: string];

/**
 * Replaces whatever looks like a card number by its BIN, stars and its last four (PCI DSS 3.4.1): 13 to 19 digits with a
 * right Luhn digit, the first of them not 0, written in one piece or in groups parted by single spaces or hyphens.
 * Where several readings overlap, none of them stays readable. All other text stays. Linear time.
 */
export function toRedacted(text: string): string {
  return text.replace(CANDIDATE, (match, run?: string) => (run === undefined ? match : toRedactedRun(run)));
}

function toRedactedRun(run: string): string {
  const groups = Array.from(run.matchAll(/\d+/g), (match): Group => [match.index, match[0]]);
  const characters = [...run];
  for (const [index, [, digits]] of groups.entries()) {
    if (!digits.startsWith("0")) hideCards(groups.slice(index, index + MAX_DIGITS), characters);
  }
  return characters.join("");
}

/** Hides in `characters` every card number that begins with the first group. */
function hideCards(groups: readonly Group[], characters: string[]): void {
  const places: number[] = [];
  let digits = "";
  for (const [at, group] of groups) {
    if (digits.length + group.length > MAX_DIGITS) return;
    digits += group;
    for (const offset of Array(group.length).keys()) places.push(at + offset);
    if (digits.length >= MIN_DIGITS && isLuhn(digits)) hideCard(places, characters);
  }
}

/** Stars instead of the middle digits, nothing instead of the separators. */
function hideCard(places: readonly number[], characters: string[]): void {
  for (const place of places.slice(BIN_DIGITS, -LAST_DIGITS)) characters[place] = "*";
  for (const place of places.slice(1)) if (!places.includes(place - 1)) characters[place - 1] = "";
}
