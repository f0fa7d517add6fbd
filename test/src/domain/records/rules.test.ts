import { describe, expect, it } from "vitest";
import { ERRORS } from "../../../../proto/errors.ts";
import { isAllowed, verifyAllowed } from "../../../../src/domain/records/fault.ts";
import { DEFAULT_RECORD_POLICY, type RecordPolicy } from "../../../../src/domain/records/policy.ts";
import type { MerchantFacts, RecordPatch, SettlementRecord } from "../../../../src/domain/records/record.ts";
import {
  findMerchantFaults,
  findPatchFaults,
  findSettlementFaults,
  type SettlementQuestion,
} from "../../../../src/domain/records/rules.ts";
import { WORDS } from "../../../../src/domain/records/words.ts";
import { ACCOUNT, CARD, MERCHANT_FACTS } from "../../../support/merchant-facts.ts";
import { refusalOf } from "../../../support/refusal.ts";

const RESIDENT_ID = "11010519491231002X";
const MICRO = { ownerKind: "micro", uscc: "", licenceNo: RESIDENT_ID, taxNo: RESIDENT_ID } as const;

const toTexts = (faults: ReturnType<typeof findMerchantFaults>) =>
  faults.map(({ field, code, reason, severity }) => `${field} ${code}.${reason}${severity === "warning" ? "?" : ""}`);
const judge = (change: Partial<MerchantFacts>, policy?: RecordPolicy) =>
  toTexts(findMerchantFaults({ ...MERCHANT_FACTS, ...change }, policy));

function judgeSettlement(
  settlement: SettlementRecord,
  question: Partial<SettlementQuestion> = {},
  policy: Partial<RecordPolicy> = {},
): readonly string[] {
  const asked = { owner: MERCHANT_FACTS, cardClass: "debit", at: 1_800_000_000, ...question } as const;
  return toTexts(findSettlementFaults(settlement, asked, { ...DEFAULT_RECORD_POLICY, ...policy }));
}

