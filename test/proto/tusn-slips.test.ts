import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTusn } from "../../proto/tusn.ts";
import { explainNumber, MAX_EXPLAINED_CHARACTERS, SLIPS } from "../../proto/tusn-slips.ts";

const TUSN = "00000304N7NL01933217";
const SHORT = "0000290210015708";

describe("a number that was given for a TUSN", () => {
  it.each([TUSN, SHORT, "00005702280117638929", "000006026270832837"])("is one: %s", (text) => {
    expect(explainNumber(text)).toEqual({ kind: "tusn", slips: [] });
  });

  it.each([
    ["OOOOO3O4N7NL01933217", ["letter_o"]],
    ["ООООО304N7NL01933217", ["letter_o"]],
    ["00000304n7nl01933217", ["lower_case"]],
    ["0000 0304 N7NL 0193 3217", ["separators"]],
    ["0000-0304-N7NL.0193.3217", ["separators"]],
    ["SN:00000304N7NL01933217", ["prefix"]],
    ["tusn 00000304N7NL01933217", ["prefix"]],
    ["序列号：00000304N7NL01933217", ["full_width", "prefix"]],
    ["https://a.cn/q?sn=00000304N7NL01933217&m=1", ["url"]],
    ["304N7NL01933217", ["leading_zeros"]],
    ["0000304N7NL01933217", ["leading_zeros"]],
    ["000000304N7NL01933217", ["extra_zeros"]],
    ["００００0304N7NL01933217", ["full_width"]],
    ["00000304N7NL01933217\u200b", ["unseen"]],
    [" sn: oooo o304 n7nl 0193 3217", ["prefix", "separators", "letter_o", "lower_case"]],
  ])("%j was most likely meant to be the right one", (text, slips) => {
    expect(explainNumber(text)).toEqual({ kind: "malformed", slips, suggestion: TUSN });
  });

  it.each([
    ["0000310l4N7NL0", "letter_i"],
    ["00000304N7Nl01933217", "letter_i"],
    ["00000314N7NL01933217", "device_type"],
    ["00000304", "too_short"],
    ["", "empty"],
    ["   ", "empty"],
    [TUSN.repeat(3), "too_long"],
    ["00000304N7NL0193€217", "other_characters"],
    ["0000gratia00003", "form"],
    ["x".repeat(MAX_EXPLAINED_CHARACTERS + 1), "over_bound"],
  ])("%j is none, and says why", (text, slip) => {
    const { kind, slips } = explainNumber(text);
    expect([kind, slips]).toEqual(["malformed", expect.arrayContaining([slip])]);
  });

  it("is not guessed at where two were possible", () => {
    expect(explainNumber("00000304N7Nl01933217").suggestion).toBeUndefined();
  });

  it("that lost its zeros and is of the right form by chance is doubted", () => {
    expect(explainNumber("290210015708")).toEqual({ kind: "tusn", slips: ["leading_zeros"], suggestion: SHORT });
  });

  it("of the right form with a letter O or I is hinted at", () => {
    expect(explainNumber("00000304N7NL0I933217")).toEqual({ kind: "tusn", slips: ["letter_i"], suggestion: TUSN });
    expect(explainNumber("00000304N7NLO1933217")).toEqual({ kind: "tusn", slips: ["letter_o"], suggestion: TUSN });
    expect(explainNumber(`${TUSN}${TUSN}`)).toEqual({ kind: "tusn", slips: ["doubled"], suggestion: TUSN });
  });

  it.each(["9999999998", "123213213101", "SN-A1234567", "d1v00012345"])(
    "%s is a serial number of old stock",
    (text) => {
      expect(explainNumber(text).kind).toBe("legacy");
    },
  );

  it.each([
    "6228480402564890018",
    "6228 4804 0256 4890 018",
    "6228-4804-0256-4890-018",
    "６２２８４８０４０２５６４８９００１８",
    "card 6228480402564890018",
    "6228.4804.0256.4890.018",
    "622848O4O2564890018",
    "622848o402564890OI8",
    "6228480402564890O18",
    "6228480402564890018".repeat(2),
  ])("that is a card number is told as such, and nothing of it repeated: %s", (text) => {
    expect(explainNumber(text)).toEqual({ kind: "malformed", slips: ["card_number"] });
  });

  it("never gives anything but a TUSN for a suggestion, and words for every slip", () => {
    const pieces = ["0", "O", "o", "l", "1", "04", "00000304", "N7NL", " ", "-", "sn:", "http://", "\u200b", "ｎ", "é"];
    const texts = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.array(fc.constantFrom(...pieces)).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { slips, suggestion, kind } = explainNumber(text);
        expect(suggestion === undefined || isTusn(suggestion)).toBe(true);
        expect(kind === "tusn").toBe(isTusn(text));
        for (const slip of slips) expect(SLIPS[slip].zh.length + SLIPS[slip].en.length).toBeGreaterThan(10);
      }),
      { numRuns: 3_000 },
    );
  });
});
