import { describe, expect, it } from "vitest";
import { concat, toDigest, toUtf8 } from "../../proto/bytes.ts";
import { parseBindingJson, parseSettlement, toBinding, toBindingJson } from "../../proto/settlement.ts";
import { errorOf } from "../support/refusal.ts";

const card = {
  kind: "card",
  bank: "中国工商银行",
  cnaps: "102100099996",
  holder: "王丽",
  accountNo: "6228480402564890018",
};
const salt = new Uint8Array(16).fill(7);

describe("a binding made from a settlement", () => {
  it("keeps BIN, last four and a salted commitment of a card, not its number", () => {
    const binding = toBinding(card, salt);
    expect(binding).toMatchObject({ kind: "card", bin: "622848", last4: "0018" });
    expect(binding.commitment).toEqual(toDigest(concat(salt, toUtf8(card.accountNo))));
    expect(JSON.stringify(binding)).not.toContain(card.accountNo);
  });

  it("differs for the same card under another salt", () => {
    const other = toBinding(card, new Uint8Array(16).fill(8));
    expect(other.commitment).not.toEqual(toBinding(card, salt).commitment);
  });

  it("has no BIN for a corporate account, which needs no Luhn digit", () => {
    const binding = toBinding({ ...card, kind: "account", accountNo: "3500190101010001234" }, salt);
    expect(binding).toMatchObject({ kind: "account", bin: "", last4: "1234" });
  });

  it("is refused by the rule that is broken", () => {
    for (const [change, code] of [
      [{ kind: "purse" }, "FIELD_INVALID"],
      [{ accountNo: "6228480402564890019" }, "CARD_NUMBER_INVALID"],
      [{ kind: "account", accountNo: "12x" }, "ACCOUNT_NUMBER_INVALID"],
      [{ cnaps: "102100099997" }, "CNAPS_INVALID"],
      [{ bank: "" }, "NAME_INVALID"],
      [{ holder: "王\u202e丽" }, "NAME_INVALID"],
    ] as const) {
      expect(() => toBinding({ ...card, ...change }, salt)).toThrow(expect.objectContaining({ code }));
    }
  });
});

describe("a settlement file", () => {
  it("is read as it stands", () => {
    expect(parseSettlement(toUtf8(JSON.stringify(card)))).toEqual(card);
  });

  it.each([
    ["cvv2", "123", "SENSITIVE_DATA"],
    ["pin", "123456", "SENSITIVE_DATA"],
    ["track2", ";6228480402564890018=2512201?", "SENSITIVE_DATA"],
    ["磁道", "6228480402564890018=", "SENSITIVE_DATA"],
    ["expiry", "2512", "FIELD_INVALID"],
  ])("with the member %s is refused unread", (name, value, code) => {
    const json = toUtf8(JSON.stringify({ ...card, [name]: value }));
    const error = errorOf(() => parseSettlement(json));
    expect(error.code).toBe(code);
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain(value);
  });

  it("with track data for a number is refused", () => {
    const json = toUtf8(JSON.stringify({ ...card, accountNo: "6228480402564890018=2512201" }));
    expect(() => parseSettlement(json)).toThrow(expect.objectContaining({ code: "SENSITIVE_DATA" }));
  });
});

describe("a binding file", () => {
  const account = { ...card, kind: "account", accountNo: "3500190101010001234" };
  const members = JSON.parse(Buffer.from(toBindingJson(toBinding(card, salt))).toString());

  it.each([card, account])("gives back the binding it was made from, of a $kind", (settlement) => {
    const binding = toBinding(settlement, salt);
    const json = toBindingJson(binding);
    expect(parseBindingJson(json)).toEqual(binding);
    expect(Buffer.from(json).includes(settlement.accountNo)).toBe(false);
    expect(Buffer.from(json).includes(Buffer.from(salt).toString("hex"))).toBe(false);
  });

  it.each([
    [{ kind: "purse" }, "FIELD_INVALID"],
    [{ bank: "" }, "NAME_INVALID"],
    [{ holder: "王\u202e丽" }, "NAME_INVALID"],
    [{ cnaps: "102100099997" }, "CNAPS_INVALID"],
    [{ bin: "62284" }, "FIELD_INVALID"],
    [{ bin: "6228480402564890018" }, "FIELD_INVALID"],
    [{ kind: "account" }, "FIELD_INVALID"],
    [{ last4: "001" }, "FIELD_INVALID"],
    [{ last4: "0018\n" }, "FIELD_INVALID"],
    [{ commitment: "AB".repeat(32) }, "FIELD_INVALID"],
    [{ commitment: "ab".repeat(31) }, "FIELD_INVALID"],
    [{ accountNo: "6228480402564890018" }, "FIELD_INVALID"],
    [{ salt: "07".repeat(16) }, "FIELD_INVALID"],
    [{ cvv: "123" }, "SENSITIVE_DATA"],
    [{ holder: ";6228480402564890018=2512201?" }, "SENSITIVE_DATA"],
  ])("with %j is refused", (change, code) => {
    const json = toUtf8(JSON.stringify({ ...members, ...change }));
    const error = errorOf(() => parseBindingJson(json));
    expect(error.code).toBe(code);
    expect(error.cause).toBeUndefined();
    for (const value of Object.values(change)) if (value.length > 4) expect(error.message).not.toContain(value);
  });

  it("without one of its members is refused", () => {
    for (const name of Object.keys(members)) {
      const json = toUtf8(JSON.stringify({ ...members, [name]: undefined }));
      expect(() => parseBindingJson(json), name).toThrow(expect.objectContaining({ code: "FIELD_MISSING" }));
    }
  });
});
