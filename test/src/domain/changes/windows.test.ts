import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findOpenTime, type Hours, isTimeZone } from "../../../../src/domain/changes/windows.ts";

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const toSeconds = (text: string) => Date.parse(text) / 1_000;
const LUNCH: Hours = { days: EVERY_DAY, from: 11 * 60, until: 13 * 60 + 30 };

describe("blackouts", () => {
  it("leave other hours as they are", () => {
    const at = toSeconds("2026-11-22T02:59:59Z");
    expect(findOpenTime([LUNCH], "Asia/Shanghai", at)).toBe(at);
  });

  it("put off to the second in which they end, in the merchant's own time", () => {
    expect(findOpenTime([LUNCH], "Asia/Shanghai", toSeconds("2026-11-22T03:00:30Z"))).toBe(
      toSeconds("2026-11-22T05:30:00Z"),
    );
    const kathmandu = findOpenTime([LUNCH], "Asia/Kathmandu", toSeconds("2026-11-22T05:15:00Z"));
    expect(kathmandu).toBe(toSeconds("2026-11-22T07:45:00Z"));
  });

  it("hold on their own days only", () => {
    const sundays: Hours = { days: [7], from: 0, until: 1_440 };
    const sunday = toSeconds("2026-11-22T08:00:00Z");
    expect(findOpenTime([sundays], "Asia/Shanghai", sunday)).toBe(toSeconds("2026-11-22T16:00:00Z"));
    expect(findOpenTime([sundays], "Asia/Shanghai", sunday + 86_400)).toBe(sunday + 86_400);
  });

  it("that touch or overlap are one", () => {
    const evening: Hours = { days: EVERY_DAY, from: 13 * 60, until: 20 * 60 };
    expect(findOpenTime([LUNCH, evening], "Asia/Shanghai", toSeconds("2026-11-22T03:00:00Z"))).toBe(
      toSeconds("2026-11-22T12:00:00Z"),
    );
  });

  it("may not leave no hour at all", () => {
    expect(findOpenTime([{ days: EVERY_DAY, from: 0, until: 1_440 }], "Asia/Shanghai", 0)).toBeUndefined();
  });

  it("end where a clock is put forward in them", () => {
    const night: Hours = { days: EVERY_DAY, from: 0, until: 3 * 60 };
    const at = toSeconds("2026-03-08T06:30:00Z");
    const open = findOpenTime([night], "America/New_York", at) ?? 0;
    expect(open).toBe(toSeconds("2026-03-08T08:00:00Z"));
  });

  it("never give a time that lies in one, or before the one asked for", () => {
    const hours = fc.record({
      days: fc.subarray(EVERY_DAY, { minLength: 1 }),
      from: fc.integer({ min: 0, max: 1_000 }),
      until: fc.integer({ min: 1_001, max: 1_439 }),
    });
    fc.assert(
      fc.property(fc.array(hours, { maxLength: 3 }), fc.integer({ min: 0, max: 2 ** 31 }), (all, at) => {
        const open = findOpenTime(all, "UTC", at) ?? 0;
        const minute = Math.floor((open % 86_400) / 60);
        const day = ((Math.floor(open / 86_400) + 3) % 7) + 1;
        expect(open).toBeGreaterThanOrEqual(at);
        expect(all.some((one) => one.days.includes(day) && one.from <= minute && minute < one.until)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it("are told in zones that there are", () => {
    expect(["Asia/Shanghai", "UTC", "America/New_York"].every(isTimeZone)).toBe(true);
    expect(["", "Mars/Olympus", "../etc/passwd"].some(isTimeZone)).toBe(false);
  });
});
