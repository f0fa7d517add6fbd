import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toMod112, toMod1110 } from "../../../../proto/identifiers/iso7064.ts";
import { parseLicence } from "../../../../src/domain/identifiers/licence.ts";
import { parseResidentId } from "../../../../src/domain/identifiers/resident-id.ts";
import { parseTaxNumber } from "../../../../src/domain/identifiers/tax-number.ts";
import { parseUscc, toUsccCheck, USCC_CHARACTERS } from "../../../../src/domain/identifiers/uscc.ts";
import { DIGITS, describeScheme, digits, type Scheme } from "../../../support/number-scheme.ts";
import { refusalOf } from "../../../support/refusal.ts";

const SCHEMES: readonly Scheme[] = [
  {
    name: "USCC",
    parse: parseUscc,
    code: "USCC_INVALID",
    vectors: ["91350100M000100Y43", "911100007109250324"],
    body: fc.string({ unit: fc.constantFrom(...USCC_CHARACTERS), minLength: 17, maxLength: 17 }),
    toCheck: toUsccCheck,
    alphabet: USCC_CHARACTERS,
    wrongLengths: [17, 19],
  },
  {
    name: "business licence number",
    parse: parseLicence,
    code: "LICENCE_INVALID",
    vectors: ["310115600985533", "110108000000016"],
    body: digits(14),
    toCheck: toMod1110,
    alphabet: DIGITS,
    wrongLengths: [14, 16, 17, 19],
  },
  {
    name: "business licence number equal to the USCC",
    parse: parseLicence,
    code: "LICENCE_INVALID",
    vectors: ["91350100M000100Y43"],
    body: fc.string({ unit: fc.constantFrom(...USCC_CHARACTERS), minLength: 17, maxLength: 17 }),
    toCheck: toUsccCheck,
    alphabet: USCC_CHARACTERS,
    wrongLengths: [17, 19],
  },
  {
    name: "resident identity number",
    parse: parseResidentId,
    code: "RESIDENT_ID_INVALID",
    vectors: ["11010519491231002X"],
    body: digits(17),
    toCheck: toMod112,
    alphabet: DIGITS,
    wrongLengths: [15, 17, 19],
  },
];

for (const scheme of SCHEMES) describeScheme(scheme);

describe("a tax registration number", () => {
  it("of 18 characters is a USCC or a resident identity number", () => {
    expect(parseTaxNumber("91350100M000100Y43")).toBe("91350100M000100Y43");
    expect(parseTaxNumber("11010519491231002X")).toBe("11010519491231002X");
    expect(refusalOf(() => parseTaxNumber("91350100M000100Y44"))).toEqual({
      code: "TAX_NUMBER_INVALID",
      reason: "check",
    });
    expect(refusalOf(() => parseTaxNumber("110105194912310021"))).toEqual({
      code: "TAX_NUMBER_INVALID",
      reason: "check",
    });
  });

  it("of 15 characters is a region and an organisation code", () => {
    // The organisation codes within the two published USCCs.
    expect(parseTaxNumber("350100M000100Y4")).toBe("350100M000100Y4");
    expect(parseTaxNumber("110000710925032")).toBe("110000710925032");
    expect(refusalOf(() => parseTaxNumber("110000710925033"))).toEqual({ code: "TAX_NUMBER_INVALID", reason: "check" });
    expect(refusalOf(() => parseTaxNumber("11000A710925032"))).toEqual({
      code: "TAX_NUMBER_INVALID",
      reason: "alphabet",
    });
  });

  it("of 17 or 20 characters has no check", () => {
    expect(parseTaxNumber("11010549123100201")).toBe("11010549123100201");
    expect(parseTaxNumber("11010519491231002X01")).toBe("11010519491231002X01");
  });

  it("has no other length or character", () => {
    for (const length of [0, 14, 16, 19, 21]) {
      expect(refusalOf(() => parseTaxNumber("1".repeat(length)))).toEqual({
        code: "TAX_NUMBER_INVALID",
        reason: "length",
      });
    }
    expect(refusalOf(() => parseTaxNumber("1101054912310020a"))).toEqual({
      code: "TAX_NUMBER_INVALID",
      reason: "alphabet",
    });
  });
});
