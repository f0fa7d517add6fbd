import { describe, expect, it } from "vitest";
import { parseAccountNumber } from "../../../../proto/identifiers/account-number.ts";
import { parseMcc } from "../../../../src/domain/identifiers/mcc.ts";
import { parseMerchantNumber } from "../../../../src/domain/identifiers/merchant-number.ts";
import { parseTerminalNumber } from "../../../../src/domain/identifiers/terminal-number.ts";
import { refusalOf } from "../../../support/refusal.ts";

const KINDS = [
  { name: "merchant number", parse: parseMerchantNumber, code: "MERCHANT_NUMBER_INVALID", lengths: [15] },
  { name: "terminal number", parse: parseTerminalNumber, code: "TERMINAL_NUMBER_INVALID", lengths: [8] },
  { name: "merchant category code", parse: parseMcc, code: "MCC_INVALID", lengths: [4] },
  { name: "corporate account number", parse: parseAccountNumber, code: "ACCOUNT_NUMBER_INVALID", lengths: [8, 19, 32] },
] as const;

describe.each(KINDS)("a $name", ({ parse, code, lengths }) => {
  it("is so many characters and needs no check digit", () => {
    for (const length of lengths) expect(parse("7".repeat(length))).toBe("7".repeat(length));
  });

  it("has no other length", () => {
    for (const length of [0, Math.min(...lengths) - 1, Math.max(...lengths) + 1, 100_000]) {
      expect(refusalOf(() => parse("7".repeat(length)))).toEqual({ code, reason: "length" });
    }
  });

  it("has no space, sign, line break or foreign digit in it", () => {
    for (const character of [" ", "-", "\n", "\0", "７", "卡"]) {
      const text = character + "7".repeat(lengths[0] - 1);
      expect(refusalOf(() => parse(text))).toEqual({ code, reason: "alphabet" });
    }
  });
});

it("a terminal number may hold letters, the other numbers may not", () => {
  expect(parseTerminalNumber("58D01115")).toBe("58D01115");
  expect(parseTerminalNumber("abcdefgh")).toBe("abcdefgh");
  for (const { parse, code, lengths } of KINDS.filter((kind) => kind.parse !== parseTerminalNumber)) {
    expect(refusalOf(() => parse(`A${"7".repeat(lengths[0] - 1)}`))).toEqual({ code, reason: "alphabet" });
  }
});
