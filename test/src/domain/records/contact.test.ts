import { describe, expect, it } from "vitest";
import {
  type Contact,
  findContactFaults,
  MAX_CONTACTS,
  parseEmail,
  parsePhone,
} from "../../../../src/domain/records/contact.ts";
import { errorOf, refusalOf } from "../../../support/refusal.ts";

const CONTACT: Contact = {
  role: "finance",
  name: "林秀英",
  phone: "13805910001",
  email: "caiwu@chunchalou.example.cn",
};
const told = (contacts: readonly Contact[]) =>
  findContactFaults(contacts).map(({ field, code, reason }) => [field, code, reason]);

describe("a telephone number", () => {
  it.each([
    "13805910001",
    "19905910001",
    "0591-87654321",
    "010-87654321",
    "02087654321",
    "0591-87654321-1234",
    "400-123-4567",
    "8001234567",
  ])("may be %s", (phone) => {
    expect(parsePhone(phone)).toBe(phone);
  });

  it.each([
    "12805910001",
    "1380591000",
    "138059100011",
    "+8613805910001",
    "0591-17654321",
    "0591-87654321-12345",
    "95588",
    "13805910001 ",
  ])("is not %j", (phone) => {
    expect(refusalOf(() => parsePhone(phone))).toEqual({ code: "PHONE_INVALID", reason: "form" });
  });

  it("is never as long as a card number in groups", () => {
    expect(refusalOf(() => parsePhone("6228-4804-0256-4890-018"))).toEqual({ code: "PHONE_INVALID", reason: "length" });
  });
});

describe("an e-mail address", () => {
  it.each(["caiwu@example.cn", "li.mei+pos@mail.fuzhou.example.com.cn", "a@b-c.de"])("may be %s", (email) => {
    expect(parseEmail(email)).toBe(email);
  });

  it.each([
    "caiwu",
    "caiwu@localhost",
    ".a@b.cn",
    "a..b@c.cn",
    "a@-b.cn",
    "a b@c.cn",
    "林@例.cn",
    "a@b.cn\r\nBcc: c@d.cn",
    `${"a".repeat(65)}@b.cn`,
  ])("is not %j", (email) => {
    expect(refusalOf(() => parseEmail(email))).toEqual({ code: "EMAIL_INVALID", reason: "form" });
  });

  it("has a bound and holds no card number", () => {
    expect(refusalOf(() => parseEmail(`a@${"b.".repeat(130)}cn`))).toEqual({ code: "EMAIL_INVALID", reason: "length" });
    expect(refusalOf(() => parseEmail("6228480402564890018@example.cn"))).toEqual({
      code: "EMAIL_INVALID",
      reason: "card_number",
    });
  });

  it("that is hostile is refused at once", () => {
    const before = performance.now();
    expect(errorOf(() => parseEmail(`${"a.".repeat(31)}@${"a-".repeat(90)}!`)).code).toBe("EMAIL_INVALID");
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe("contacts", () => {
  it("are sound with a telephone number, an e-mail address or both", () => {
    expect(told([CONTACT, { ...CONTACT, role: "shop", email: "" }, { ...CONTACT, role: "owner", phone: "" }])).toEqual(
      [],
    );
    expect(told([])).toEqual([]);
  });

  it("are told every fault at once, each with its place and words", () => {
    const bad = { role: "boss" as Contact["role"], name: "", phone: "1", email: "x" };
    expect(told([CONTACT, bad])).toEqual([
      ["contacts.1.role", "FIELD_INVALID", "choice"],
      ["contacts.1.name", "NAME_INVALID", "length"],
      ["contacts.1.phone", "PHONE_INVALID", "form"],
      ["contacts.1.email", "EMAIL_INVALID", "form"],
    ]);
    for (const { words, severity } of findContactFaults([bad])) {
      expect(words).toEqual({ en: expect.stringMatching(/\w/), zh: expect.stringMatching(/\p{Script=Han}/u) });
      expect(severity).toBe("refused");
    }
  });

  it("that nobody can reach, or that are there twice or too often, are refused", () => {
    expect(told([{ ...CONTACT, phone: "", email: "" }])).toEqual([
      ["contacts.0.phone", "FIELD_INVALID", "unreachable"],
    ]);
    expect(told([CONTACT, { ...CONTACT }])).toEqual([["contacts", "FIELD_INVALID", "repeated"]]);
    expect(told(Array(MAX_CONTACTS + 1).fill(CONTACT))).toEqual([["contacts", "FIELD_INVALID", "too_many"]]);
  });

  it("hold no card number and no security code in a name", () => {
    expect(told([{ ...CONTACT, name: "6228480402564890018" }])).toEqual([
      ["contacts.0.name", "NAME_INVALID", "card_number"],
    ]);
    expect(told([{ ...CONTACT, name: "安全码 123" }])).toEqual([["contacts.0.name", "SENSITIVE_DATA", "sensitive"]]);
  });
});
