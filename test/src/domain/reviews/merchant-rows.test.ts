import { describe, expect, it } from "vitest";
import type { ReviewChange, ReviewMerchant } from "../../../../src/domain/reviews/facts.ts";
import { findMerchantRows } from "../../../../src/domain/reviews/find-merchant-rows.ts";
import { DEFAULT_REVIEW_POLICY } from "../../../../src/domain/reviews/policy.ts";
import {
  inDays,
  NOW,
  OTHER_ACCOUNT,
  toOnRecord,
  toReviewAcquirer,
  toReviewBinding,
  toReviewMerchant,
} from "../../../support/review-facts.ts";

const CHANGE: ReviewChange = {
  ...({ id: "C0123456789abcdef", kind: "settlement.replace", group: "settlement", state: "draft" } as const),
  ...{ updatedAt: NOW, isReleased: true, tasks: [] },
};

/** Kind, severity, subject, next step and time of each row. */
function find(change: Partial<ReviewMerchant>) {
  return findMerchantRows(toReviewMerchant(change), NOW).map(({ kind, severity, subject, next, at }) => [
    ...[kind, severity, subject, next],
    at,
  ]);
}

function findCommands(change: Partial<ReviewMerchant>) {
  return findMerchantRows(toReviewMerchant(change), NOW).map(({ command }) => command);
}

it("says nothing of a merchant that is in order", () => {
  expect(find({})).toEqual([]);
  expect(find({ acquirers: [toReviewAcquirer()] })).toEqual([]);
});

describe("an account", () => {
  const ending = (days: number, isPrimary = true) => [toReviewBinding({ validUntil: inDays(days), isPrimary })];

  it.each([
    [61, []],
    [60, ["account_expiring", "soon", "1", "replace_account", inDays(60)]],
    [31, ["account_expiring", "soon", "1", "replace_account", inDays(31)]],
    [30, ["account_expiring", "urgent", "1", "replace_account", inDays(30)]],
    [0, ["account_expired", "urgent", "1", "replace_account", inDays(0)]],
    [-9, ["account_expired", "urgent", "1", "replace_account", inDays(-9)]],
  ])("that ends in %i days", (days, row) => {
    expect(find({ bindings: ending(days) })).toEqual(row.length === 0 ? [] : [row]);
  });

  it("that is only kept ready is noted, and can be taken away", () => {
    const spare = { bindings: [toReviewBinding(), ...ending(-9, false).map((one) => ({ ...one, id: 2 }))] };
    expect(find(spare)).toEqual([["account_expired", "note", "2", "remove_account", inDays(-9)]]);
    expect(findCommands(spare)[0]).toContain("--kind settlement.remove --reason-code account_expiring");
  });

  it("is shown masked, with the change that replaces it where there is one", () => {
    const [row] = findMerchantRows(toReviewMerchant({ bindings: ending(1) }), NOW);
    expect(row?.desired).toBe("622848******0018 农业银行");
    expect(row?.command).toBe(
      `tillsync changes create --merchant ${row?.merchant} --kind settlement.replace --reason-code account_expiring ` +
        "--reason WHY --binding BINDING.json",
    );
    expect(findCommands({ bindings: ending(1), changes: [CHANGE] })).toEqual([`tillsync changes show ${CHANGE.id}`]);
  });

  it("that was prepared and is not used is told after two weeks", () => {
    const prepared = (days: number, changeId = CHANGE.id) => [
      toReviewBinding(),
      toReviewBinding({ id: 2, state: "prepared", isPrimary: false, since: inDays(-days), changeId }),
    ];
    expect(find({ bindings: prepared(13) })).toEqual([]);
    expect(find({ bindings: prepared(14) })).toEqual([["account_unused", "soon", "2", "follow_change", inDays(-14)]]);
    expect(find({ bindings: prepared(14, "") })).toEqual([
      ["account_unused", "soon", "2", "call_merchant", inDays(-14)],
    ]);
  });
});

describe("a licence", () => {
  it.each([
    [61, []],
    [60, ["licence_expiring", "soon", "", "renew_licence", inDays(60)]],
    [30, ["licence_expiring", "urgent", "", "renew_licence", inDays(30)]],
    [0, ["licence_expired", "urgent", "", "renew_licence", inDays(0)]],
  ])("that ends in %i days", (days, row) => {
    expect(find({ licenceValidUntil: inDays(days) })).toEqual(row.length === 0 ? [] : [row]);
  });

  it("of which nobody has told is noted, and the change that tells is followed", () => {
    expect(find({ licenceValidUntil: null })).toEqual([["licence_unknown", "note", "", "tell_licence", null]]);
    const change = { ...CHANGE, kind: "merchant", group: "merchant" } as const;
    expect(find({ licenceValidUntil: null, changes: [change] })[0]).toContain("follow_change");
    expect(findCommands({ licenceValidUntil: NOW })[0]).toContain("--reason-code licence_renewed");
  });
});

