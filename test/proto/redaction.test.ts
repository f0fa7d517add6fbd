import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toLuhn } from "../../proto/luhn.ts";
import { toRedacted } from "../../proto/redaction.ts";

const DIGITS = "0123456789";
const digits = (minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...DIGITS), minLength, maxLength });

/** Card numbers of every length. */
const card = fc
  .tuple(fc.constantFrom(..."123456789"), digits(11, 17))
  .map(([first, rest]) => first + rest + toLuhn(first + rest));

/** A card number and the same cut into groups, parted by single spaces or hyphens; none of them is a TUSN. */
const grouped = fc
  .tuple(card, fc.array(fc.constantFrom("", "", " ", "-"), { minLength: 19, maxLength: 19 }))
  .map(([number, separators]) => ({
    number,
    text: [...number].map((digit, at) => (at === 0 ? digit : separators[at] + digit)).join(""),
  }))
  .filter(({ text }) => !/[ -]0\d{15}/.test(text));

/** Text around it without a digit, without hexadecimal and without anything that joins groups. */
const words = fc.string({ unit: fc.constantFrom(...'卡号 PANx:="{},._/\n'), maxLength: 12 });

function toShown(number: string): string {
  return number.slice(0, 6) + "*".repeat(number.length - 10) + number.slice(-4);
}

describe("redaction", () => {
  it("leaves BIN and last four of a card number", () => {
    expect(toRedacted("card 6228480402564890018 of 林秀英")).toBe("card 622848*********0018 of 林秀英");
    expect(toRedacted("4222222222222")).toBe("422222***2222");
    expect(toRedacted('{"pan":"4111111111111111"}')).toBe('{"pan":"411111******1111"}');
  });

  it("knows a card number in groups", () => {
    expect(toRedacted("6228 4804 0256 4890 018")).toBe("622848*********0018");
    expect(toRedacted("622848-0402564890018")).toBe("622848*********0018");
    expect(toRedacted("6-2-2-8 4804025648900 18")).toBe("622848*********0018");
  });

  it("finds it between letters and next to other numbers", () => {
    expect(toRedacted("PAN4111111111111111x")).toBe("PAN411111******1111x");
    expect(toRedacted("4111111111111111 12:00")).toBe("411111******1111 12:00");
    expect(toRedacted("12 6228480402564890018 20260801")).toBe("12 622848*********0018 20260801");
    expect(toRedacted("6228480402564890018-4111111111111111")).toBe("622848*********0018-411111******1111");
  });

  it("hides every card number, however grouped and whatever the words around it", () => {
    fc.assert(
      fc.property(words, grouped, words, (before, { number, text }, after) => {
        expect(toRedacted(before + text + after)).toBe(before + toShown(number) + after);
      }),
    );
  });

  it("hides the middle of a card number among any other numbers", () => {
    const numbers = fc.array(digits(1, 12), { maxLength: 3 });
    fc.assert(
      fc.property(numbers, card, numbers, (before, number, after) => {
        const redacted = toRedacted([...before, number, ...after].join(" "));
        expect(redacted).not.toContain(number);
        expect(redacted).toContain("*".repeat(number.length - 10));
      }),
      { numRuns: 500 },
    );
  });

  it("keeps no reading of overlapping card numbers", () => {
    // Four times 4111111111111111 less its first group, then the group that makes a card number of what follows.
    const first = ["4111", "1111", "1111", "1111"];
    const second = `${first.slice(1).join("")}222`;
    const text = [...first, `222${toLuhn(second)}`].join(" ");
    expect(toRedacted(text)).toBe(`411111${"*".repeat(10)}222${toLuhn(second)}`);
  });

  it.each([
    "00000304N7NL01933217",
    "00000304N7NL00072365",
    "00005702280117638929",
    "000006026270832837",
    "0000290210015708",
    "00000904A9T179382774655705",
  ])("leaves the TUSN %s, also beside other numbers", (tusn) => {
    for (let number = 1; number <= 20; number += 1) {
      expect(toRedacted(`${number} ${tusn} ${number}`)).toBe(`${number} ${tusn} ${number}`);
    }
  });

  it.each([
    ["too short", "422222222222"],
    ["too long", "62284804025648900180"],
    ["wrong in the check digit", "6228480402564890019"],
    ["led by 0", "0000000000000000000"],
    ["parted by two spaces", "62284804  02564890018"],
    ["parted by dots", "6228.4804.0256.4890.018"],
    ["within a digest", "e3b0c44298fc1c149a4111111111111111fbf4c8996fb92427ae41e4649b934ca"],
    ["not there", "no digits 1 22-333 at all"],
  ])("leaves what is %s", (_, text) => {
    expect(toRedacted(text)).toBe(text);
  });

  it("makes nothing up: what is not hidden is what was there, in its order", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789 -x"), maxLength: 80 }), (text) => {
        const shape = [...toRedacted(text)].map((one) => (one === "*" ? "\\d[ -]?" : `${one}[ -]?`)).join("");
        expect(text).toMatch(new RegExp(`^${shape}$`));
      }),
    );
  });

  it("takes time in proportion to the text", () => {
    for (const pattern of ["1", "1 ", "1-1 ", "4111 1111 1111 1111 ", "0000290210015708 ", "1a", "0123456789abcde "]) {
      const time = (characters: number) => {
        const text = pattern.repeat(characters / pattern.length);
        const start = performance.now();
        toRedacted(text);
        return performance.now() - start;
      };
      time(40_000);
      // Sixteen times the text: quadratic work would take 256 times as long.
      expect(time(160_000)).toBeLessThan(100 * Math.max(time(10_000), 2));
    }
  });
});
