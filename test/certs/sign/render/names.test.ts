import { describe, expect, it } from "vitest";
import type { WarningKind } from "../../../../certs/sign/render/release/view.ts";
import { renderRelease, toReleaseJson } from "../../../../certs/sign/render/release.ts";
import { SAMPLE_PROFILE } from "../../../support/release.ts";
import { toOptions, toProfile, toRelease, toSteps } from "./releases.ts";

const HELD = { ...SAMPLE_PROFILE, merchant: { ...SAMPLE_PROFILE.merchant, name: "日昌Coffee 1号店" } };

/** A release that gives a merchant another name. */
function toRename(name: string) {
  const steps = toSteps(2, () => toProfile({ merchant: { name } }), { base: HELD });
  return toRelease(steps, { purpose: "merchant" });
}

describe("a merchant's name that nobody may use is refused before it is shown", () => {
  const refused: readonly (readonly [what: string, name: string])[] = [
    ["a right-to-left override", "日昌\u202eeeffoC"],
    ["a right-to-left mark", "日昌\u200fCoffee"],
    ["a left-to-right isolate", "日昌\u2066Coffee\u2069"],
    ["an Arabic letter mark", "日昌\u061cCoffee"],
    ["a zero-width space", "日昌\u200bCoffee"],
    ["a zero-width joiner", "日昌\u200dCoffee"],
    ["a byte order mark", "日昌\ufeffCoffee"],
    ["a soft hyphen", "日昌Cof\u00adfee"],
    ["a tag character", "日昌\u{e0041}Coffee"],
    ["an escape sequence", "日昌\u001b[2KCoffee"],
    ["a C1 control", "日昌\u009b2KCoffee"],
    ["a line feed", "日昌\nCoffee"],
    ["a line separator", "日昌\u2028Coffee"],
    ["a private-use character", "日昌\ue001Coffee"],
    ["an unassigned character", "日昌\u0378Coffee"],
    ["what is not NFC", "日昌Cofe\u0301"],
    ["a space in front", " 日昌Coffee"],
    ["a wide space behind", "日昌Coffee\u3000"],
  ];

  it.each(refused)("%s", (_, name) => {
    expect(() => toRename(name)).toThrow(expect.objectContaining({ code: "FIELD_INVALID" }));
  });
});

describe("a merchant's name that is not what it looks like is shown with code points and a warning", () => {
  const shown: readonly (readonly [what: string, name: string, kind: WarningKind, seen: string])[] = [
    ["a Cyrillic letter among Latin ones", "日昌Сoffee 1号店", "lookalike", "С<U+0421>"],
    ["a Greek letter among Latin ones", "日昌Cοffee 1号店", "lookalike", "ο<U+03BF>"],
    ["alphabets mixed in a new name", "Caffè Μilano", "mixed", "Μ<U+039C>"],
    ["a word that is all Cyrillic and reads as Latin", "日昌СОСА", "mixed", "С<U+0421>О<U+041E>С<U+0421>А<U+0410>"],
    ["say instead of sun", "曰昌Coffee 1号店", "lookalike", "曰<U+66F0>"],
    ["l instead of 1", "日昌Coffee l号店", "lookalike", "l<U+006C>"],
    ["a fullwidth digit", "日昌Coffee １号店", "lookalike", "１<U+FF11>"],
    ["zero instead of o", "日昌C0ffee 1号店", "lookalike", "0<U+0030>"],
    ["a Kangxi radical", "⽇昌Coffee 1号店", "lookalike", "⽇<U+2F47>"],
    ["a no-break space", "日昌Coffee\u00a01号店", "unseen", "<U+00A0>"],
    ["a wide space", "日昌Coffee\u30001号店", "unseen", "<U+3000>"],
    ["a Hangul filler", "日昌\u3164Coffee", "unseen", "<U+3164>"],
    ["a variation selector", "日\ufe00昌Coffee", "unseen", "<U+FE00>"],
    ["a grapheme joiner", "日昌Cof\u034ffee", "unseen", "<U+034F>"],
    ["a stroke through a digit", "日昌Coffee 1\u0338号店", "unseen", "<U+0338>"],
    ["letters from right to left", "日昌 ئۇيغۇر", "right-to-left", "U+0626"],
  ];

  it.each(shown)("%s", (_, name, kind, seen) => {
    const whole = toRename(name);
    const { warnings } = toReleaseJson(whole, toOptions());
    expect(warnings.shown.map((warning) => warning.kind)).toContain(kind);
    expect(warnings.shown[0]).toMatchObject({ field: "merchant.name", terminals: 2 });
    for (const lang of ["zh", "en"] as const) {
      const text = renderRelease(whole, toOptions({ lang }));
      expect(text).toContain(seen);
      expect(text).toMatch(/^!!! (WARNING|警告)/m);
    }
  });

  it("also shows what the lookalike took the place of", () => {
    const text = renderRelease(toRename("曰昌Coffee 1号店"), toOptions());
    expect(text).toMatch(/日<U\+65E5>昌.* 曰<U\+66F0>昌/);
  });

  it("sets old and new on lines of their own where letters run from right to left: a screen would swap them", () => {
    const text = renderRelease(toRename("日昌 ئۇيغۇر"), toOptions());
    expect(
      text
        .split("\n")
        .filter((line) => line.includes("ئۇيغۇر"))
        .every((line) => !line.includes("1号店")),
    ).toBe(true);
  });
});

describe("an honest name", () => {
  it("is shown as it is, without a warning", () => {
    for (const name of ["小张餐饮（静安店）", "Café Zürich 3号", "ATM机维修", "二〇二四百货", "日昌Coffee 2号店"]) {
      const whole = toRename(name);
      expect(toReleaseJson(whole, toOptions()).warnings.shown, name).toEqual([]);
      expect(renderRelease(whole, toOptions()), name).toContain(name);
    }
  });
});

describe("other texts from outside", () => {
  it("are warned of likewise: holder, bank, reason", () => {
    const binding = { holder: "Zhаng Wei", bank: "中国农业銀行\u00a0" };
    const whole = toRelease(
      toSteps(1, () => toProfile({ binding: { ...binding, bank: "中国\u00a0银行" } })),
      {},
      "换卡\u3164",
    );
    const { warnings } = toReleaseJson(whole, toOptions());
    expect(warnings.shown.map(({ kind, field }) => [kind, field])).toEqual([
      ["mixed", "binding.holder"],
      ["unseen", "reason"],
      ["unseen", "binding.bank"],
    ]);
    expect(renderRelease(whole, toOptions())).toContain("换卡<U+3164>");
  });

  it("are warned of once for all terminals that share them, and not without bound", () => {
    const steps = toSteps(120, (at) => toProfile({ merchant: { name: `Сoffee ${at}` } }));
    const { warnings } = toReleaseJson(toRelease(steps, { purpose: "merchant" }), toOptions());
    expect(warnings.shown).toHaveLength(50);
    expect(warnings.left).toBe(70);
  });
});
