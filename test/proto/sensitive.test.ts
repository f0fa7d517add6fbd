import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkName, checkNotSensitive, isSensitiveName, isSensitiveText } from "../../proto/sensitive.ts";
import { errorOf } from "../support/refusal.ts";

const CARD = "6228480402564890018";

describe("by its name, what must never be kept", () => {
  it.each([
    ...["cvv", "CVV2", "cvc", "CVC-2", "cvn2", "card_cvv", "security code", "cardSecurityCode", "verification_value"],
    ...["pin", "PIN Block", "encrypted_pin_block", "pinData"],
    ...[
      "track",
      "track1",
      "Track 2",
      "track_2_data",
      "track2EquivalentData",
      "trk3",
      "magstripe",
      "magnetic_stripe_data",
    ],
    ...["icc", "ICC data", "emv", "tag57", "57", "9F6B", "DE35", "field_52", "F055", "ｃｖｖ"],
    ...["二磁道", "磁条数据", "安全码", "卡片安全码", "芯片数据", "密码", "交易密码"],
  ])("is %s", (name) => {
    expect(isSensitiveName(name)).toBe(true);
    expect(errorOf(() => checkName(name))).toMatchObject({ code: "SENSITIVE_DATA", fields: {} });
  });

  it.each([
    ...["kind", "bank", "cnaps", "holder", "accountNo", "commitment", "last4", "tusn", "merchant_no", "place"],
    ...["expiry", "有效期", "valid_thru", "pinyin", "shipping", "tracking_no", "opinion", "chip_model", ""],
    "cvv".repeat(100),
  ])("is not %s", (name) => {
    expect(isSensitiveName(name)).toBe(false);
    expect(() => checkName(name)).not.toThrow();
  });
});

describe("by its form, what must never be kept", () => {
  it.each([
    ["track 2", `;${CARD}=25122010000012300000?`],
    ["track 2 without its sentinels", `${CARD}=2512201`],
    ["a number with its expiry as on the stripe", `see ${CARD}=2512`],
    ["track 1", `%B${CARD}^WANG/LI^25122010000000000000?`],
    ["track 1 with a number in groups", "%B4111 1111 1111 1111^WANG/LI^2512"],
    ["track 2 of the chip", `${CARD}D25122010000012300000F`],
    ["track 2 of the chip behind its tag", `9F2701805713${CARD}d2512201000001230F5F3401019F`],
    ["wide digits", ";６２２８４８０４０２５６４８９００１８＝２５１２２０１？"],
    ["a security code that is called so", "cvv2: 123"],
    ["one without a separator", "CVN123"],
    ["one in Chinese", "安全码是 123"],
    ["a PIN that is called so", "PIN=123456"],
    ["one in Chinese too", "密码：123456"],
  ])("is %s", (_, text) => {
    for (const whole of [text, `客户来电 ${text} 请处理`, `line\n${text}\nline`]) {
      expect(isSensitiveText(whole)).toBe(true);
      const error = errorOf(() => checkNotSensitive(whole));
      expect(error).toMatchObject({ code: "SENSITIVE_DATA", fields: {} });
      expect(error.cause).toBeUndefined();
      expect(error.message).not.toContain("123");
    }
  });

  it.each([
    ["a card number alone", CARD],
    ["a card number with its expiry beside it", `${CARD} 有效期 12/25`],
    ["a TUSN", "00000304N7NL01933217"],
    ["a TUSN that looks like the chip's", "0000030412345D1234567"],
    ["a digest that holds what looks like the chip's", `ab${CARD}d1234567${"c".repeat(35)}`],
    ["chip-like digits without a Luhn digit", "6228480402564890019D2512201"],
    ["a setting", "merchant.name=福州闽江春茶楼"],
    ["an amount", "1234567890123=12"],
    ["a name with a number", "Bowling Pin 2000"],
    ["a firm's name", "北京密码技术有限公司"],
    ["nothing", ""],
  ])("is not %s", (_, text) => {
    expect(isSensitiveText(text)).toBe(false);
    expect(() => checkNotSensitive(text)).not.toThrow();
  });

  it("is found in any surrounding that is not digits", () => {
    const words = fc.string({ unit: fc.constantFrom(..."卡 xyB%;^=?\n密"), maxLength: 20 });
    fc.assert(fc.property(words, words, (before, after) => isSensitiveText(`${before}${CARD}=2512${after}`)));
  });

  it("is never a digest in hexadecimal", () => {
    const digest = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 64, maxLength: 64 });
    fc.assert(fc.property(digest, (hex) => !isSensitiveText(hex)));
  });

  it.each(["1", "1 ", "B1 ", "1=", "57131", "cvv ", "pin ", "密码 ", "ﷺ"])(
    "is looked for in time that grows with the text only: %j",
    (unit) => {
      const measure = (length: number) => {
        const text = unit.repeat(length / unit.length);
        const times = Array.from({ length: 5 }, () => {
          const start = performance.now();
          isSensitiveText(text);
          return performance.now() - start;
        });
        return Math.min(...times);
      };
      // Sixteen times as much text: a quadratic search would take 256 times as long.
      expect(measure(160_000)).toBeLessThan(100 * Math.max(measure(10_000), 2));
    },
  );
});
