import { describe, expect, it } from "vitest";
import { countGbkBytes, findUnencodable, toGbk } from "../../../../src/domain/records/gbk.ts";

const hex = (text: string) => Buffer.from(toGbk(text) ?? []).toString("hex");

describe("GBK", () => {
  it("has ASCII as it is and ideographs in two bytes", () => {
    // Code page 936: 中 D6D0, 国 B9FA, 〇 A996, the full-width bracket A3A8, the middle dot A1A4.
    expect(hex("POS 中国")).toBe("504f5320d6d0b9fa");
    expect(hex("〇（·")).toBe("a996a3a8a1a4");
    expect(countGbkBytes("POS 中国")).toBe(8);
  });

  it("has the rare ideographs of its own areas", () => {
    // GBK/3, GBK/4 and GBK/5: 丂 8140, 镕 E946 (in GBK/4), ɑ A8BB.
    expect([hex("丂"), hex("镕"), hex("ɑ")]).toEqual(["8140", "e946", "a8bb"]);
  });

  it("gives back what a decoder reads from it, for each of its 21,791 characters", () => {
    const decoder = new TextDecoder("gbk", { fatal: true });
    const characters = Array.from({ length: 0xffff }, (_, code) => String.fromCharCode(code)).filter(
      (character) => character > "\u007f" && toGbk(character) !== undefined,
    );
    expect(characters).toHaveLength(21_791);
    expect(decoder.decode(toGbk(characters.join("")))).toBe(characters.join(""));
  });

  it("lacks what only GB 18030 and Unicode have, private characters and what is no character", () => {
    expect(findUnencodable("福€州€𬱖龦é\ue000\ufffd\n")).toEqual(["€", "𬱖", "龦", "\ue000", "\ufffd", "\n"]);
    expect(findUnencodable("福州闽江春茶文化有限公司")).toEqual([]);
    expect(toGbk("王𬱖")).toBeUndefined();
    expect(countGbkBytes("王𬱖")).toBe(4);
  });
});
