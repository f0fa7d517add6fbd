import { describe, expect, it } from "vitest";
import { toPrintable } from "../../../proto/printable.ts";
import { toSheet, toTable } from "../../../src/faces/cli/output.ts";

describe("text from outside", () => {
  it("cannot steer the screen or hide what is there", () => {
    expect(toPrintable("\u001b[2J\u001b[Hfine\r\n")).toBe("<U+001B>[2J<U+001B>[Hfine<U+000D><U+000A>");
    expect(toPrintable("茶\u202e庄\u200b\u2028")).toBe("茶<U+202E>庄<U+200B><U+2028>");
    expect(toPrintable("\u{e0001}")).toBe("<U+E0001>");
  });

  it("stands in a table or sheet as such, one row a row", () => {
    expect(toTable(["detail"], [["a\nb\u001b[1A"]]).split("\n")).toEqual(["detail", "a<U+000A>b<U+001B>[1A"]);
    expect(toSheet([["reason", "x\u001b]0;y"]])).toBe("reason  x<U+001B>]0;y");
  });
});

describe("a table", () => {
  it("aligns Chinese characters by the cells they take", () => {
    expect(
      toTable(
        ["name", "n"],
        [
          ["茶庄", "1"],
          ["ab", "2"],
        ],
      ).split("\n"),
    ).toEqual(["name  n", "茶庄  1", "ab    2"]);
  });
});
