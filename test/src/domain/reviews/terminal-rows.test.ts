import { describe, expect, it } from "vitest";
import type { ReviewChange, ReviewDeployment, ReviewTerminal } from "../../../../src/domain/reviews/facts.ts";
import { findTerminalRows } from "../../../../src/domain/reviews/find-terminal-rows.ts";
import { SETTING_NAMES } from "../../../../src/domain/settings.ts";
import { TUSN_0 } from "../../../support/fleet-store.ts";
import {
  ACCOUNT,
  inDays,
  NEW,
  NOW,
  OLD,
  OTHER_ACCOUNT,
  toReviewDeployment,
  toReviewMerchant,
  toReviewTerminal,
} from "../../../support/review-facts.ts";

const MERCHANT = toReviewMerchant();
const UNKNOWN = "cc".repeat(32);
const CHANGE = { id: "C0123456789abcdef", state: "failed" } as const;
const HELD = { merchant: MERCHANT, binding: ACCOUNT };

function find(change: Partial<ReviewTerminal>, merchant = MERCHANT) {
  return findTerminalRows(merchant, toReviewTerminal(change), NOW).map(({ kind, severity, next, at }) => [
    ...[kind, severity, next],
    at,
  ]);
}

const without = (...names: readonly (keyof ReviewTerminal)[]): ReviewTerminal => {
  const terminal = { ...toReviewTerminal() };
  for (const name of names) Reflect.deleteProperty(terminal, name);
  return terminal;
};
const findIn = (terminal: ReviewTerminal) => findTerminalRows(MERCHANT, terminal, NOW).map(({ kind }) => kind);
const reports = (current: string, deployment: Partial<ReviewDeployment> = {}) => ({
  reported: { current, lastSeen: inDays(-1) },
  deployment: toReviewDeployment(deployment),
});

describe("a terminal", () => {
  it("that holds what it committed, and is heard of, is in order", () => {
    expect(find({})).toEqual([]);
    expect(findIn(without("deployment"))).toEqual([]);
  });

  it.each([{ life: "retired" }, { life: "replaced" }, { enrolled: false }] as const)(
    "with %j is not looked at",
    (change) => {
      expect(find({ ...change, reported: { current: UNKNOWN, lastSeen: inDays(-99) } })).toEqual([]);
    },
  );

  it.each<[string, ReviewDeployment["state"], readonly string[]]>([
    [OLD, "committed", ["terminal_drift"]],
    [NEW, "committed", []],
    [OLD, "pending", []],
    [NEW, "applied", []],
    ["", "sent", ["terminal_drift"]],
    [NEW, "rolled_back", ["terminal_drift", "terminal_behind"]],
    [OLD, "rolled_back", ["terminal_behind"]],
    [OLD, "refused", ["terminal_behind"]],
    [NEW, "superseded", ["terminal_behind"]],
    [OLD, "suspended", ["terminal_behind"]],
    [NEW, "broken", ["terminal_behind"]],
  ])("that reports %s after a directive that is %s", (current, state, kinds) => {
    expect(find(reports(current, { state })).map(([kind]) => kind)).toEqual(kinds);
  });

  it("that reports another profile is told with both, and the account that it settles to", () => {
    const [row] = findTerminalRows(MERCHANT, toReviewTerminal(reports(OLD)), NOW);
    expect(row).toMatchObject({
      ...{ merchant: MERCHANT.number, tusn: TUSN_0, kind: "terminal_drift", severity: "urgent", at: inDays(-1) },
      desired: `profile ${NEW.slice(0, 12)}`,
      reported: `profile ${OLD.slice(0, 12)} 622848******0018 农业银行`,
      command: `tillsync terminals show ${TUSN_0}`,
    });
    const [empty] = findTerminalRows(MERCHANT, { ...without("held"), ...reports("") }, NOW);
    expect(empty).toMatchObject({ kind: "terminal_drift", reported: "no profile" });
    const [open] = findTerminalRows(MERCHANT, toReviewTerminal(reports(UNKNOWN, { state: "sent" })), NOW);
    expect(open?.desired).toBe(`profile ${OLD.slice(0, 12)} or profile ${NEW.slice(0, 12)}`);
  });

  it("that reports a profile which nobody knows is told so", () => {
    const terminal = { ...without("held"), ...reports(UNKNOWN) };
    expect(findIn(terminal)).toEqual(["terminal_unknown_profile"]);
    expect(findIn({ ...without("held", "deployment"), reported: terminal.reported })).toEqual([
      "terminal_unknown_profile",
    ]);
    expect(findIn({ ...without("held", "deployment"), reported: { current: "", lastSeen: NOW } })).toEqual([]);
  });
});

