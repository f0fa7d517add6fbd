import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toFileName, toMetadataName, toSegment, toTargetAddress } from "../../../certs/tuf/names.ts";

const invalid = expect.objectContaining({ code: "TRUST_INVALID" });
const name = fc.string({
  unit: fc.constantFrom("a", "B", ".", "/", "\\", "%", "~", "é", "'", "*", "\u0000", " ", "2", "e"),
  minLength: 1,
  maxLength: 12,
});

describe("a name", () => {
  it("becomes one plain segment, and comes back from it", () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(toSegment(text)).toMatch(/^(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+$/);
        expect(decodeURIComponent(toSegment(text))).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it("becomes a file of its own, never the folder, its parent, or a draft", () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(toFileName(a)).not.toMatch(/^\.*$|\/|%n/);
        expect(toFileName(a) === toFileName(b)).toBe(a === b);
      }),
      { numRuns: 2_000 },
    );
    expect([toFileName("."), toFileName(".."), toMetadataName("../a")]).toEqual(["%2E", "%2E%2E", "..%2Fa.json"]);
    for (const bad of ["", "a".repeat(241), "é".repeat(41)]) expect(() => toFileName(bad)).toThrow(invalid);
  });

  it("of a target becomes an address that no normalisation leads out of its place", () => {
    fc.assert(
      fc.property(name, (path) => {
        const address = attempt(() => toTargetAddress(path, undefined));
        if (address === undefined) return;
        const { href, pathname } = new URL(`http://h/base/${address}`);
        expect(href).toBe(`http://h/base/${address}`);
        expect(pathname.split("/").map(decodeURIComponent).slice(2).join("/")).toBe(path);
      }),
      { numRuns: 2_000 },
    );
    expect(toTargetAddress("a/b c", "00")).toBe("a/00.b%20c");
    for (const bad of ["", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/./b"]) {
      expect(() => toTargetAddress(bad, "00"), bad).toThrow(invalid);
    }
  });
});

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
