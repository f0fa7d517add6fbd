import { describe, expect, it } from "vitest";
import { compareRecord, type OnRecord, toMasked } from "../../../../src/domain/acquirers/on-record.ts";
import type { BindingFacts } from "../../../../src/domain/acquirers/order.ts";

const WANTED: BindingFacts = {
  ...{ kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder: "张伟" },
  ...{ bin: "622848", last4: "0018", commitment: "aa" },
};
const BEFORE: BindingFacts = { ...WANTED, cnaps: "102100099996", bin: "622202", last4: "1234", commitment: "bb" };
const ACCOUNT: BindingFacts = { ...WANTED, kind: "account", bin: "", last4: "7788" };
const RECORD: OnRecord = { kind: "card", masked: "622848***0018", bank: "", cnaps: "", holder: "", credit: "", at: 1 };

const find = (record: Partial<OnRecord> | undefined, before: BindingFacts | undefined = BEFORE, wanted = WANTED) =>
  compareRecord(record === undefined ? undefined : { ...RECORD, ...record }, wanted, before);

describe("the account on an acquirer's record", () => {
  it("is the wanted one where all that is shown fits it alone, however little that is", () => {
    for (const masked of ["622848***0018", "62***18", "6***018", "***0018"]) {
      expect(find({ masked }), masked).toBe("wanted");
    }
    expect(find({ masked: "***0018", kind: "", cnaps: "103100000018" })).toBe("wanted");
    expect(find({ cnaps: "103" }, undefined)).toBe("wanted");
    expect(find({ kind: "account", masked: "***7788" }, undefined, ACCOUNT)).toBe("wanted");
    // An account has no BIN: digits at the beginning tell nothing against it.
    expect(find({ kind: "account", masked: "31***88" }, undefined, ACCOUNT)).toBe("wanted");
  });

  it("is the one before, another one, or none", () => {
    expect(find({ masked: "622202***1234" })).toBe("before");
    expect(find({ masked: "62***34" })).toBe("before");
    expect(find({ masked: "622848***0019" })).toBe("other");
    expect(find({ masked: "622849***0018" })).toBe("other");
    expect(find({ kind: "account" })).toBe("other");
    expect(find({ cnaps: "104100000004" })).toBe("other");
    expect(find({ masked: "" })).toBe("none");
    expect(find(undefined)).toBe("none");
  });

  it("tells nothing where it shows too little, or both fit", () => {
    expect(find({ masked: "62***8" })).toBe("indistinct");
    expect(find({ masked: "622848***" })).toBe("indistinct");
    expect(find({ masked: "not masked" })).toBe("indistinct");
    expect(find({ masked: "62***18" }, { ...BEFORE, last4: "9918" })).toBe("indistinct");
    expect(find({ masked: "62***18", cnaps: "103" }, { ...BEFORE, last4: "9918" })).toBe("wanted");
  });

  it("counts only when the trial payment into it came through, where there is one", () => {
    expect(find({ credit: "pending" })).toBe("pending");
    expect(find({ credit: "failed" })).toBe("unusable");
    expect(find({ credit: "proven" })).toBe("wanted");
    expect(find({ credit: "pending", masked: "622202***1234" })).toBe("before");
  });
});

describe("a number as an acquirer shows it", () => {
  it("is brought into one form, and keeps six and four digits at most", () => {
    expect(toMasked("62*************78")).toBe("62***78");
    expect(toMasked("6228 48** **** *** 0018")).toBe("622848***0018");
    expect(toMasked("62284804xxxx90018")).toBe("622848***0018");
    expect(toMasked("６２２８＊＊＊＊0018")).toBe("6228***0018");
    expect(toMasked("****0018")).toBe("***0018");
    expect(toMasked("")).toBe("");
  });

  it("is masked here where it was sent whole", () => {
    expect(toMasked("6228480402564890018")).toBe("622848***0018");
    expect(toMasked("31001234567")).toBe("310012***4567");
    expect(toMasked("3100123456")).toBe("***3456");
    expect(toMasked("123")).toBe("***123");
  });
});
