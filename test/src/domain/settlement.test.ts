import { describe, expect, it } from "vitest";
import { concat, toDigest, toUtf8 } from "../../../proto/bytes.ts";
import { toBinding } from "../../../src/domain/settlement.ts";

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
