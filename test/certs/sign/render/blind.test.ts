import { describe, expect, it } from "vitest";
import type { WholeRelease } from "../../../../certs/release.ts";
import { renderRelease, toReleaseJson } from "../../../../certs/sign/render/release.ts";
import { LANGUAGES } from "../../../../certs/sign/render/words.ts";
import { toHex } from "../../../../proto/bytes.ts";
import { SAMPLE_PROFILE } from "../../../support/release.ts";
import { NEW_CARD, NOW, toOptions, toProfile, toRelease, toSteps, toTusn } from "./releases.ts";

/** Everything that is shown of a release to a blind reader, in every form and language. */
function toAllShown(whole: WholeRelease): string {
  const views = LANGUAGES.flatMap((lang) =>
    [{}, { all: true }, { terminal: toTusn(1) }].map((more) => toOptions({ lang, blind: true, now: NOW, ...more })),
  );
  return views
    .map((options) => `${renderRelease(whole, options)}\n${JSON.stringify(toReleaseJson(whole, options))}`)
    .join("\n")
    .replaceAll(/[0-9a-f]{64}/g, "")
    .replaceAll(/\d{5}( \d{5}){7}/g, "");
}

const NAME_WITH_DIGITS = { name: "小张餐饮7777", shortName: "小张7777" };

describe("a blind reader", () => {
  const whole = toRelease(
    toSteps(3, () => toProfile({ binding: { ...NEW_CARD, holder: "张伟 7777" }, merchant: NAME_WITH_DIGITS }), {
      hasReserve: true,
    }),
    {},
    "商户换卡，新卡尾号7777",
  );

  it("is shown no last four digits of the new card: not in texts, ways back or the JSON", () => {
    const shown = toAllShown(whole);
    expect(shown).not.toContain("7777");
    expect(shown).toContain("****");
    expect(renderRelease(whole, toOptions())).toContain("7777");
  });

  it.each([
    "７７７７",
    "7 7 7 7",
    "77-77",
    "7. 7. 7. 7",
    "七七七七",
    "柒柒柒柒",
    "٧٧٧٧",
    "⑦⑦⑦⑦",
    "𝟟𝟟𝟟𝟟",
    "7七７⑦",
    "6217001234567777",
    "77770",
  ])("is not shown them as %s either", (written) => {
    const change = toRelease(
      toSteps(1, () => toProfile({ binding: NEW_CARD })),
      {},
      `卡${written}号，见工单2026-0815`,
    );
    const { reason } = toReleaseJson(change, toOptions({ blind: true }));
    expect(reason).toMatch(/^卡[\d]*\*{4}0?号，见工单2026-0815$/);
    expect(toReleaseJson(change, toOptions()).reason).toContain(written);
  });

  it("is shown nothing that the digits could be computed from", () => {
    const { commitment } = NEW_CARD;
    const text = JSON.stringify(toReleaseJson(whole, toOptions({ blind: true, all: true })));
    expect(text).not.toContain(toHex(commitment).slice(0, 8));
    expect(text).not.toContain("commitment");
    expect(text).not.toContain(toHex(SAMPLE_PROFILE.binding.commitment).slice(0, 8));
  });

  it("is shown everything else: bank, BIN, holder, and the old card's digits", () => {
    const text = renderRelease(whole, toOptions({ blind: true }));
    expect(text).toMatch(/last four digits +0018 +\*{4}/);
    expect(text).toMatch(/BIN +622848 +621700/);
    expect(text).toContain("中国建设银行");
    expect(text).toContain("? = hidden");
  });

  it("cannot tell whether the digits stay the same", () => {
    const toShown = (last4: string) => {
      const steps = toSteps(1, () => toProfile({ binding: { ...NEW_CARD, last4 } }));
      const { settlements } = toReleaseJson(toRelease(steps), toOptions({ blind: true }));
      return settlements.shown[0]?.fields.find(({ field }) => field === "binding.last4");
    };
    expect(toShown("0018")).toEqual({ field: "binding.last4", before: "****", after: "****" });
    expect(toShown("1234")).toEqual({ field: "binding.last4", before: "0018", after: "****" });
  });

  it("is shown the digits of a card that one terminal holds already and another is to get, at neither", () => {
    const [first, second] = toSteps(2, () => toProfile({ binding: NEW_CARD }));
    if (first === undefined || second === undefined) throw new Error("two steps");
    const held = { ...SAMPLE_PROFILE, binding: NEW_CARD };
    const back = { ...second, base: held, next: toProfile({ binding: { ...NEW_CARD, last4: "1234" } }) };
    expect(toAllShown(toRelease([first, back]))).not.toMatch(/7777|1234/);
  });

  it("sees both cards where one merchant gets two that differ in the last four only", () => {
    const steps = toSteps(9, (at) => toProfile({ binding: at === 4 ? { ...NEW_CARD, last4: "1234" } : NEW_CARD }));
    const { settlements, warnings } = toReleaseJson(toRelease(steps), toOptions({ blind: true }));
    expect(settlements.shown).toHaveLength(2);
    expect(warnings.shown).toMatchObject([{ kind: "several-settlements" }]);
  });
});

describe("a release without a settlement change", () => {
  it("hides nothing from a blind reader", () => {
    const rename = toRelease(
      toSteps(1, () => toProfile({ merchant: { name: "小张餐饮0018" } })),
      { purpose: "merchant" },
    );
    expect(renderRelease(rename, toOptions({ blind: true }))).toContain("小张餐饮0018");
  });
});
