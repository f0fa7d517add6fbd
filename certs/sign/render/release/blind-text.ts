// Texts that people word as they like may tell the very digits that a checker has to look up himself.

/** What stands in place of what a blind reader must not see. */
export const HIDDEN = "****";

/** How many of the last digits of a number are what is looked up. */
const LOOKED_UP = 4;
/** Numerals of Chinese from 0 on: as people write them, as banks do, and as they are dictated. */
const NUMERALS = ["〇零", "一壹", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"];
const VALUES: ReadonlyMap<string, string> = new Map(
  NUMERALS.flatMap((numerals, value) => [...numerals].map((numeral) => [numeral, String(value)] as const)),
);
/** Signs and spaces between two digits that do not part a number. */
const MAX_BETWEEN = 2;
const BETWEEN = /[\p{P}\p{S}\p{Z}]/u;

interface Digit {
  readonly value: string;
  /** Place of its first code unit, and of the one behind it. */
  readonly at: number;
  readonly end: number;
}

/**
 * The text with four digits in a row made unreadable wherever `isHidden` says so of them; in whatever way they are
 * written: in other scripts, wide, in Chinese numerals, or with spaces and signs between them.
 *
 * @param isHidden is given four plain digits, and whether they end their number
 */
export function hideDigits(text: string, isHidden: (digits: string, isEnd: boolean) => boolean): string {
  const hidden: Digit[] = toNumbers(text).flatMap((number) =>
    number.slice(LOOKED_UP - 1).flatMap((last, at) => {
      const four = number.slice(at, at + LOOKED_UP);
      const isEnd = at + LOOKED_UP === number.length;
      const value = four.map((digit) => digit.value).join("");
      return isHidden(value, isEnd) ? [{ value, at: four[0]?.at ?? last.at, end: last.end }] : [];
    }),
  );
  let [shown, from] = ["", 0];
  for (const { at, end } of hidden) {
    if (at >= from) shown += `${text.slice(from, at)}${HIDDEN}`;
    from = Math.max(from, end);
  }
  return shown + text.slice(from);
}

/** Digits that follow one another. */
function toNumbers(text: string): readonly (readonly Digit[])[] {
  const numbers: Digit[][] = [];
  let [at, between] = [0, 0];
  let number: Digit[] = [];
  for (const character of text) {
    const end = at + character.length;
    const value = toDigits(character);
    if (value !== "") {
      number.push(...[...value].map((digit) => ({ value: digit, at, end })));
      between = 0;
    } else if (number.length > 0 && BETWEEN.test(character) && between < MAX_BETWEEN) {
      between += 1;
    } else {
      if (number.length > 0) numbers.push(number);
      [number, between] = [[], 0];
    }
    at = end;
  }
  return number.length === 0 ? numbers : [...numbers, number];
}

/** The plain digits that a character stands for; empty where it is none. */
function toDigits(character: string): string {
  const numeral = VALUES.get(character);
  if (numeral !== undefined) return numeral;
  const plain = character.normalize("NFKC").replace(/[^0-9\p{Nd}]/gu, "");
  return Array.from(plain, toDigit).join("");
}

/** Digits of every script stand in their block from 0 to 9. */
function toDigit(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(point - value - 1))) value += 1;
  return String(value);
}
