import { gunzipSync } from "node:zlib";
import { toCodePoints, toPrintable } from "../../../proto/printable.ts";

// What setting a text needs to know of the font: which characters it has, and how wide each one is. Read from the
// font's own tables (OpenType: `cmap` format 4, `head`, `hhea`, `hmtx`, `maxp`); the font has neither kerning nor
// ligatures, so that a line is as wide as its characters together.

export interface Face {
  /** An OpenType font with TrueType outlines. */
  readonly bytes: Buffer;
  readonly has: (codePoint: number) => boolean;
  /** In parts of the font's size; that of the empty box for what the font has not. */
  readonly widthOf: (codePoint: number) => number;
}

const MAX_FONT_BYTES = 32 * 1024 * 1024;
const DIRECTORY_AT = 12;
const DIRECTORY_ROW = 16;
const ENCODING_ROW = 8;
const SEGMENTED = 4;
const SEGMENTS_AT = 14;
/** Ends the last segment. */
const NO_CHARACTER = 0xffff;

/** Throws an Error for what is not a gzipped font of the kind that is kept beside this file. */
export function openFace(font: Uint8Array): Face {
  const bytes = gunzipSync(font, { maxOutputLength: MAX_FONT_BYTES });
  const glyphs = readGlyphs(findTable(bytes, "cmap"));
  const widths = readWidths(bytes);
  return {
    bytes,
    has: (codePoint) => glyphs.has(codePoint),
    widthOf: (codePoint) => widths[glyphs.get(codePoint) ?? 0] ?? 0,
  };
}

/** The text with `<U+202E>` for whatever would not be seen, would steer a reader, or is not in the font. */
export function toShown(text: string, face: Face): string {
  return Array.from(toPrintable(text), (character) =>
    face.has(character.codePointAt(0) ?? 0) ? character : toCodePoints(character),
  ).join("");
}

function findTable(bytes: Buffer, tag: string): Buffer {
  const count = bytes.readUInt16BE(4);
  for (let row = DIRECTORY_AT; row < DIRECTORY_AT + count * DIRECTORY_ROW; row += DIRECTORY_ROW) {
    if (bytes.toString("latin1", row, row + 4) !== tag) continue;
    const at = bytes.readUInt32BE(row + 8);
    return bytes.subarray(at, at + bytes.readUInt32BE(row + 12));
  }
  throw new Error(`the font has no table ${tag}`);
}

/** Glyph numbers by code point. */
function readGlyphs(cmap: Buffer): ReadonlyMap<number, number> {
  const glyphs = new Map<number, number>();
  const table = findSegments(cmap);
  const size = table.readUInt16BE(6);
  for (let segment = SEGMENTS_AT; segment < SEGMENTS_AT + size; segment += 2) {
    const start = table.readUInt16BE(segment + size + 2);
    const delta = table.readUInt16BE(segment + size * 2 + 2);
    const offsetAt = segment + size * 3 + 2;
    const offset = table.readUInt16BE(offsetAt);
    for (let code = start; code <= table.readUInt16BE(segment) && code !== NO_CHARACTER; code += 1) {
      const listed = offset === 0 ? code : table.readUInt16BE(offsetAt + offset + (code - start) * 2);
      const glyph = listed === 0 ? 0 : (listed + delta) & 0xffff;
      if (glyph !== 0) glyphs.set(code, glyph);
    }
  }
  return glyphs;
}

function findSegments(cmap: Buffer): Buffer {
  const count = cmap.readUInt16BE(2);
  for (let row = 0; row < count; row += 1) {
    const table = cmap.subarray(cmap.readUInt32BE(8 + row * ENCODING_ROW));
    if (table.readUInt16BE(0) === SEGMENTED) return table;
  }
  throw new Error("the font has no table of characters in segments");
}

/** In parts of the font's size, by glyph. */
function readWidths(bytes: Buffer): readonly number[] {
  const unit = findTable(bytes, "head").readUInt16BE(18);
  const glyphs = findTable(bytes, "maxp").readUInt16BE(4);
  const measured = findTable(bytes, "hhea").readUInt16BE(34);
  const table = findTable(bytes, "hmtx");
  return Array.from({ length: glyphs }, (_, glyph) => table.readUInt16BE(Math.min(glyph, measured - 1) * 4) / unit);
}
