import { describe, expect, it } from "vitest";
import type { ReleaseLeaf, WholeRelease } from "../../../../certs/release.ts";
import { MAX_GROUPS } from "../../../../certs/sign/render/release/summary.ts";
import { renderRelease, toReleaseJson } from "../../../../certs/sign/render/release.ts";
import type { Profile } from "../../../../proto/profile.ts";
import { SAMPLE_PROFILE } from "../../../support/release.ts";
import { toOptions, toProfile, toRelease, toSteps, toTusn } from "./releases.ts";

const PARAMETERS = { purpose: "parameters" } as const;
const MERCHANT = { purpose: "merchant" } as const;
const groupsOf = (whole: WholeRelease) => toReleaseJson(whole, toOptions()).groups.shown;

/** A release of very many terminals, made without encoding each: `toNext` gives the nth one's new profile. */
function toHugeRelease(count: number, toNext: (at: number) => Profile): WholeRelease {
  const whole = toRelease(
    toSteps(1, () => toProfile({ parameters: { deadlineS: 90 } })),
    PARAMETERS,
  );
  const [leaf] = whole.leaves;
  if (leaf === undefined) throw new Error("one leaf");
  const leaves = Array.from({ length: count }, (_, at): ReleaseLeaf => {
    const profile = toNext(at);
    return { ...leaf, index: at, profile, directive: { ...leaf.directive, tusn: toTusn(at) } };
  });
  return { ...whole, leaves };
}

describe("terminals that change alike", () => {
  it("are told as one, with what differs, how many they are, and some of them", () => {
    const [group, ...others] = groupsOf(
      toRelease(
        toSteps(351, () => toProfile({ parameters: { deadlineS: 90 } })),
        PARAMETERS,
      ),
    );
    expect(others).toEqual([]);
    expect(group).toMatchObject({
      class: "parameters",
      terminals: 351,
      merchants: 1,
      isOdd: false,
      fields: [
        { field: "parameters.deadlineS", distinct: 1, variants: [{ before: "30", after: "90", terminals: 351 }] },
      ],
    });
    expect(group?.examples).toEqual([toTusn(1), toTusn(2), toTusn(3)]);
  });

  it("stand apart from the one among them that takes another value, which comes first and is marked", () => {
    const odd = toRelease(
      toSteps(500, (at) => toProfile({ parameters: { deadlineS: at === 333 ? 9_000 : 90 } })),
      PARAMETERS,
    );
    expect(groupsOf(odd).map(({ terminals, isOdd, examples }) => [terminals, isOdd, examples[0]])).toEqual([
      [1, true, toTusn(334)],
      [499, false, toTusn(1)],
    ]);
    expect(renderRelease(odd, toOptions())).toMatch(/^!!! \[1\] 1 terminal .*ODD ONE OUT/m);
  });

  it("stand apart from the one among them at which another field changes too", () => {
    const odd = toRelease(
      toSteps(500, (at) =>
        toProfile({ parameters: { deadlineS: 90 }, ...(at === 7 ? { acquiring: { host: "203.0.113.9" } } : {}) }),
      ),
      MERCHANT,
    );
    expect(groupsOf(odd).map((group) => [group.class, group.terminals])).toEqual([
      ["merchant", 1],
      ["parameters", 499],
    ]);
  });

  it("stand apart from those with another way to fail, and from first profiles", () => {
    const next = () => toProfile({ merchant: { shortName: "大张" } });
    const plain = toSteps(3, next);
    const suspending = toSteps(4, next, { change: { onFail: "suspend" } }).slice(3);
    const first = toSteps(5, next, { base: undefined }).slice(4);
    const groups = groupsOf(toRelease([...plain, ...suspending, ...first], { purpose: "binding" }));
    expect(groups.map(({ kind, onFail, terminals }) => [kind, onFail, terminals])).toEqual([
      ["first", "rollback", 1],
      ["change", "suspend", 1],
      ["change", "rollback", 3],
    ]);
  });

  it("stay together where a field differs from terminal to terminal anyway, which is told with examples", () => {
    const numbered = toRelease(
      toSteps(349, (at) => toProfile({ acquiring: { terminalNo: `58D${String(at).padStart(5, "0")}` } })),
      MERCHANT,
    );
    const [group, ...others] = groupsOf(numbered);
    expect(others).toEqual([]);
    expect(group?.fields).toMatchObject([{ field: "acquiring.terminalNo", distinct: 349 }]);
    expect(group?.fields[0]?.variants).toHaveLength(3);
    expect(renderRelease(numbered, toOptions())).toContain("349 different changes");
  });

  it("show the rarest values where there are too many to show: they are what was meant to be overlooked", () => {
    const hosts = (at: number) => (at === 250 ? "203.0.113.9" : `10.0.0.${at % 30}`);
    const many = toRelease(
      toSteps(600, (at) => toProfile({ acquiring: { host: hosts(at) } })),
      MERCHANT,
    );
    const variants = groupsOf(many).flatMap(({ fields }) => fields.flatMap((field) => field.variants));
    expect(variants).toContainEqual({ before: "127.0.0.1", befores: 1, after: "203.0.113.9", terminals: 1 });
  });

  it("show every new value where only the old ones are too many: one of them may be a thief's", () => {
    const held = (at: number) => toProfile({ acquiring: { host: `10.0.0.${at}` } });
    const steps = toSteps(40, (at) => toProfile({ acquiring: { host: at === 30 ? "203.0.113.9" : "192.0.2.1" } }));
    const moving = toRelease(
      steps.map((step, at) => ({ ...step, base: held(at) })),
      MERCHANT,
    );
    expect(groupsOf(moving).flatMap(({ fields }) => fields)).toEqual([
      {
        field: "acquiring.host",
        distinct: 40,
        variants: [
          { before: "10.0.0.39", befores: 39, after: "192.0.2.1", terminals: 39 },
          { before: "10.0.0.30", befores: 1, after: "203.0.113.9", terminals: 1 },
        ],
      },
    ]);
    expect(renderRelease(moving, toOptions())).toMatch(
      /39 terminals +10\.0\.0\.39 … \(39\) +192\.0\.2\.1\n.*203\.0\.113\.9/,
    );
  });

  it("stand apart from those whose way back ends otherwise when its test fails", () => {
    const next = () => toProfile({ merchant: { shortName: "大张" } });
    const steps = toSteps(6, next, { hasReserve: true }).map((step, at) =>
      at === 5 ? { ...step, backOnFail: "suspend" as const } : step,
    );
    const groups = groupsOf(toRelease(steps, MERCHANT));
    expect(groups.map(({ wayBack }) => [wayBack?.terminals, wayBack?.onFail])).toEqual([
      [1, "suspend"],
      [5, "rollback"],
    ]);
  });

  it("of other merchants are counted", () => {
    const merchants = toSteps(40, (at) =>
      toProfile({ merchant: { number: `82229005812${String(at).padStart(4, "0")}`, shortName: "新名" } }),
    );
    const [group] = groupsOf(
      toRelease(
        merchants.map((step) => ({
          ...step,
          base: { ...SAMPLE_PROFILE, merchant: { ...step.next.merchant, shortName: "旧名" } },
        })),
        MERCHANT,
      ),
    );
    expect(group).toMatchObject({ terminals: 40, merchants: 40 });
    expect(group?.merchantExamples).toHaveLength(3);
  });

  it("are told where nothing differs at all", () => {
    const same = toRelease(
      toSteps(2, () => ({ ...SAMPLE_PROFILE, number: 2 })),
      PARAMETERS,
    );
    expect(groupsOf(same)).toMatchObject([{ terminals: 2, fields: [] }]);
    expect(renderRelease(same, toOptions())).toContain("nothing differs");
  });
});

