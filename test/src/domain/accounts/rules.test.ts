import { describe, expect, it } from "vitest";
import { isAccountName, isDisplayName } from "../../../../src/domain/accounts/names.ts";
import { checkPassword, toFormerHashes, toPasswordBytes } from "../../../../src/domain/accounts/password.ts";
import { isNews, isOver } from "../../../../src/domain/accounts/session.ts";
import { isCode, listSteps } from "../../../../src/domain/accounts/totp.ts";
import { refusalOf } from "../../../support/refusal.ts";

const NOW = 1_800_000_000;

describe("a password", () => {
  it.each(["correct horse 7", "茉莉花茶一二三四五六七8", `${"a".repeat(127)}1`, "pässwörter-42"])(
    "may be %j",
    (text) => {
      expect(() => checkPassword(text, "wang")).not.toThrow();
    },
  );

  it.each([
    ["short1", "too short"],
    ["elevenchar1", "one too short"],
    [`${"a".repeat(128)}1`, "one too long"],
    [`${"a".repeat(5_000)}1`, "a book"],
    ["only letters here", "no digit"],
    ["123456789012", "no letter"],
    ["with\ttab and 1", "a control character"],
    ["with\u202edirection 1", "a direction character"],
    ["my-li.na-password-1", "the account's name"],
    ["MY-LI.NA-PASSWORD-1", "the account's name in capitals"],
  ])("may not be %j: %s", (text) => {
    const refusal = refusalOf(() => checkPassword(text, "li.na"));
    expect(refusal["code"]).toBe("PASSWORD_WEAK");
    expect(Object.keys(refusal)).toEqual(["code", "expected"]);
    expect(JSON.stringify(refusal)).not.toContain(text);
  });

  it("counts characters, whatever they are made of", () => {
    expect(refusalOf(() => checkPassword(`${"e\u0301".repeat(10)}1`, "wang"))["code"]).toBe("PASSWORD_WEAK");
    expect(() => checkPassword(`${"e\u0301".repeat(11)}1`, "wang")).not.toThrow();
  });

  it("may hold a name too short to be told from chance", () => {
    expect(() => checkPassword("a long password 1", "a")).not.toThrow();
  });

  it("gives the same bytes however it was typed, and none where it is too long", () => {
    expect(toPasswordBytes("e\u0301te")).toEqual(toPasswordBytes("\u00e9te"));
    expect(toPasswordBytes("a".repeat(128))).toHaveLength(128);
    expect(toPasswordBytes("a".repeat(129))).toBeUndefined();
    expect(toPasswordBytes("a".repeat(1_000_000))).toBeUndefined();
  });

  it("leaves three behind beside the present one", () => {
    expect(toFormerHashes("d", ["c", "b", "a"])).toEqual(["d", "c", "b"]);
    expect(toFormerHashes("a", [])).toEqual(["a"]);
  });
});

describe("a session", () => {
  const toTimes = (age: number, idle: number) => ({ createdAt: NOW - age, lastSeen: NOW - idle });

  it("is over after 15 minutes without a request", () => {
    expect(isOver(toTimes(1_000, 899), NOW)).toBe(false);
    expect(isOver(toTimes(1_000, 900), NOW)).toBe(true);
  });

  it("is over after 12 hours, however busy", () => {
    expect(isOver(toTimes(43_199, 0), NOW)).toBe(false);
    expect(isOver(toTimes(43_200, 0), NOW)).toBe(true);
  });

  it("is noted to be heard of once in half a minute", () => {
    expect(isNews(toTimes(100, 29), NOW)).toBe(false);
    expect(isNews(toTimes(100, 30), NOW)).toBe(true);
  });
});

describe("a code", () => {
  it("has six digits", () => {
    expect(["123456", "000000"].filter(isCode)).toHaveLength(2);
    expect(["", "12345", "1234567", "12345a", " 123456", "１２３４５６"].filter(isCode)).toEqual([]);
  });

  it("is right for its step and one to either side", () => {
    expect(listSteps(59, -1)).toEqual([0, 1, 2]);
    expect(listSteps(60, -1)).toEqual([1, 2, 3]);
  });

  it("counts no more once it, or one after it, was taken", () => {
    expect(listSteps(60, 1)).toEqual([2, 3]);
    expect(listSteps(60, 2)).toEqual([3]);
    expect(listSteps(60, 3)).toEqual([]);
  });
});

describe("names", () => {
  it.each(["a", "wang.wei", "pos-portal", "0a", "a".repeat(32)])("may be %j", (name) => {
    expect(isAccountName(name)).toBe(true);
  });

  it.each(["", "Wang", "two words", ".dot", "key:wang", "a".repeat(33), "王", "6228480402564890018"])(
    "may not be %j",
    (name) => {
      expect(isAccountName(name)).toBe(false);
    },
  );

  it("as people read them are one line without what must not be kept", () => {
    expect(isDisplayName("王伟 (finance)")).toBe(true);
    for (const name of ["", " ", "a\nb", "x".repeat(41), "card 6228480402564890018", "cvv 123"]) {
      expect(isDisplayName(name), name).toBe(false);
    }
  });
});
