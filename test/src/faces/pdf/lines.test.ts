import { describe, expect, it } from "vitest";
import { toColumnWidths } from "../../../../src/faces/pdf/columns.ts";
import { openFace } from "../../../../src/faces/pdf/face.ts";
import { toLines, toPartWidth, toWidth } from "../../../../src/faces/pdf/lines.ts";
import { FONT } from "./sample.ts";

const face = openFace(FONT);
/** A Chinese character is as wide as the size. */
const SIZE = 10;

function wrap(text: string, characters: number): readonly string[] {
  return toLines(text, characters * SIZE, SIZE, face);
}

describe("a line of text", () => {
  it.each([
    ["福州市鼓楼区新茶庄", 4, ["福州市鼓", "楼区新茶", "庄"]],
    ["银行卡遗失，已挂失", 5, ["银行卡遗", "失，已挂失"]],
    ["商户（新茶庄）", 3, ["商户", "（新茶", "庄）"]],
    ["one two three", 4, ["one two ", "three"]],
    ["a  b", 1, ["a ", " b"]],
    ["settlement.replace", 6, ["settlement.", "replace"]],
    ["2026-07-01 12:00", 6, ["2026-07-01 ", "12:00"]],
    ["aaaaaaaaaaaaaaaa", 3, ["aaaaa", "aaaaa", "aaaaa", "a"]],
    ["x<U+202E><U+202E>", 5, ["x", "<U+202E>", "<U+202E>"]],
    ["", 5, [""]],
    ["汉", 0, ["汉"]],
    ["汉字", 0, ["汉", "字"]],
  ])("%j within %i characters ends where it may", (text, characters, lines) => {
    expect(wrap(text, characters)).toEqual(lines);
  });

  it("loses no character and is never too wide, whatever it is made of", () => {
    const alphabet = [..."汉字，。（）ab -/._<>“” …—12"];
    let state = 1;
    const next = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state;
    };
    for (let run = 0; run < 300; run += 1) {
      const text = Array.from({ length: next() % 80 }, () => alphabet[next() % alphabet.length]).join("");
      const width = SIZE * (1 + (next() % 12));
      const lines = toLines(text, width, SIZE, face);
      expect(lines.join("")).toBe(text);
      for (const line of lines) expect(toWidth(line.replace(/ $/, ""), SIZE, face)).toBeLessThanOrEqual(width);
    }
  });

  it("tells its widest part that is not broken", () => {
    expect(toPartWidth("福州市", SIZE, face)).toBe(SIZE);
    expect(toPartWidth("a terminal", SIZE, face)).toBeCloseTo(toWidth("terminal", SIZE, face));
    expect(toPartWidth("", SIZE, face)).toBe(0);
  });
});

describe("columns", () => {
  it("fill the width, and who wants little gets it", () => {
    const widths = toColumnWidths(
      [
        { word: 20, whole: 20 },
        { word: 30, whole: 1_000 },
        { word: 40, whole: 60 },
      ],
      400,
    );
    expect(widths).toEqual([20, 320, 60]);
  });

  it("share alike where all want too much, and all the rest where all want little", () => {
    expect(toColumnWidths(Array(4).fill({ word: 500, whole: 900 }), 400)).toEqual([100, 100, 100, 100]);
    expect(toColumnWidths(Array(2).fill({ word: 10, whole: 20 }), 400)).toEqual([200, 200]);
    expect(toColumnWidths(Array(2).fill({ word: 0, whole: 0 }), 400)).toEqual([200, 200]);
  });
});