describe("a review", () => {
  it.each([
    [334, []],
    [335, ["review_soon", "note", "", "review", inDays(30)]],
    [365, ["review_overdue", "soon", "", "review", inDays(0)]],
    [455, ["review_overdue", "urgent", "", "review", inDays(-90)]],
  ])("is due a year after the record began, %i days ago", (days, row) => {
    expect(find({ began: inDays(-days) })).toEqual(row.length === 0 ? [] : [row]);
  });

  it("is due by the pack's days, after the last one", () => {
    expect(find({ began: inDays(-900), reviewedAt: inDays(-100) })).toEqual([]);
    expect(find({ began: inDays(-900), reviewedAt: inDays(-100), reviewDays: 90 })[0]).toContain("review_overdue");
    expect(findCommands({ began: inDays(-900) })[0]).toMatch(/^tillsync reviews done \d{15} --note NOTE --by YOU$/);
  });
});

describe("an acquirer", () => {
  const asked = (change: object) => {
    const fine = toReviewAcquirer();
    return { acquirers: [{ ...fine, asked: { ...fine.asked, ...change } as NonNullable<typeof fine.asked> }] };
  };
  const shows = (masked: string, more: object = {}) => asked({ onRecord: toOnRecord({ masked, ...more }) });

  it("that nobody can ask, or a person has to, is noted", () => {
    const unasked = (next: string, at: number | null) => [["acquirer_unasked", "note", "A1", next, at]];
    expect(find({ acquirers: [{ code: "A1", way: "none" }] })).toEqual(unasked("set_up_acquirer", null));
    const manual = { code: "A1", way: "manual" } as const;
    expect(find({ acquirers: [manual] })).toEqual(unasked("look_at_acquirer", inDays(-100)));
    // Somebody has looked since the account came: at a review, or when an order was confirmed.
    expect(find({ acquirers: [manual], reviewedAt: inDays(-99) })).toEqual([]);
    expect(find({ acquirers: [{ ...manual, confirmedAt: inDays(-99) }] })).toEqual([]);
    const old = { reviewedAt: inDays(-40), reviewDays: 30, acquirers: [manual] };
    expect(find(old)).toContainEqual(unasked("look_at_acquirer", inDays(-10))[0]);
    expect(find({ acquirers: [{ code: "A1", way: "machine" }] })).toEqual(unasked("ask_acquirer", null));
  });

  it("that has an old answer, or one from before the account came, is to be asked", () => {
    expect(find(asked({ answeredAt: inDays(-2) }))).toEqual([]);
    expect(find(asked({ answeredAt: inDays(-3) }))).toEqual([
      ["acquirer_unasked", "note", "A1", "ask_acquirer", inDays(-3)],
    ]);
    const bindings = [toReviewBinding({ since: NOW })];
    expect(find({ ...shows("622202***5702"), bindings })).toEqual([
      ["acquirer_unasked", "note", "A1", "ask_acquirer", inDays(-1)],
    ]);
  });

  it("that does not answer is told with its code, more loudly once its last answer is old", () => {
    const [row] = findMerchantRows(toReviewMerchant(asked({ code: "ACQUIRER_FAILED" })), NOW);
    expect(row).toMatchObject({ kind: "acquirer_unreachable", severity: "note", acquirer: "ACQUIRER_FAILED" });
    expect(find(asked({ code: "ACQUIRER_FAILED", answeredAt: null, onRecord: undefined }))).toEqual([
      ["acquirer_unreachable", "soon", "A1", "check_acquirer", inDays(-1)],
    ]);
    expect(find(asked({ code: "NOT_FOUND", answeredAt: null }))).toEqual([
      ["acquirer_unasked", "note", "A1", "set_up_acquirer", null],
    ]);
  });

  it.each([
    ["another account", shows("622202***5702", { bank: "工商银行" }), "622202***5702 工商银行: another account"],
    ["none", asked({ onRecord: undefined }), "no account"],
    ["the account before", { ...shows("622202***5702"), before: OTHER_ACCOUNT }, "622202***5702: the account before"],
    [
      "one that cannot be paid to",
      shows("622848***0018", { credit: "failed" }),
      "622848***0018: the trial payment failed",
    ],
  ])("that has %s on record is told as urgent", (_what, change, acquirer) => {
    const [row, ...more] = findMerchantRows(toReviewMerchant(change), NOW);
    expect(row).toMatchObject({
      ...{ kind: "acquirer_drift", severity: "urgent", subject: "A1", at: inDays(-1) },
      ...{ desired: "622848******0018 农业银行", acquirer, next: "call_acquirer" },
    });
    expect(row?.command).toMatch(/^tillsync acquirers query \d{15} --acquirer A1$/);
    expect(more).toEqual([]);
  });

  it("that shows too little is noted; one that tries the account is in order", () => {
    expect(find(shows("***8"))).toEqual([["acquirer_indistinct", "note", "A1", "call_acquirer", inDays(-1)]]);
    expect(find(shows("622848***0018", { credit: "pending" }))).toEqual([]);
  });

  it("that has the account which a change brings is on its way", () => {
    const coming = toReviewBinding({ ...OTHER_ACCOUNT, id: 2, state: "prepared", isPrimary: false, since: NOW });
    expect(find({ ...shows("622202***5702"), bindings: [toReviewBinding(), coming] })).toEqual([]);
    const spare = { ...coming, state: "in_force" } as const;
    expect(find({ ...shows("622202***5702"), bindings: [toReviewBinding(), spare] })[0]).toContain("acquirer_drift");
    const order = { requestNo: "R1", acquirer: "A1", state: "auditing", updatedAt: NOW, overdueAt: null } as const;
    expect(find({ ...shows("622202***5702"), orders: [order] })).toEqual([]);
    expect(find({ ...shows("622202***5702"), orders: [{ ...order, acquirer: "A2" }] })).toHaveLength(1);
  });

  it("never makes a row that holds a whole number, whatever it sent", () => {
    const rows = findMerchantRows(toReviewMerchant(shows("6222***5702", { bank: "6228480402564890018" })), NOW);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain("6228480402564890018");
  });

  it("is not looked at where an edited database has no primary account", () => {
    expect(find({ bindings: [], acquirers: [{ code: "A1", way: "none" }] })).toEqual([]);
  });
});

