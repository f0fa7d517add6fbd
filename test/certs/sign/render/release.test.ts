import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { renderRelease, toReleaseJson } from "../../../../certs/sign/render/release.ts";
import { LANGUAGES } from "../../../../certs/sign/render/words.ts";
import { SAMPLE_PROFILE } from "../../../support/release.ts";
import { NEW_CARD, NOW, POLICY, toOptions, toProfile, toRelease, toSteps, toTusn } from "./releases.ts";

const cardChange = toRelease(toSteps(3, () => toProfile({ binding: NEW_CARD }), { hasReserve: true }));
const rename = toRelease(
  toSteps(3, () => toProfile({ merchant: { name: "上海市静安区大张餐饮店" } })),
  { purpose: "merchant" },
);
const linesOf = (text: string) => text.split("\n");
const lineWith = (text: string, ...parts: readonly string[]) =>
  linesOf(text).find((line) => parts.every((part) => line.includes(part))) ?? "";

describe("the head of a release", () => {
  const text = renderRelease(cardChange, toOptions());
  const json = toReleaseJson(cardChange, toOptions());

  it("tells what it is, why, how long, and for how many terminals", () => {
    expect(lineWith(text, "Release")).toContain("ab".repeat(16));
    expect(lineWith(text, "Purpose")).toContain("SETTLEMENT");
    expect(lineWith(text, "Reason")).toContain(cardChange.file.reason);
    expect(lineWith(text, "Valid")).toContain("2026-09-21 14:13:20Z to 2026-09-28 14:13:20Z (7 days left)");
    expect(json).toMatchObject({ terminals: 3, reserves: 3, directives: 6, merchant: SAMPLE_PROFILE.merchant.number });
  });

  it("tells who must sign, who has, and who is missing", () => {
    const [maker, checker] = POLICY.persons;
    if (maker === undefined || checker === undefined) throw new Error("two persons");
    const missing = (signedBy: typeof POLICY.persons) => toReleaseJson(cardChange, toOptions({ signedBy })).missing;
    expect(missing([])).toEqual(["maker", "checker"]);
    expect(missing([checker])).toEqual(["maker"]);
    expect(missing([checker, maker])).toEqual([]);
    expect(renderRelease(cardChange, toOptions({ signedBy: [maker] }))).toContain("李梅 (li.mei)");
  });

  it("has the same digits to read out in every language, others for every other release", () => {
    const digits = LANGUAGES.map((lang) => toReleaseJson(cardChange, toOptions({ lang })).fingerprint);
    expect(new Set(digits).size).toBe(1);
    expect(digits[0]).toMatch(/^\d{5}( \d{5}){7}$/);
    expect(toReleaseJson(rename, toOptions()).fingerprint).not.toBe(digits[0]);
  });

  it("warns of a release that has run out, and of one from the future", () => {
    const kinds = (now: number) => toReleaseJson(cardChange, toOptions({ now })).warnings.shown.map(({ kind }) => kind);
    expect(kinds(NOW + 8 * 86_400)).toEqual(["expired"]);
    expect(kinds(NOW - 86_400)).toEqual(["not-yet-valid"]);
    expect(kinds(NOW)).toEqual([]);
  });
});

describe("a change of settlement", () => {
  it("comes first and loud, once for all terminals of a merchant, with every field old beside new", () => {
    const text = renderRelease(cardChange, toOptions());
    const [title = ""] = linesOf(text).filter((line) => line.includes("SETTLEMENT CHANGE"));
    expect(title).toMatch(/^!!! /);
    expect(text.match(/SETTLEMENT CHANGE/g)).toHaveLength(1);
    expect(lineWith(text, "bank  ", "中国农业银行", "中国建设银行")).toMatch(/^ {4}\* bank/);
    expect(lineWith(text, "last four", "0018", "7777")).toMatch(/^ {4}\* /);
    expect(lineWith(text, "holder", "张伟")).toMatch(/^ {6}holder/);
    expect(text.indexOf(title)).toBeLessThan(text.indexOf("WHAT CHANGES WHERE"));
  });

  it("tells an account that takes a card's place, and that there was nothing", () => {
    const account = toProfile({ binding: { ...NEW_CARD, kind: "account", bin: "", holder: "上海小张管理有限公司" } });
    const change = renderRelease(toRelease(toSteps(1, () => account)), toOptions());
    expect(lineWith(change, "settles to")).toMatch(/bank card +corporate account/);
    expect(lineWith(change, "BIN")).toMatch(/622848 +-$/);
    const first = renderRelease(toRelease(toSteps(1, () => account, { base: undefined })), toOptions());
    expect(first).toContain("FIRST SETTLEMENT 1 of 1");
    expect(lineWith(first, "bank  ")).toMatch(/\(had none\) +中国建设银行/);
  });

  it("to two places at one merchant is warned of, and the one at fewest terminals comes first", () => {
    const steps = toSteps(100, (at) => toProfile({ binding: at === 57 ? { ...NEW_CARD, last4: "6666" } : NEW_CARD }));
    const { warnings, settlements, groups } = toReleaseJson(toRelease(steps), toOptions());
    expect(warnings.shown).toMatchObject([{ kind: "several-settlements", terminals: 100 }]);
    expect(settlements.shown.map(({ terminals }) => terminals)).toEqual([1, 99]);
    expect(settlements.shown[0]?.examples).toEqual([toTusn(58)]);
    expect(groups.shown.map(({ terminals, isOdd }) => [terminals, isOdd])).toEqual([
      [1, true],
      [99, false],
    ]);
  });

  it("to another number with the same BIN and last four is one", () => {
    const commitment = new Uint8Array(32).fill(7);
    const { settlements } = toReleaseJson(
      toRelease(toSteps(1, () => toProfile({ binding: { commitment } }))),
      toOptions(),
    );
    const changed = settlements.shown[0]?.fields.filter(({ isChanged }) => isChanged).map(({ field }) => field);
    expect(changed).toEqual(["binding.commitment"]);
  });
});