describe("a merchant's data", () => {
  it("is sound for an enterprise, a sole trader and a micro-merchant, with old numbers or new", () => {
    const trader = "92350102MA2XY8K356";
    expect(judge({})).toEqual([]);
    expect(judge({ licenceNo: "310115600985533", taxNo: "350100M000100Y4" })).toEqual([]);
    expect(judge({ licenceNo: trader, taxNo: trader, uscc: trader, ownerKind: "sole_trader" })).toEqual([]);
    expect(judge(MICRO)).toEqual([]);
    expect(judge({ principal: "", contacts: [] })).toEqual([]);
  });

  it("is told all its faults at once, in the order of its fields", () => {
    const faults = judge({
      ...{ number: "82239105812107", name: "", shortName: "闽江\u202e春茶", licenceNo: "1", taxNo: "2", uscc: "3" },
      ...{ mcc: "58a2", principal: "CVV 123", contacts: [{ role: "shop", name: "店", phone: "", email: "" }] },
    });
    expect(faults).toEqual([
      "number MERCHANT_NUMBER_INVALID.length",
      "name NAME_INVALID.length",
      "shortName NAME_INVALID.alphabet",
      "licenceNo LICENCE_INVALID.length",
      "taxNo TAX_NUMBER_INVALID.length",
      "uscc USCC_INVALID.length",
      "mcc MCC_INVALID.alphabet",
      "principal SENSITIVE_DATA.sensitive",
      "contacts.0.phone FIELD_INVALID.unreachable",
    ]);
  });

  it.each<[Partial<MerchantFacts>, string]>([
    [{ number: "82239105812107x" }, "number MERCHANT_NUMBER_INVALID.alphabet"],
    [{ mcc: "58123" }, "mcc MCC_INVALID.length"],
    [{ uscc: "91350100M000100Y4I" }, "uscc USCC_INVALID.alphabet"],
    [{ uscc: "91350100M000100Y44" }, "uscc USCC_INVALID.check"],
    [{ licenceNo: "31011560098553x" }, "licenceNo LICENCE_INVALID.alphabet"],
    [{ licenceNo: "310115600985534" }, "licenceNo LICENCE_INVALID.check"],
    [{ taxNo: "350100m000100Y4" }, "taxNo TAX_NUMBER_INVALID.alphabet"],
    [{ taxNo: "350100M000100Y5" }, "taxNo TAX_NUMBER_INVALID.check"],
    [{ ...MICRO, licenceNo: "1101051949" }, "licenceNo RESIDENT_ID_INVALID.length"],
    [{ ...MICRO, licenceNo: "1101051949123100X2" }, "licenceNo RESIDENT_ID_INVALID.alphabet"],
    [{ ...MICRO, licenceNo: "110105194912310021" }, "licenceNo RESIDENT_ID_INVALID.check"],
    [{ name: "6228480402564890018" }, "name NAME_INVALID.card_number"],
    [{ ownerKind: "company" as never }, "ownerKind FIELD_INVALID.choice"],
  ])("%j is refused with a reason in words", (change, fault) => {
    expect(judge(change)).toEqual([fault]);
    const [told] = findMerchantFaults({ ...MERCHANT_FACTS, ...change });
    expect(told?.words).toEqual({ en: expect.stringMatching(/\w/), zh: expect.stringMatching(/\p{Script=Han}/u) });
  });

  it("holds one number since the merging of certificates", () => {
    const other = "911100007109250324";
    expect(judge({ licenceNo: other, taxNo: other })).toEqual([
      "licenceNo IDENTIFIERS_INCONSISTENT.differs",
      "taxNo IDENTIFIERS_INCONSISTENT.differs",
    ]);
    expect(judge({ ...MICRO, taxNo: other })).toEqual(["taxNo IDENTIFIERS_INCONSISTENT.differs_from_person"]);
  });

  it("is of the kind of owner that the numbers tell", () => {
    expect(judge({ ownerKind: "sole_trader" })).toEqual(["ownerKind IDENTIFIERS_INCONSISTENT.owner_kind"]);
    expect(judge({ ...MICRO, ownerKind: "enterprise" })).toEqual(["ownerKind IDENTIFIERS_INCONSISTENT.owner_kind"]);
  });

  it("has names that GBK has, and tells which characters it lacks", () => {
    const [fault] = findMerchantFaults({ ...MERCHANT_FACTS, principal: "王𬱖" });
    expect(fault).toMatchObject({
      ...{ field: "principal", code: "NAME_NOT_ENCODABLE", reason: "character", detail: "𬱖 (U+2CC56)" },
    });
  });

  it("has names that fit their fields in bytes, not in characters", () => {
    expect(judge({ name: "茶".repeat(20) })).toEqual([]);
    expect(judge({ name: `${"茶".repeat(20)}a` })).toEqual(["name NAME_NOT_ENCODABLE.bytes"]);
    expect(judge({ shortName: "茶".repeat(17) })).toEqual(["shortName NAME_NOT_ENCODABLE.bytes"]);
    const wide = { ...DEFAULT_RECORD_POLICY, nameBytes: { ...DEFAULT_RECORD_POLICY.nameBytes, name: 60 } };
    expect(judge({ name: "茶".repeat(30) }, wide)).toEqual([]);
    expect(findMerchantFaults({ ...MERCHANT_FACTS, name: "茶".repeat(21) })[0]?.detail).toBe("42 > 40");
  });

  it("throws on where the fault is ours", () => {
    expect(() => judge({ name: undefined as never })).toThrow(TypeError);
  });
});

describe("a patch", () => {
  /** Imported long ago: its name is longer than acquirers take. */
  const LONG: MerchantFacts = { ...MERCHANT_FACTS, name: "茶".repeat(30), contacts: [] };
  const judgePatch = (facts: MerchantFacts, patch: RecordPatch) => toTexts(findPatchFaults(facts, patch));

  it("answers for what it sets, not for what was there", () => {
    expect(judgePatch(LONG, { contacts: MERCHANT_FACTS.contacts })).toEqual([]);
    expect(judgePatch(LONG, { name: "茶".repeat(29) })).toEqual(["name NAME_NOT_ENCODABLE.bytes"]);
    expect(judgePatch(LONG, { contacts: [{ role: "shop", name: "店", phone: "1", email: "" }] })).toEqual([
      "contacts.0.phone PHONE_INVALID.form",
    ]);
  });

  it("that sets one number answers for all of them", () => {
    expect(judgePatch(MERCHANT_FACTS, { uscc: "911100007109250324" })).toEqual([
      "licenceNo IDENTIFIERS_INCONSISTENT.differs",
      "taxNo IDENTIFIERS_INCONSISTENT.differs",
    ]);
  });
});

