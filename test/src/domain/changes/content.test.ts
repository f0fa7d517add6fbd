import { describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import type { ChangeKind } from "../../../../src/domain/changes/change.ts";
import {
  type ChangeContent,
  checkContent,
  findGoing,
  MAX_VALID_UNTIL,
  parseContentText,
  toChangedFields,
  toContentText,
  toOpenText,
  toTerminalBinding,
  toTerminalPatch,
} from "../../../../src/domain/changes/content.ts";
import type { BindingRecord, MerchantFacts, SettlementRecord } from "../../../../src/domain/records/record.ts";
import { SAMPLE_PROFILE } from "../../../support/release.ts";

const SETTLEMENT: SettlementRecord = { ...SAMPLE_PROFILE.binding, validFrom: null, validUntil: 2_000_000_000 };
const PATCH: ChangeContent = { patch: { name: "新名字" } };

function tryCheck(kind: ChangeKind, content: ChangeContent): string {
  try {
    checkContent(kind, content);
    return "fine";
  } catch (error) {
    return toErrorCode(error);
  }
}

function toBinding(id: number, change: Partial<BindingRecord> = {}): BindingRecord {
  const standing = {
    state: "in_force",
    isPrimary: false,
    since: 1,
    until: null,
    replaces: null,
    changeId: "",
  } as const;
  return { ...SETTLEMENT, ...standing, id, ...change };
}

describe("what a change shall bring", () => {
  it("is written and read as it is, commitments too", () => {
    for (const content of [PATCH, { settlement: SETTLEMENT, bindingId: 7, sealed: "AAAA" }]) {
      const read = parseContentText(toContentText(content));
      expect(toContentText(read)).toBe(toContentText(content));
      expect(Buffer.from(read.settlement?.commitment ?? []).toString("hex")).toBe(
        Buffer.from(content === PATCH ? [] : SETTLEMENT.commitment).toString("hex"),
      );
    }
  });

  it("is told without what only an acquirer can read", () => {
    const text = toContentText({ settlement: SETTLEMENT, sealed: "AAAA", sealedBefore: "BBBB" });
    expect(toOpenText(text)).toBe(toContentText({ settlement: SETTLEMENT }));
  });

  it("that somebody has edited is a fault of the database", () => {
    for (const text of ["{", "null", '{"settlement":{}}']) {
      expect(() => parseContentText(text)).toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
    }
  });

  it.each<[string, ChangeKind, ChangeContent]>([
    ["fine", "merchant", PATCH],
    ["fine", "merchant", { patch: { principal: "林海", uscc: "" } }],
    ["fine", "merchant", { patch: { licenceValidUntil: null } }],
    ["fine", "merchant", { patch: { licenceValidUntil: MAX_VALID_UNTIL } }],
    ["FIELD_INVALID", "merchant", { patch: { licenceValidUntil: MAX_VALID_UNTIL + 1 } }],
    ["FIELD_INVALID", "merchant", { patch: { licenceValidUntil: -1 } }],
    ["FIELD_INVALID", "merchant", { patch: { licenceValidUntil: 1.5 } }],
    ["FIELD_INVALID", "contact", { patch: { licenceValidUntil: 1 } }],
    ["fine", "contact", { patch: { contacts: [] } }],
    ["fine", "settlement.add", { settlement: SETTLEMENT }],
    ["fine", "settlement.replace", { settlement: SETTLEMENT }],
    ["fine", "settlement.replace", { settlement: SETTLEMENT, bindingId: 3 }],
    ["fine", "settlement.remove", { bindingId: 3 }],
    ["FIELD_MISSING", "merchant", {}],
    ["FIELD_MISSING", "merchant", { patch: {} }],
    ["FIELD_INVALID", "merchant", { patch: { contacts: [] } }],
    ["FIELD_INVALID", "merchant", { ...PATCH, settlement: SETTLEMENT }],
    ["FIELD_INVALID", "merchant", { ...PATCH, bindingId: 3 }],
    ["FIELD_INVALID", "contact", PATCH],
    ["FIELD_INVALID", "settlement.add", { settlement: SETTLEMENT, bindingId: 3 }],
    ["FIELD_INVALID", "settlement.add", { settlement: SETTLEMENT, ...PATCH }],
    ["FIELD_MISSING", "settlement.replace", { bindingId: 3 }],
    ["FIELD_MISSING", "settlement.remove", {}],
    ["FIELD_INVALID", "settlement.remove", { bindingId: 3, settlement: SETTLEMENT }],
  ])("is %s for %s with %j", (code, kind, content) => {
    expect(tryCheck(kind, content)).toBe(code);
  });

  it("names the fields that differ, and apart from them what terminals hold", () => {
    const details = { ownerKind: "enterprise", principal: "", licenceValidUntil: null, contacts: [] } as const;
    const facts: MerchantFacts = { ...SAMPLE_PROFILE.merchant, ...details };
    const patch = { name: "新名字", shortName: facts.shortName, principal: "林海" };
    expect(toChangedFields(facts, patch)).toEqual(["name", "principal"]);
    expect(toTerminalPatch(patch)).toEqual({ name: "新名字", shortName: facts.shortName });
    expect([toChangedFields(facts), toTerminalPatch()]).toEqual([[], {}]);
    expect(toChangedFields(facts, { licenceValidUntil: 1 })).toEqual(["licenceValidUntil"]);
    expect(toChangedFields(facts, { licenceValidUntil: null })).toEqual([]);
    expect(toChangedFields({ ...facts, licenceValidUntil: 1 }, { licenceValidUntil: null })).toHaveLength(1);
    expect(toTerminalPatch({ licenceValidUntil: 1 })).toEqual({});
  });

  it("gives terminals the account that comes, where theirs is the one that goes", () => {
    const [primary, other, prepared] = [
      toBinding(1, { isPrimary: true }),
      toBinding(2),
      toBinding(3, { state: "prepared" }),
    ];
    const all = [primary, other, prepared];
    const replace = (content: ChangeContent) => toTerminalBinding("settlement.replace", content, all);
    expect(replace({ settlement: SETTLEMENT })).toBe(SETTLEMENT);
    expect(replace({ settlement: SETTLEMENT, bindingId: 1 })).toBe(SETTLEMENT);
    expect(replace({ settlement: SETTLEMENT, bindingId: 2 })).toBeUndefined();
    expect(toTerminalBinding("settlement.remove", { bindingId: 1 }, all)).toBe(other);
    expect(toTerminalBinding("settlement.remove", { bindingId: 1 }, [primary, prepared])).toBeUndefined();
    expect(toTerminalBinding("settlement.remove", { bindingId: 2 }, all)).toBeUndefined();
    expect(toTerminalBinding("settlement.add", { settlement: SETTLEMENT }, all)).toBeUndefined();
    expect(toTerminalBinding("merchant", PATCH, all)).toBeUndefined();
  });

  it("is about an account in force", () => {
    const bindings = [toBinding(1, { isPrimary: true }), toBinding(3, { state: "prepared" })];
    expect(findGoing(bindings, undefined).id).toBe(1);
    for (const id of [3, 9]) {
      expect(() => findGoing(bindings, id)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    }
    expect(() => findGoing([], undefined)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});