describe("what a terminal committed, beside the record", () => {
  const record = { ...MERCHANT, name: "福州 O'Neil 茶业", mcc: "5411" };

  it("is told field by field, with the release that brings it up", () => {
    const [row, ...more] = findTerminalRows(record, toReviewTerminal(), NOW);
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      ...{ kind: "records_drift", severity: "soon", next: "release_record", at: inDays(-1) },
      desired: "name 福州 O'Neil 茶业, mcc 5411",
      reported: `name ${MERCHANT.name}, mcc ${MERCHANT.mcc}`,
      command:
        `tillsync release build --tusn ${TUSN_0} --set 'merchant.name=福州 O'\\''Neil 茶业' ` +
        "--set merchant.mcc=5411 --reason WHY --out RELEASE.release",
    });
  });

  it("names each field as the command line takes it", () => {
    const fields = { shortName: "新店", licenceNo: "310115600985533", taxNo: "350100M000100Y4", uscc: "" };
    const [row] = findTerminalRows({ ...MERCHANT, ...fields }, toReviewTerminal(), NOW);
    const names = Array.from((row?.command ?? "").matchAll(/--set '?(merchant\.\w+)=/g), ([, name]) => name);
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !SETTING_NAMES.includes(String(name)))).toEqual([]);
  });

  it("is urgent where the account differs, in whatever a profile tells of it", () => {
    for (const change of [OTHER_ACCOUNT, { holder: "张伟" }, { commitment: "33".repeat(32) }]) {
      const held = { merchant: MERCHANT, binding: { ...ACCOUNT, ...change } };
      const [row] = findTerminalRows(MERCHANT, toReviewTerminal({ held }), NOW);
      expect(row).toMatchObject({
        kind: "records_drift",
        severity: "urgent",
        desired: "account 622848******0018 农业银行",
      });
      expect(row?.command).toContain("--binding BINDING.json");
    }
  });

  it("waits for what is on its way", () => {
    expect(find(reports(OLD, { state: "sent" }), record)).toEqual([]);
    const change: ReviewChange = {
      ...({ id: CHANGE.id, kind: "merchant", group: "merchant", state: "releasing" } as const),
      ...{ updatedAt: NOW, isReleased: true, tasks: [] },
    };
    expect(find({}, { ...record, changes: [change] })).toEqual([
      ["records_drift", "soon", "follow_change", inDays(-1)],
    ]);
    expect(find({}, { ...record, changes: [{ ...change, state: "draft" }] })[0]).toContain("release_record");
  });

  it("says nothing of the account where an edited database has none", () => {
    expect(find({}, { ...MERCHANT, bindings: [] })).toEqual([]);
  });
});

describe("a directive", () => {
  it("that is open past its time is behind, and before that is not", () => {
    expect(find(reports(OLD, { state: "sent", notAfter: NOW }))).toEqual([]);
    expect(find(reports(OLD, { state: "sent", notAfter: NOW - 1 }))).toEqual([
      ["terminal_behind", "note", "look_at_terminal", NOW - 1],
    ]);
    const late = toReviewTerminal(reports(OLD, { state: "applied", notAfter: NOW - 1, code: "X" }));
    expect(findTerminalRows(MERCHANT, late, NOW)[0]).toMatchObject({
      desired: `sequence 2, profile ${NEW.slice(0, 12)}`,
      reported: "overdue X",
    });
  });

  it("that stopped the terminal is urgent; one after which it does not hold the record is to be done soon", () => {
    expect(find(reports(OLD, { state: "broken", code: "TEST_FAILED" }))[0]).toContain("urgent");
    const held = { merchant: { ...MERCHANT, name: "旧名" }, binding: ACCOUNT };
    expect(find({ ...reports(OLD, { state: "rolled_back" }), held })[0]).toContain("soon");
    expect(find({ ...reports(OLD, { state: "rolled_back" }), held: HELD })[0]).toContain("note");
    const empty = { ...without("held"), ...reports("", { state: "refused", base: "" }) };
    expect(findTerminalRows(MERCHANT, empty, NOW)[0]).toMatchObject({ kind: "terminal_behind", severity: "soon" });
  });

  it("is followed by what becomes of its change", () => {
    const ended = (state: NonNullable<ReviewDeployment["change"]>["state"]) =>
      find(reports(OLD, { state: "rolled_back", change: { ...CHANGE, state } }))[0];
    expect(ended("failed")).toContain("amend_change");
    expect(ended("releasing")).toContain("follow_change");
    expect(ended("done")).toContain("look_at_terminal");
  });
});

describe("a terminal that is not heard of", () => {
  it.each([
    [6, undefined],
    [7, ["terminal_silent", "note", "call_merchant", inDays(-7)]],
    [29, ["terminal_silent", "note", "call_merchant", inDays(-29)]],
    [30, ["terminal_silent", "soon", "call_merchant", inDays(-30)]],
  ])("for %i days", (days, row) => {
    const reported = { current: NEW, lastSeen: inDays(-days) };
    expect(find({ reported })).toEqual(row === undefined ? [] : [row]);
    expect(find({ reported, life: "suspended" })).toEqual([]);
  });

  it("at all is noted", () => {
    expect(findTerminalRows(MERCHANT, without("reported", "held", "deployment"), NOW)).toMatchObject([
      { kind: "terminal_silent", severity: "note", at: null },
    ]);
  });
});