describe("a settlement account", () => {
  it("is sound as the principal's debit card and as the enterprise's own account", () => {
    expect(judgeSettlement(CARD)).toEqual([]);
    expect(judgeSettlement({ ...CARD, bin: "62284804" })).toEqual([]);
    expect(judgeSettlement(ACCOUNT, { cardClass: "unknown" })).toEqual([]);
  });

  it("is told all its faults at once", () => {
    const bad: SettlementRecord = {
      ...{ kind: "wallet" as never, bank: "", cnaps: "102100099997", holder: "王𬱖", bin: "62", last4: "18" },
      ...{ commitment: new Uint8Array(31), validFrom: null, validUntil: 1 },
    };
    expect(judgeSettlement(bad)).toEqual([
      "kind FIELD_INVALID.choice",
      "bank NAME_INVALID.length",
      "cnaps CNAPS_INVALID.check",
      "holder NAME_NOT_ENCODABLE.character",
      "bin FIELD_INVALID.form",
      "last4 FIELD_INVALID.form",
      "commitment FIELD_INVALID.form",
      "validity BINDING_EXPIRED.over",
    ]);
    expect(judgeSettlement({ ...CARD, cnaps: "1" })).toEqual(["cnaps CNAPS_INVALID.length"]);
    expect(judgeSettlement({ ...CARD, cnaps: "10210009999x" })).toEqual(["cnaps CNAPS_INVALID.alphabet"]);
  });

  it.each(["credit", "semi_credit", "prepaid"] as const)("is no %s card", (cardClass) => {
    expect(judgeSettlement(CARD, { cardClass })).toEqual([`bin CREDIT_CARD.${cardClass}`]);
  });

  it.each(["unknown", "mixed"] as const)("of %s kind is never taken silently", (cardClass) => {
    expect(judgeSettlement(CARD, { cardClass })).toEqual([`bin BIN_UNKNOWN.${cardClass}?`]);
    expect(judgeSettlement(CARD, { cardClass }, { unknownBin: "refuse" })).toEqual([`bin BIN_UNKNOWN.${cardClass}`]);
  });

  it("is the owner's", () => {
    expect(judgeSettlement({ ...CARD, holder: "陈志强" })).toEqual(["holder OWNER_DIFFERS.not_principal"]);
    expect(judgeSettlement({ ...ACCOUNT, holder: "林秀英" })).toEqual(["holder OWNER_DIFFERS.not_merchant"]);
  });
});

describe("faults", () => {
  it("forbid unless they are warnings; the first that forbids is thrown without the field's value", () => {
    const question = { owner: MERCHANT_FACTS, cardClass: "unknown", at: 1 } as const;
    const warned = findSettlementFaults(CARD, question);
    expect(isAllowed(warned)).toBe(true);
    expect(() => verifyAllowed(warned)).not.toThrow();
    const refused = findSettlementFaults({ ...CARD, last4: "6228480402564890018" }, question);
    expect(isAllowed(refused)).toBe(false);
    expect(refusalOf(() => verifyAllowed(refused))).toEqual({ code: "FIELD_INVALID", field: "last4", reason: "form" });
    expect(JSON.stringify(refused)).not.toContain("6228480402564890018");
  });

  it("have words in both languages, under codes of the catalogue", () => {
    for (const [code, reasons] of Object.entries(WORDS)) {
      expect(ERRORS).toHaveProperty(code);
      for (const [reason, { en, zh }] of Object.entries(reasons)) {
        expect(en, `${code} ${reason}`).toMatch(/^[A-Z].*\.$/);
        expect(zh, `${code} ${reason}`).toMatch(/\p{Script=Han}.*[。）]$/u);
      }
    }
  });
});
