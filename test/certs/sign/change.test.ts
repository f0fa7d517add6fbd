import { describe, expect, it } from "vitest";
import { parseShownChange, parseWaitingChanges } from "../../../certs/sign/change.ts";
import { toUtf8 } from "../../../proto/bytes.ts";

const ID = "C0123456789abcdef";
const WHOLE: readonly unknown[] = [ID, "822290058120001", "contact", 3, "a reason", '{"patch":{"contacts":[]}}'];

const show = (value: unknown) => parseShownChange(toUtf8(JSON.stringify(value)), ID);
const list = (value: unknown) => parseWaitingChanges(toUtf8(JSON.stringify(value)));

describe("a change that an approver is to read", () => {
  it("is shown with every member of its content, empty lists too", () => {
    expect(show(WHOLE)).toEqual({
      ...{ id: ID, merchant: "822290058120001", kind: "contact", version: 3, reason: "a reason" },
      content: [["patch.contacts", "-"]],
    });
    const nested = show(WHOLE.with(5, '{"a":{"b":[1,null,true,"x"]}}')).content;
    expect(nested).toEqual([
      ["a.b.0", "1"],
      ["a.b.1", "null"],
      ["a.b.2", "true"],
      ["a.b.3", "x"],
    ]);
  });

  it.each([
    ["of another id", WHOLE.with(0, "C0123456789abcdee")],
    ["with a member more", [...WHOLE, "more"]],
    ["with one less", WHOLE.slice(1)],
    ["that is no list", { id: ID }],
    ["with a merchant that is none", WHOLE.with(1, "8222")],
    ["with a kind that is none", WHOLE.with(2, "con tact")],
    ["with a version that is none", WHOLE.with(3, "3")],
    ["with a broken version", WHOLE.with(3, 1.5)],
    ["with a reason beyond bounds", WHOLE.with(4, "x".repeat(501))],
    ["with content that is no text", WHOLE.with(5, {})],
    ["with content that is a list", WHOLE.with(5, "[]")],
    ["with content that says a thing twice", WHOLE.with(5, '{"a":1,"a":2}')],
    ["with content without end", WHOLE.with(5, `${'{"a":'.repeat(9)}1${"}".repeat(9)}`)],
  ])("%s is not shown", (_, value) => {
    expect(() => show(value)).toThrow(expect.objectContaining({ code: "FETCH_FAILED" }));
  });

  it("in bytes that are no text is not shown", () => {
    expect(() => parseShownChange(Uint8Array.of(0xff), ID)).toThrow(expect.objectContaining({ code: "FETCH_FAILED" }));
  });
});

describe("a list of changes", () => {
  const one = { id: ID, merchant: "822290058120001", kind: "settlement.add", reason: "r", requester: "li.mei" };

  it("is read as it is, without what it does not know", () => {
    expect(list({ changes: [{ ...one, more: 1 }] })).toEqual([one]);
    expect(list({ changes: [] })).toEqual([]);
  });

  it.each([
    [[]],
    [{}],
    [{ changes: [1] }],
    [{ changes: [{ ...one, id: "../x" }] }],
    [{ changes: Array.from({ length: 1_001 }, () => one) }],
  ])("is refused where it is none: %j", (value) => {
    expect(() => list(value)).toThrow(expect.objectContaining({ code: "FETCH_FAILED" }));
  });
});
