import { describe, expect, it } from "vitest";
import { isRightToLeft, toCodePoint, toCodePoints, toPrintable } from "../../proto/printable.ts";

describe("a printable text", () => {
  const unseen: readonly (readonly [what: string, text: string, shown: string])[] = [
    ["a right-to-left override", "a\u202eb", "a<U+202E>b"],
    ["isolates and marks", "\u2066a\u2069\u200f\u061c", "<U+2066>a<U+2069><U+200F><U+061C>"],
    ["an escape sequence", "\u001b[31mred", "<U+001B>[31mred"],
    ["C1 controls", "a\u009bb\u0085", "a<U+009B>b<U+0085>"],
    ["line breaks of all kinds", "a\nb\r\u2028\u2029", "a<U+000A>b<U+000D><U+2028><U+2029>"],
    ["a tab", "a\tb", "a<U+0009>b"],
    ["joiners and zero widths", "a\u200bb\u200d\ufeff\u2060", "a<U+200B>b<U+200D><U+FEFF><U+2060>"],
    ["variation selectors", "小\ufe0f\u{e0100}", "小<U+FE0F><U+E0100>"],
    ["tag characters", "a\u{e0061}", "a<U+E0061>"],
    ["fillers that are letters", "\u3164\u115f\uffa0", "<U+3164><U+115F><U+FFA0>"],
    ["a blank Braille pattern", "\u2800", "<U+2800>"],
    ["spaces other than the plain one", "a\u00a0b\u3000c\u2003", "a<U+00A0>b<U+3000>c<U+2003>"],
    ["private use and what nobody has assigned", "\ue000\u{10ffff}\u0378", "<U+E000><U+10FFFF><U+0378>"],
    ["half a surrogate pair", "a\ud800b", "a<U+D800>b"],
    ["a stroke through a letter", "a\u0338b小\u0338", "a<U+0338>b小<U+0338>"],
    ["a mark on nothing", "\u0301a", "<U+0301>a"],
    ["a tower of marks", "\u0e01\u0e31\u0e31\u0e31\u0e31\u0e31", "\u0e01\u0e31\u0e31\u0e31\u0e31<U+0E31>"],
  ];

  it.each(unseen)("shows %s as code points", (_, text, shown) => {
    expect(toPrintable(text)).toBe(shown);
    expect(toPrintable(toPrintable(text))).toBe(shown);
  });

  it("leaves every honest name as it is", () => {
    for (const name of ["小张餐饮店（静安）", "Café 1·2", "ئۇيغۇر تائام", "བོད་ཡིག", "𠮷野家", "กำลัง", "हिन्दी"]) {
      expect(toPrintable(name), name).toBe(name);
    }
  });
});

describe("code points", () => {
  it("have four hexadecimal digits or more", () => {
    expect(toCodePoint("A")).toBe("U+0041");
    expect(toCodePoint("𠮷")).toBe("U+20BB7");
    expect(toCodePoints("a𠮷")).toBe("<U+0061><U+20BB7>");
  });
});

describe("letters from right to left", () => {
  it("are Hebrew, Arabic and their kin, and no others", () => {
    for (const text of ["אב", "小张ئۇ", "\u{10840}", "ﷺ"]) expect(isRightToLeft(text), text).toBe(true);
    for (const text of ["小张", "Café", "Москва", "हिन्दी", "123"]) expect(isRightToLeft(text), text).toBe(false);
  });
});
