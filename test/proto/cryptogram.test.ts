import { describe, expect, it } from "vitest";
import { computeCryptogram, computeKcv } from "../../proto/cryptogram.ts";
import { parseTusn } from "../../proto/tusn.ts";
import { errorOf } from "../support/refusal.ts";

const K = new Uint8Array(16).fill(0x32);
const NEWLAND = parseTusn("00000304N7NL01933217");
const OTHER = parseTusn("0000290210015708");
const STANDARD = Buffer.from("0123456789ABCDEFFEDCBA9876543210", "hex");

describe("the SN cryptogram", () => {
  it("has the check value that is published for the key of 16 times 32", () => {
    expect(computeKcv(K)).toBe("2B4459DE");
  });

  it.each([
    [K, NEWLAND, "127026", "A5C1D1C7"],
    [K, NEWLAND, "123456", "B771C25E"],
    [K, OTHER, "000113", "E3AF112D"],
    [STANDARD, NEWLAND, "127026", "01D5E54A"],
  ] as const)("is that of the vectors (%#)", (key, tusn, factor, expected) => {
    expect(computeCryptogram(key, tusn, factor)).toBe(expected);
  });

  it("is the same for other pairs of TUSN and factor, which is why a verifier compares both whole", () => {
    const folded = computeCryptogram(K, NEWLAND, "127026");
    expect(computeCryptogram(K, parseTusn("00001304N7NL01933217"), "027026")).toBe(folded);
  });

  it("takes TUSNs of any length", () => {
    const longest = parseTusn(`00000304${"Z".repeat(42)}`);
    expect(computeCryptogram(K, longest, "0123456789")).toMatch(/^[0-9A-F]{8}$/);
    expect(computeCryptogram(K, parseTusn("000003041"), "0123456789")).toMatch(/^[0-9A-F]{8}$/);
  });

  it.each(["12345", "12345678901", "12345a", ""])("refuses the factor %j", (factor) => {
    expect(errorOf(() => computeCryptogram(K, NEWLAND, factor)).code).toBe("FIELD_INVALID");
  });

  it("refuses a key that is not of 16 bytes", () => {
    expect(errorOf(() => computeCryptogram(K.subarray(1), NEWLAND, "123456")).code).toBe("FIELD_INVALID");
    expect(errorOf(() => computeKcv(new Uint8Array(24))).code).toBe("FIELD_INVALID");
  });
});
