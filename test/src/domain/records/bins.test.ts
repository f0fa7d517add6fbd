import { describe, expect, it } from "vitest";
import { type Bin, classifyCard } from "../../../../src/domain/records/bins.ts";

const bin = (digits: string, cardClass: Bin["cardClass"]): Bin => ({ bin: digits, issuer: "某银行", cardClass });

describe("a card's class", () => {
  const TABLE = [bin("622848", "debit"), bin("628288", "credit"), bin("625955", "semi_credit"), bin("620", "prepaid")];

  it.each([
    ["622848", "debit"],
    ["62284804", "debit"],
    ["628288", "credit"],
    ["625955", "semi_credit"],
    ["620123", "prepaid"],
    ["411111", "unknown"],
  ])("of %s is %s", (digits, cardClass) => {
    expect(classifyCard(digits, TABLE)).toBe(cardClass);
  });

  it("is the longest BIN's that the digits begin with", () => {
    expect(classifyCard("622848", [bin("622", "credit"), bin("622848", "debit")])).toBe("debit");
    expect(classifyCard("622848", [bin("622848", "debit"), bin("62284", "credit")])).toBe("debit");
  });

  it("is mixed where longer BINs differ, or where the card may be none of them", () => {
    expect(classifyCard("622848", [bin("622848", "debit"), bin("62284801", "credit")])).toBe("mixed");
    expect(classifyCard("622848", [bin("622848", "debit"), bin("62284801", "debit")])).toBe("debit");
    expect(classifyCard("622150", [bin("62215049", "debit"), bin("62215050", "debit")])).toBe("mixed");
  });

  it("is told by the first table that has the BIN", () => {
    expect(classifyCard("622848", [bin("622848", "credit")], TABLE)).toBe("credit");
    expect(classifyCard("622848", [], TABLE)).toBe("debit");
    expect(classifyCard("622848")).toBe("unknown");
  });
});
