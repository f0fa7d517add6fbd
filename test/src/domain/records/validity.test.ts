import { describe, expect, it } from "vitest";
import {
  findValidityFaults,
  isInForce,
  isValidAt,
  parseCardMonth,
  UNBOUNDED,
} from "../../../../src/domain/records/validity.ts";
import { refusalOf } from "../../../support/refusal.ts";

/** 2028-09-30T16:00:00Z, midnight in China after the last day of September. */
const END_OF_SEPTEMBER = 1_853_942_400;

describe("a card's month", () => {
  it("ends with its last day in China", () => {
    expect(parseCardMonth("09/28")).toEqual({ validFrom: null, validUntil: END_OF_SEPTEMBER });
    expect(new Date(END_OF_SEPTEMBER * 1_000).toISOString()).toBe("2028-09-30T16:00:00.000Z");
    expect(parseCardMonth("12/28").validUntil).toBe(Date.parse("2028-12-31T16:00:00Z") / 1_000);
  });

  it.each(["13/28", "00/28", "9/28", "09/2028", "", "0928"])("is not %j", (text) => {
    expect(refusalOf(() => parseCardMonth(text))).toEqual({ code: "FIELD_INVALID", field: "validity", reason: "form" });
  });
});

describe("validity", () => {
  const told = (validFrom: number | null, validUntil: number | null) =>
    findValidityFaults({ validFrom, validUntil }, 100).map(({ code, reason }) => `${code} ${reason}`);

  it("has its first second and not its last", () => {
    expect([99, 100, 199, 200].map((at) => isValidAt({ validFrom: 100, validUntil: 200 }, at))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(isValidAt(UNBOUNDED, 0)).toBe(true);
  });

  it("that is over, not begun or turned round is told", () => {
    expect(told(null, null)).toEqual([]);
    expect(told(100, 101)).toEqual([]);
    expect(told(null, 100)).toEqual(["BINDING_EXPIRED over"]);
    expect(told(101, null)).toEqual(["BINDING_EXPIRED not_yet"]);
    expect(told(101, 300)).toEqual(["BINDING_EXPIRED not_yet"]);
    expect(told(100, 100)).toEqual(["FIELD_INVALID order"]);
  });

  it("is part of being in force", () => {
    expect(isInForce({ state: "in_force", validFrom: null, validUntil: 200 }, 199)).toBe(true);
    expect(isInForce({ state: "in_force", validFrom: null, validUntil: 200 }, 200)).toBe(false);
    expect(isInForce({ state: "prepared", ...UNBOUNDED }, 1)).toBe(false);
    expect(isInForce({ state: "ended", ...UNBOUNDED }, 1)).toBe(false);
  });
});