describe("a way back", () => {
  it("is told with the change that it undoes, and until when an operator may order it", () => {
    const text = renderRelease(cardChange, toOptions());
    expect(lineWith(text, "way back  ")).toMatch(
      /without new signatures until 2026-10-21 14:13:20Z.*OLD \(3 terminals\)/,
    );
    expect(toReleaseJson(cardChange, toOptions()).groups.shown).toHaveLength(1);
  });

  it("that an operator ordered by itself is told as older content", () => {
    const steps = toSteps(2, () => SAMPLE_PROFILE, { base: toProfile({ binding: NEW_CARD }) });
    const restoring = steps.map((step) => ({ ...step, isRestore: true }));
    const { groups } = toReleaseJson(toRelease(restoring), toOptions());
    expect(groups.shown).toMatchObject([{ kind: "restore", terminals: 2 }]);
    expect(renderRelease(toRelease(restoring), toOptions())).toContain("BRINGS BACK older content");
  });
});

describe("what a failed test leads to", () => {
  it("is told in words", () => {
    const suspending = toSteps(1, () => toProfile({ binding: NEW_CARD }), { change: { onFail: "suspend" } });
    expect(renderRelease(toRelease(suspending), toOptions())).toContain("STOPS TRADING");
    expect(renderRelease(cardChange, toOptions())).toContain("goes back to the old profile");
  });
});

describe("a single terminal", () => {
  it("is shown in full where it is asked for: its change and its way back", () => {
    const { inFull } = toReleaseJson(cardChange, toOptions({ terminal: toTusn(2) }));
    expect(inFull.shown.map(({ tusn, kind, sequence }) => [tusn, kind, sequence])).toEqual([
      [toTusn(2), "change", 5],
      [toTusn(2), "reserve", 6],
    ]);
    expect(inFull.shown[0]?.fields.map(({ field }) => field)).toContain("binding.last4");
  });

  it("that the release does not have is told", () => {
    expect(renderRelease(cardChange, toOptions({ terminal: toTusn(9) }))).toContain("nothing for this terminal");
  });

  it("is shown with all the others where all are asked for", () => {
    expect(toReleaseJson(cardChange, toOptions({ all: true })).inFull.shown).toHaveLength(6);
    expect(toReleaseJson(cardChange, toOptions()).inFull.shown).toHaveLength(0);
  });
});

describe("the text", () => {
  it.each(LANGUAGES)("stands in columns of cells, old under old and new under new: %s", (lang) => {
    const long = { name: "上海市静安区南京西路一千二百三十四号小张餐饮管理有限责任公司第一分店", shortName: "ABC小张" };
    const text = renderRelease(
      toRelease(
        toSteps(1, () => toProfile({ merchant: long })),
        { purpose: "merchant" },
      ),
      toOptions({ lang }),
    );
    const starts = (line: string) =>
      [...line.matchAll(/ {2}(?=\S)/g)].map(({ index }) => stringWidth(line.slice(0, index + 2)));
    const heading = linesOf(text).find((line) => /^ +(旧|OLD) +(新|NEW)$/.test(line)) ?? "";
    const [before = 0, after = 0] = starts(heading).slice(-2);
    const row = lineWith(text, SAMPLE_PROFILE.merchant.name);
    expect(starts(row)).toEqual(expect.arrayContaining([before, after]));
    const wrapped = linesOf(text)[linesOf(text).indexOf(row) + 1] ?? "";
    expect(stringWidth(wrapped) - stringWidth(wrapped.trimStart())).toBe(after);
    expect(lineWith(text, "ABC小张")).toContain("*");
    expect(starts(lineWith(text, "ABC小张"))).toEqual(expect.arrayContaining([before, after]));
  });

  it("holds no control character but line ends, unless colour is asked for", () => {
    expect(renderRelease(cardChange, toOptions())).not.toMatch(/[^\n\P{C}]/u);
    const painted = renderRelease(cardChange, toOptions({ color: true }));
    expect(painted).toContain("\u001b[1;31m!!! SETTLEMENT CHANGE");
    expect(painted.replaceAll(/\u001b\[[0-9;]*m/g, "")).toBe(renderRelease(cardChange, toOptions()));
  });

  it.each(LANGUAGES)("is whole in %s: every word is there", (lang) => {
    for (const whole of [cardChange, rename]) {
      const text = renderRelease(whole, toOptions({ lang, all: true }));
      expect(text).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  it("is in Chinese where that is asked for", () => {
    const text = renderRelease(cardChange, toOptions({ lang: "zh", signedBy: POLICY.persons }));
    expect(text).toMatch(/结算变更 1\/1/);
    expect(text).not.toMatch(/terminal|merchant|settle|valid|sign|bank|holder|way|such/i);
  });
});
