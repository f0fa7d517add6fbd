import { beforeEach, describe, expect, it } from "vitest";
import { MAX_WAIT_MS, watchExpiry } from "../../broker/embedded/expiry.ts";
import { ManualTimers } from "../support/manual-timers.ts";

/** What setTimeout can hold; it calls back at once where it is given more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const TEN_YEARS_MS = 3_650 * 86_400_000;

let now: number;
let timers: ManualTimers;
let expired: number;

beforeEach(() => {
  now = 1_000_000;
  timers = new ManualTimers();
  expired = 0;
});

function watch(validTo: number): () => void {
  return watchExpiry(validTo, { now: () => now, startTimer: timers.startTimer, onExpired: () => expired++ });
}

function elapse(ms: number): void {
  now += ms;
  timers.elapse(ms);
}

describe("the end of a certificate", () => {
  it("is told once, when its last moment is over", () => {
    watch(now + 5_000);
    elapse(5_000);
    expect(expired).toBe(0);
    elapse(1);
    expect(expired).toBe(1);
    expect(timers.running()).toEqual([]);
  });

  it("is awaited in waits that a timer can hold, however far away it is", () => {
    const validTo = now + TEN_YEARS_MS;
    watch(validTo);
    expect(MAX_WAIT_MS).toBeLessThan(LONGEST_TIMER_MS);
    for (let waits = 0; now < validTo; waits++) {
      expect(timers.running()).toEqual([Math.min(MAX_WAIT_MS, validTo - now + 1)]);
      expect(expired).toBe(0);
      elapse(waits < 3 ? MAX_WAIT_MS : validTo - now);
    }
    elapse(MAX_WAIT_MS);
    expect(expired).toBe(1);
  });

  it("is noticed at the next look where the clock was put forward", () => {
    watch(now + TEN_YEARS_MS);
    now += TEN_YEARS_MS;
    elapse(MAX_WAIT_MS);
    expect(expired).toBe(1);
  });

  it("is not told any more when nobody waits for it", () => {
    const cancel = watch(now + TEN_YEARS_MS);
    elapse(MAX_WAIT_MS);
    cancel();
    expect(timers.running()).toEqual([]);
  });
});
