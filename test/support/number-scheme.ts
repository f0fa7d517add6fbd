import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorOf, refusalOf } from "./refusal.ts";

// What holds for every number that ends with a check character.

export interface Scheme {
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

export const DIGITS = "0123456789";
/** Texts of digits. */
export const digits = (minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...DIGITS), minLength, maxLength });

/** States all of it for one scheme. */
export function describeScheme({ name, parse, code, vectors, body, toCheck, alphabet, wrongLengths }: Scheme): void {
  describe(`a ${name}`, () => {
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
}
