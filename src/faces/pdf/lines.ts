import type { Face } from "./face.ts";

// Where a line of text ends. Chinese is broken between any two characters, but not before a mark that closes nor after
// one that opens (GB/T 15834; a small part of what UAX 14 has); other words at spaces, and after a hyphen and its like
// within a word. A word that is longer than a line is broken anywhere: nothing runs off the page.

/** Characters set one beside the other where a line may end between any two of them. */
const WIDE =
  /[\u2e80-\u303f\u3040-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6]/;
const NEVER_FIRST = /[!%),.:;?\]}¢°·’”†‡›℃…‥—、。〃々〉》」』】〕〗〞゛゜ゝゞー！％），．：；？］｝～]/;
const NEVER_LAST = /[([{£¥‘“‹〈《「『【〔〖〝（［｛￡￥＄$]/;
const AFTER = /[-/._‐–]/;
const LETTER = /\p{L}/u;

/** Lines no wider than `width`, in the font's size; one empty line for no text. A space may hang over the end. */
export function toLines(text: string, width: number, size: number, face: Face): readonly string[] {
  const characters = Array.from(text);
  const lines: string[] = [];
  let start = 0;
  let lastBreak = 0;
  let used = 0;
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? "";
    const wide = face.widthOf(character.codePointAt(0) ?? 0) * size;
    if (at > start && isBreak(characters[at - 1] ?? "", character)) lastBreak = at;
    const hangs = character === " " && characters[at - 1] !== " ";
    if (used + wide > width && at > start && !hangs) {
      const end = lastBreak > start ? lastBreak : at;
      lines.push(characters.slice(start, end).join(""));
      start = end;
      // What came after the break is measured again as the beginning of the next line.
      at = end - 1;
      used = 0;
    } else {
      used += wide;
    }
  }
  if (start < characters.length || lines.length === 0) lines.push(characters.slice(start).join(""));
  return lines;
}

/** How wide the text stands on one line. */
export function toWidth(text: string, size: number, face: Face): number {
  let width = 0;
  for (const character of text) width += face.widthOf(character.codePointAt(0) ?? 0);
  return width * size;
}

/** The widest part of the text that is not broken unless it must be. */
export function toPartWidth(text: string, size: number, face: Face): number {
  let widest = 0;
  let width = 0;
  let before = "";
  for (const character of text) {
    if (isBreak(before, character)) width = 0;
    if (character !== " ") width += face.widthOf(character.codePointAt(0) ?? 0) * size;
    widest = Math.max(widest, width);
    before = character;
  }
  return widest;
}

function isBreak(before: string, after: string): boolean {
  if (before === "" || after === " ") return false;
  if (before === " ") return true;
  if (NEVER_FIRST.test(after) || NEVER_LAST.test(before)) return false;
  // What stands for a character that cannot be seen begins so, and stays together.
  if (after === "<" || WIDE.test(before) || WIDE.test(after)) return true;
  return AFTER.test(before) && LETTER.test(after);
}
