import { describe, expect, it } from "vitest";
import { renderRelease } from "../../../certs/sign/render/release.ts";
import { toReleaseText, toReleaseView } from "../../../src/faces/cli/release-view.ts";
import { NOW, POLICY, toOptions, toProfile, toRelease, toSteps, toTusn } from "../../certs/sign/render/releases.ts";

describe("what the service shows of a release file", () => {
  const whole = toRelease(
    toSteps(30, () => toProfile({ parameters: { deadlineS: 90 } })),
    { purpose: "parameters" },
  );
  const view = toReleaseView(whole.file, POLICY, { now: NOW });

  it("is what the approvers' program shows", () => {
    expect(toReleaseText(view, { now: NOW })).toBe(renderRelease(whole, toOptions()));
  });

  it("is in full what was asked for, in the language asked for", () => {
    const terminal = toTusn(7);
    for (const look of [{ all: true }, { terminal }, { terminal: toTusn(77) }, { lang: "zh" }] as const) {
      const asked = toReleaseView(whole.file, POLICY, { ...look, now: NOW });
      expect(toReleaseText(asked, { ...look, now: NOW })).toBe(renderRelease(whole, toOptions(look)));
    }
    expect(toReleaseView(whole.file, POLICY, { terminal, now: NOW }).inFull.shown).toMatchObject([{ tusn: terminal }]);
  });

  it("has every directive in its JSON", () => {
    expect(view.inFull.shown.map(({ tusn }) => tusn)).toEqual(Array.from({ length: 30 }, (_, at) => toTusn(at + 1)));
  });

  it("is nothing where the file does not fit together", () => {
    const { file } = whole;
    const swapped = { ...file, directives: file.directives.toReversed() };
    expect(() => toReleaseView(swapped, POLICY, { now: NOW })).toThrow(
      expect.objectContaining({ code: "NOT_IN_RELEASE" }),
    );
  });
});