describe("a change of route", () => {
  it("is warned of: it decides who is paid", () => {
    const rerouted = toRelease(
      toSteps(2, () => toProfile({ acquiring: { acquirer: "48220001" } })),
      MERCHANT,
    );
    const { warnings } = toReleaseJson(rerouted, toOptions());
    expect(warnings.shown).toMatchObject([{ kind: "route", terminals: 2 }]);
  });
});

describe("a sequence so high that no later change could follow", () => {
  it("is warned of, even at one terminal among many", () => {
    const next = () => toProfile({ parameters: { deadlineS: 90 } });
    const steps = toSteps(100, next).map((step, at) =>
      at === 41 ? { ...step, change: { sequence: 0xffff_fffe } } : step,
    );
    const { warnings, groups } = toReleaseJson(toRelease(steps, PARAMETERS), toOptions());
    expect(warnings.shown).toMatchObject([{ kind: "sequence", terminals: 1, examples: [toTusn(42)] }]);
    expect(groups.shown).toMatchObject([{ terminals: 100, sequence: [5, 0xffff_fffe] }]);
  });
});

describe("a release of a million terminals", () => {
  it("is told in bounded length, with the one that is odd first", () => {
    const [plain, odd] = [90, 9_000].map((deadlineS) => toProfile({ parameters: { deadlineS } }));
    if (plain === undefined || odd === undefined) throw new Error("two profiles");
    const text = renderRelease(
      toHugeRelease(1_000_000, (at) => (at === 777_777 ? odd : plain)),
      toOptions(),
    );
    expect(text.length).toBeLessThan(5_000);
    expect(text).toMatch(/\[1\] 1 terminal .*\n.*\n.*30 +9000/);
    expect(text).toContain("999,999 terminals");
  }, 180_000);

  it("is told in bounded length where every one changes in its own way, and says how many are not shown", () => {
    const chaos = toHugeRelease(20_000, (at) => {
      const pick = (bit: number, value: number) => ((at >> bit) & 1 ? value : undefined);
      const chosen = {
        attempts: pick(0, 3),
        connectMs: pick(1, 200),
        answerMs: pick(2, 300),
        retryBaseMs: pick(3, 400),
      };
      const more = { reversalBaseMs: pick(4, 500), deadlineS: pick(5, 600), amountFen: pick(6, 7) };
      const parameters = Object.fromEntries(Object.entries({ ...chosen, ...more }).filter(([, value]) => value));
      return toProfile({ parameters });
    });
    const { groups } = toReleaseJson(chaos, toOptions());
    expect(groups.shown).toHaveLength(MAX_GROUPS);
    expect(groups.left).toBe(128 - MAX_GROUPS);
    const text = renderRelease(chaos, toOptions());
    expect(text).toMatch(/^!!! … and 28 more that are NOT SHOWN/m);
    expect(text.length).toBeLessThan(200_000);
  });
});
