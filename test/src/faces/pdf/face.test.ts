import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { findUnencodable } from "../../../../src/domain/records/gbk.ts";
import { toPdf } from "../../../../src/faces/pdf/document.ts";
import { openFace, toShown } from "../../../../src/faces/pdf/face.ts";
import { readPdf, toTexts } from "./read-pdf.ts";
import { FONT, RECEIPT } from "./sample.ts";

const LAST_OF_FIRST_PLANE = 0xffff;
const MAX_FONT_BYTES = 5 * 1024 * 1024;

const face = openFace(FONT);

function listGbk(): readonly string[] {
  const all = Array.from({ length: LAST_OF_FIRST_PLANE }, (_, code) => String.fromCharCode(code));
  return all.filter((character) => findUnencodable(character).length === 0);
}

describe("the font", () => {
  it("has every character that a name may have, and Latin-1", () => {
    const gbk = listGbk();
    expect(gbk.length).toBeGreaterThan(21_000);
    expect(gbk.filter((character) => !face.has(character.charCodeAt(0)))).toEqual([]);
    for (let code = 0xa1; code <= 0xff; code += 1) expect(code === 0xad || face.has(code)).toBe(true);
    for (const character of "—…“”‘’·•→←↑↓✓×√●○■□№℃€¥") expect(face.has(character.codePointAt(0) ?? 0)).toBe(true);
  });

  it("has nothing that is not seen or sits on its neighbour", () => {
    const unseen = Array.from({ length: LAST_OF_FIRST_PLANE + 1 }, (_, code) => code).filter(
      (code) => face.has(code) && /[\p{C}\p{M}\u3164\uffa0\u2800]/u.test(String.fromCodePoint(code)),
    );
    expect(unseen).toEqual([]);
  });

  it("is small enough to be handed on with the program", () => {
    expect(FONT.length).toBeLessThan(MAX_FONT_BYTES);
  });

  it("gives characters back as themselves that other fonts draw by one glyph", async () => {
    const alike = "·•‧…⋯裏裏隣隣①➀／∕";
    expect(toShown(alike, face)).toBe(alike);
    const pdf = readPdf(await toPdf({ ...RECEIPT, head: [["x", alike]], sections: [] }, FONT));
    expect(toTexts(pdf)).toContain(alike);
  });

  it("is refused where it is none", () => {
    expect(() => openFace(FONT.subarray(0, 1_000))).toThrow();
    expect(() => openFace(Buffer.from("no font"))).toThrow();
    expect(() => openFace(gzipSync(Buffer.alloc(64)))).toThrow(/no table/);
  });
});
