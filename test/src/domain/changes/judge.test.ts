import { describe, expect, it } from "vitest";
import { type ChangeFacts, judgeChange } from "../../../../src/domain/changes/judge.ts";
import { DEFAULT_PACK, type PolicyPack } from "../../../../src/domain/changes/pack.ts";

const NOW = Date.parse("2026-11-22T04:00:00Z") / 1_000;
const DAY_S = 86_400;

const REPLACE: ChangeFacts = {
  ...{ kind: "settlement.replace", fields: [], account: "card", evidence: ["identity_card", "bank_card"] },
  ...{ isRecovery: false, lastDoneAt: undefined, inForce: 1 },
};

function judge(facts: Partial<ChangeFacts>, pack: Partial<PolicyPack> = {}) {
  return judgeChange({ ...DEFAULT_PACK, ...pack }, { ...REPLACE, ...facts }, NOW);
}

describe("a policy", () => {
  it("has nothing to say where all is well", () => {
    expect(judge({})).toEqual([]);
    expect(judge({ kind: "merchant", fields: ["name", "uscc"], evidence: ["licence"] })).toEqual([]);
  });

  it("forbids kinds that it does not name", () => {
    const { merchant: _, ...kinds } = DEFAULT_PACK.kinds;
    expect(judge({ kind: "merchant" }, { kinds })).toEqual([
      { weight: "refused", code: "POLICY_FORBIDS", what: "merchant" },
    ]);
  });

  it("forbids fields and kinds of accounts that it does not name, each", () => {
    const settlement = { ...DEFAULT_PACK.settlement, kinds: ["account"] as const };
    expect(judge({ fields: ["name", "mcc"] }, { fields: ["name"], settlement })).toEqual([
      { weight: "refused", code: "POLICY_FORBIDS", what: "mcc" },
      { weight: "refused", code: "POLICY_FORBIDS", what: "card" },
    ]);
  });

  it("names every piece of evidence that is missing", () => {
    expect(judge({ evidence: ["bank_card"] })).toEqual([
      { weight: "refused", code: "EVIDENCE_MISSING", what: "identity_card" },
    ]);
  });

  it("asks for other evidence where the present account is forgotten, or does not allow that", () => {
    expect(judge({ isRecovery: true })).toEqual([
      { weight: "refused", code: "EVIDENCE_MISSING", what: "request_form" },
    ]);
    expect(judge({ kind: "contact", isRecovery: true })).toEqual([
      { weight: "refused", code: "POLICY_FORBIDS", what: "recovery" },
    ]);
  });

  it("tells until when a change comes too soon after the last", () => {
    const lastDoneAt = NOW - 29 * DAY_S;
    expect(judge({ lastDoneAt })).toEqual([
      { weight: "refused", code: "CHANGE_TOO_SOON", what: "settlement.replace", until: NOW + DAY_S },
    ]);
    expect(judge({ lastDoneAt: NOW - 30 * DAY_S })).toEqual([]);
  });

  it("leaves no merchant without an account", () => {
    const removal = { kind: "settlement.remove", evidence: ["request_form"] } as const;
    expect(judge({ ...removal, inForce: 1 })).toEqual([
      { weight: "refused", code: "BINDING_LAST", what: "settlement.remove" },
    ]);
    expect(judge({ ...removal, inForce: 2 })).toEqual([]);
  });

  it("defers what falls into its hours, and refuses nothing for it", () => {
    const noon = { days: [7], from: 11 * 60, until: 13 * 60 };
    expect(judge({}, { blackouts: [noon] })).toEqual([
      { weight: "deferred", code: "CHANGE_BLACKOUT", what: "Asia/Shanghai", until: NOW + 3_600 },
    ]);
    expect(judge({}, { blackouts: [{ ...noon, days: [1] }] })).toEqual([]);
    expect(judge({}, { blackouts: [{ days: [1, 2, 3, 4, 5, 6, 7], from: 0, until: 1_440 }] })).toEqual([]);
  });
});