describe("a change", () => {
  it.each([
    ["draft", 30, "note", "submit_change", "tillsync changes submit"],
    ["rejected", 30, "note", "amend_change", "tillsync changes amend"],
    ["submitted", 3, "soon", "ask_approvers", "tillsync-sign fetch --service"],
    ["approved", 3, "soon", "follow_change", "tillsync changes show"],
    ["releasing", 7, "soon", "follow_change", "tillsync changes show"],
  ] as const)("that is %s is stuck after %i days", (state, days, severity, next, command) => {
    const change = (since: number) => ({ changes: [{ ...CHANGE, state, updatedAt: inDays(-since) }] });
    expect(find(change(days - 1))).toEqual([]);
    expect(find(change(days))).toEqual([["change_stuck", severity, CHANGE.id, next, inDays(-days)]]);
    expect(findCommands(change(days))[0]?.startsWith(command)).toBe(true);
  });

  it("is told with what it waits for", () => {
    const stuck = (change: Partial<ReviewChange>) => ({ changes: [{ ...CHANGE, updatedAt: inDays(-40), ...change }] });
    const records = stuck({ state: "submitted", isReleased: false });
    expect(findCommands(records)[0]).toContain(`tillsync-sign approve ${CHANGE.id} --service`);
    const task = stuck({ state: "releasing", tasks: ["update_contact"] });
    expect(findCommands(task)).toEqual([`tillsync changes task ${CHANGE.id} update_contact --note NOTE`]);
    expect(findMerchantRows(toReviewMerchant(task), NOW)[0]?.reported).toBe("releasing update_contact");
  });
});

describe("an order", () => {
  const order = { requestNo: "C0123456789abcdefA3", acquirer: "A1", state: "auditing", updatedAt: NOW } as const;

  it("is told where it takes too long or is contradicted, and not before", () => {
    expect(find({ orders: [{ ...order, overdueAt: null }] })).toEqual([]);
    expect(find({ orders: [{ ...order, overdueAt: inDays(-2) }] })).toEqual([
      ["order_open", "soon", order.requestNo, "resume_order", inDays(-2)],
    ]);
    const contradicted = { orders: [{ ...order, state: "contradicted", overdueAt: null } as const] };
    expect(find(contradicted)).toEqual([["order_open", "urgent", order.requestNo, "judge_order", NOW]]);
    expect(findCommands(contradicted)).toEqual([`tillsync acquirers confirm ${order.requestNo} --reason WHY --by YOU`]);
    const held = { orders: [{ ...order, state: "held", overdueAt: null } as const] };
    expect(find(held)).toEqual([["order_open", "urgent", order.requestNo, "resume_order", NOW]]);
  });
});

it("takes other thresholds, and tells all in one order", () => {
  const facts = toReviewMerchant({
    ...{
      licenceValidUntil: null,
      began: inDays(-400),
      acquirers: [{ code: "B" }, { code: "A" }].map((one) => ({ ...one, way: "none" as const })),
    },
    bindings: [toReviewBinding({ validUntil: inDays(61) })],
  });
  const policy = { ...DEFAULT_REVIEW_POLICY, accountSoonDays: 61 };
  expect(findMerchantRows(facts, NOW, policy).map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    ...["account_expiring 1", "licence_unknown ", "review_overdue ", "acquirer_unasked A", "acquirer_unasked B"],
  ]);
});
