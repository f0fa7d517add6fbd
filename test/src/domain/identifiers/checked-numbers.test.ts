import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toLuhn } from "../../../../proto/luhn.ts";
import { parseCardNumber } from "../../../../src/domain/identifiers/card-number.ts";
import { parseCnaps } from "../../../../src/domain/identifiers/cnaps.ts";
import { toMod112, toMod1110 } from "../../../../src/domain/identifiers/iso7064.ts";
import { parseLicence } from "../../../../src/domain/identifiers/licence.ts";
import { parseResidentId } from "../../../../src/domain/identifiers/resident-id.ts";
import { parseTaxNumber } from "../../../../src/domain/identifiers/tax-number.ts";
import { parseUscc, toUsccCheck, USCC_CHARACTERS } from "../../../../src/domain/identifiers/uscc.ts";
import { errorOf, refusalOf } from "../../../support/refusal.ts";

interface Scheme {
  readonly name: string;
  readonly parse: (text: string) => string;
  readonly code: string;
  /** Published or otherwise known to be right (domain facts, section 3). */
  readonly vectors: readonly string[];
  readonly body: fc.Arbitrary<string>;
  readonly toCheck: (body: string) => string;
  /** What each place may hold. */
  readonly alphabet: string;
  readonly wrongLengths: readonly number[];
}

const DIGITS = "0123456789";
const digits = (minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...DIGITS), minLength, maxLength });

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
  {
    name: "CNAPS bank code",
    parse: parseCnaps,
    code: "CNAPS_INVALID",
    vectors: ["102100099996", "308584000013"],
    body: digits(11),
    toCheck: toMod1110,
    alphabet: DIGITS,
    wrongLengths: [11, 13],
  },
  {
    name: "card number",
    parse: parseCardNumber,
    code: "CARD_NUMBER_INVALID",
    vectors: ["6228480402564890018", "4111111111111111", "4222222222222"],
    body: digits(12, 18),
    toCheck: toLuhn,
    alphabet: DIGITS,
    wrongLengths: [0, 12, 20],
  },
];

describe.each(SCHEMES)("a $name", ({ parse, code, vectors, body, toCheck, alphabet, wrongLengths }) => {
  it.each(vectors)("%s is one, as published", (vector) => {
    expect(parse(vector)).toBe(vector);
    expect(toCheck(vector.slice(0, -1))).toBe(vector.slice(-1));
  });

  it("is whatever ends with its check character", () => {
    fc.assert(fc.property(body, (text) => parse(text + toCheck(text)) === text + toCheck(text)));
  });

  it("is refused with any one character changed", () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.constantFrom(...alphabet), (text, at, other) => {
        const number = text + toCheck(text);
        const place = at % number.length;
        fc.pre(number[place] !== other);
        expect(() => parse(number.slice(0, place) + other + number.slice(place + 1))).toThrow(
          expect.objectContaining({ code }),
        );
      }),
    );
  });

  it.each(wrongLengths)("is not of length %i", (length) => {
    expect(refusalOf(() => parse("1".repeat(length)))).toEqual({ code, reason: "length" });
  });

  it("holds no other character", () => {
    const [vector = ""] = vectors;
    for (const character of ["-", " ", "\n", "x", "I", "٣", "３"]) {
      const text = character + vector.slice(1);
      expect(refusalOf(() => parse(text))).toEqual({ code, reason: "alphabet" });
    }
    expect(errorOf(() => parse(`${vector}\n`)).code).toBe(code);
  });

  it("never shows itself in its refusal", () => {
    fc.assert(
      fc.property(body, (text) => {
        const wrong = text + (toCheck(text) === "1" ? "2" : "1");
        const error = errorOf(() => parse(wrong));
        expect(error.fields).toEqual({ reason: "check" });
        expect(error.message).not.toMatch(/\d/);
        expect(error.cause).toBeUndefined();
      }),
    );
  });
});

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
