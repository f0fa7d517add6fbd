import { describe, expect, it } from "vitest";
import { Books, MAX_RECORDS } from "../../../sim/acquirer/books.ts";

describe("the acquirer's books", () => {
  it("keep the newest entries and no more than their bound", () => {
    const books = new Books();
    const entry = { terminalNo: "58D01115", merchantNo: "822290058120001", batch: "000001", amountFen: 1, reason: "" };
    for (let trace = 0; trace <= MAX_RECORDS; trace++) books.purchase({ ...entry, trace }, "00");
    const records = books.records();
    expect(records).toHaveLength(MAX_RECORDS);
    expect([records[0]?.trace, records.at(-1)?.trace]).toEqual([1, MAX_RECORDS]);
    expect(books.reverse({ ...entry, trace: 0 }, "00")).toBe("25");
    expect(books.reverse({ ...entry, trace: 1 }, "00")).toBe("00");
  });
});
