import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_MERCHANT_NAME, parseName } from "../../../proto/identifiers/name.ts";
import { refusalOf } from "../../support/refusal.ts";

describe("a name", () => {
  it.each(["林秀英", "福州市鼓楼区闽江春茶楼", "商户_林秀英", "Café Müller & Söhne (上海)", "𠮷野家"])(
    "may be %s",
    (name) => {
      expect(parseName(name, MAX_MERCHANT_NAME)).toBe(name);
    },
  );

  it("is counted in characters, also where one takes two units", () => {
    expect(parseName("𠮷".repeat(MAX_MERCHANT_NAME), MAX_MERCHANT_NAME)).toHaveLength(2 * MAX_MERCHANT_NAME);
    for (const name of [
      "",
      "林".repeat(MAX_MERCHANT_NAME + 1),
      "𠮷".repeat(MAX_MERCHANT_NAME + 1),
      "x".repeat(1_000_000),
    ]) {
      expect(refusalOf(() => parseName(name, MAX_MERCHANT_NAME))).toEqual({ code: "NAME_INVALID", reason: "length" });
    }
  });

  it.each([
    ["a right-to-left override", "闽江\u202e春"],
    ["a direction isolate", "闽江\u2066春"],
    ["a zero-width space", "闽江\u200b春"],
    ["a zero-width joiner", "闽江\u200d春"],
    ["a byte-order mark", "\ufeff闽江春"],
    ["a line break", "闽江\n春"],
    ["a line separator", "闽江\u2028春"],
    ["a tab", "闽江\t春"],
    ["NUL", "闽江\0春"],
    ["a lone surrogate", "闽江\ud842春"],
    ["a private-use character", "闽江\ue000春"],
    ["an accent not composed (NFD)", "Cafe\u0301"],
    ["a compatibility ideograph that NFC replaces", "\uf900"],
    ["a leading space", " 闽江春"],
    ["a trailing ideographic space", "闽江春\u3000"],
  ])("with %s is refused", (_, name) => {
    expect(refusalOf(() => parseName(name, MAX_MERCHANT_NAME))).toEqual({ code: "NAME_INVALID", reason: "alphabet" });
  });

  it.each(["6228480402564890018", "张伟 6228 4804 0256 4890 018", "６２２８４８０４０２５６４８９００１８"])(
    "with a card number in it is refused: %s",
    (name) => {
      const reason = "card_number";
      expect(refusalOf(() => parseName(name, MAX_MERCHANT_NAME))).toEqual({ code: "NAME_INVALID", reason });
    },
  );

  it("that is accepted is always NFC and holds no control or format character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 8 }), (text) => {
        const isSound = text === text.normalize("NFC") && text === text.trim() && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);
        if (isSound) expect(parseName(text, 8)).toBe(text);
        else expect(refusalOf(() => parseName(text, 8))).toEqual({ code: "NAME_INVALID", reason: "alphabet" });
      }),
    );
  });
});
