/**
 * What would steer a screen or stand there unseen: control, format (bidi), private-use, unassigned and surrogate
 * characters, line and paragraph separators, spaces other than the plain one, everything that is to be ignored where it
 * cannot be shown (variation selectors, Hangul fillers and their like), the blank Braille pattern.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu;

/**
 * Marks where no honest name of these scripts has any once it is NFC: strokes and dots that turn one letter into
 * another; and any mark beyond the fourth on one letter.
 */
const STRAY_MARK =
  /(?<=[\p{Script=Latin}\p{Script=Han}\p{Script=Greek}\p{Script=Cyrillic}\p{N}\p{P}\p{S}\p{Z}]\p{M}*)\p{M}|^\p{M}|(?<=\p{M}{4})\p{M}/gu;

/** The text with every character that would steer a screen, or could not be seen, shown as `<U+202E>`. */
export function toPrintable(text: string): string {
  return text.replace(STRAY_MARK, toCodePoints).replace(UNSEEN, toCodePoints);
}

/** `<U+0041>` for each character, four digits or more. */
export function toCodePoints(text: string): string {
  return Array.from(text, (character) => `<${toCodePoint(character)}>`).join("");
}

/** `U+0041`, four digits or more. */
export function toCodePoint(character: string): string {
  return `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Whether any of its letters is written from right to left, which makes screens show a line's parts in another order. */
export function isRightToLeft(text: string): boolean {
  return RIGHT_TO_LEFT.test(text);
}

/** Scripts in present use; the others are shown in their blocks (U+0590-08FF, U+FB1D-FDFF, U+FE70-FEFC, U+10800-10FFF, U+1E800-1EFFF). */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
