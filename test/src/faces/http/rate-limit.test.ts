import { describe, expect, it } from "vitest";
import { createGate } from "../../../../src/faces/http/enrolment/gate.ts";
import { createRateLimit, MAX_NAMES, type RateLimit, toAddressName } from "../../../../src/faces/http/rate-limit.ts";

const RATE = { burst: 2, perMinute: 20 };

function prepare(rate = RATE) {
  const clock = { at: 1_000 };
  return { clock, limit: createRateLimit(rate, () => clock.at) };
}

function toLimited(seconds: number) {
  return expect.objectContaining({ code: "RATE_LIMITED", fields: { seconds } });
}

function isTaken(limit: RateLimit, name: string): boolean {
  try {
    limit.take(name);
    return true;
  } catch {
    return false;
  }
}

/** Takes until there is no more; gives how often there was. */
function drain(limit: RateLimit, name: string): number {
  let count = 0;
  while (isTaken(limit, name)) count += 1;
  return count;
}

/** Gives a bucket of his own to as many as there is room for. */
function crowd(limit: RateLimit, from = 0): void {
  for (let n = from; n < MAX_NAMES; n += 1) limit.take(`crowd ${n}`);
}

describe("a rate limit", () => {
  it("lets each name have its burst, and then what fills again", () => {
    const { clock, limit } = prepare();
    expect([drain(limit, "a"), drain(limit, "b")]).toEqual([2, 2]);
    clock.at += 3;
    expect(drain(limit, "a")).toBe(1);
    clock.at += 3_600;
    expect(drain(limit, "a")).toBe(2);
  });

  it("says how long to wait, and has what was asked for by then and not before", () => {
    const { clock, limit } = prepare({ burst: 6, perMinute: 20 });
    for (let n = 0; n < 6; n += 1) limit.take("a");
    expect(() => limit.take("a")).toThrow(toLimited(3));
    expect(() => limit.take("a", 5)).toThrow(toLimited(15));
    clock.at += 14;
    expect(() => limit.take("a", 5)).toThrow(toLimited(1));
    clock.at += 1;
    limit.take("a", 5);
    expect(() => limit.take("a")).toThrow(toLimited(3));
  });

  it("takes nothing from who is refused", () => {
    const { limit } = prepare();
    expect(() => limit.take("a", 3)).toThrow(toLimited(3));
    expect(drain(limit, "a")).toBe(2);
  });

  it("puts back what is not to count, and never more than the burst", () => {
    const { clock, limit } = prepare();
    const giveBack = limit.take("a");
    limit.take("a");
    giveBack();
    expect(drain(limit, "a")).toBe(1);
    clock.at += 3_600;
    giveBack();
    expect(drain(limit, "a")).toBe(2);
  });

  it("has no edge at which twice the burst goes through", () => {
    const { clock, limit } = prepare({ burst: 60, perMinute: 60 });
    clock.at = 59;
    expect(drain(limit, "a")).toBe(60);
    clock.at = 60;
    expect(drain(limit, "a")).toBe(1);
  });

  it("fills nothing when the clock is set back, and goes on from there", () => {
    const { clock, limit } = prepare();
    expect(drain(limit, "a")).toBe(2);
    clock.at = 0;
    expect(drain(limit, "a")).toBe(0);
    clock.at = 3;
    expect(drain(limit, "a")).toBe(1);
  });
});

describe("whoever comes under ever new names", () => {
  it("gets no bucket of his own beyond the bound, but one with all who do", () => {
    const { limit } = prepare();
    crowd(limit);
    expect([drain(limit, "one more"), drain(limit, "another")]).toEqual([2, 0]);
    for (let n = 0; n < 1_000; n += 1) expect(isTaken(limit, `new ${n}`)).toBe(false);
  });

  it("does not free anybody who is limited", () => {
    const { clock, limit } = prepare();
    expect(drain(limit, "limited")).toBe(2);
    crowd(limit, 1);
    for (let n = 0; n < 1_000; n += 1) isTaken(limit, `new ${n}`);
    expect(drain(limit, "limited")).toBe(0);
    // By now the crowd's buckets are full again, and go; the one that is not stays.
    clock.at += 3;
    for (let n = 0; n < MAX_NAMES - 1; n += 1) limit.take(`later ${n}`);
    expect(drain(limit, "limited")).toBe(1);
  });

  it("shuts out nobody who has a bucket, and others only as long as he goes on", () => {
    const { clock, limit } = prepare();
    limit.take("known");
    crowd(limit, 1);
    expect(drain(limit, "new")).toBe(2);
    expect(drain(limit, "known")).toBe(1);
    clock.at += 3;
    expect([drain(limit, "a"), drain(limit, "b")]).toEqual([2, 2]);
  });

  it("keeps no room taken after the clock was set back", () => {
    const { clock, limit } = prepare();
    crowd(limit);
    clock.at = 0;
    expect(drain(limit, "a") + drain(limit, "b")).toBe(2);
    clock.at = 3;
    expect([drain(limit, "a"), drain(limit, "b")]).toEqual([2, 2]);
  });
});

describe("the name of an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["2001:db8:0:1:ffff::", "2001:db8:0:1::/64"],
    ["no address", "no address"],
  ])("%s is %s", (address, name) => {
    expect(toAddressName(address)).toBe(name);
  });
});

describe("the gate of enrolment", () => {
  const work = async () => "done";

  it("tells who asks too often for one terminal when to come again, and renewals are another matter", async () => {
    const clock = { at: 59 };
    const gate = createGate({ now: () => clock.at, refusalMs: 0 });
    for (let n = 0; n < 20; n += 1) await gate.attempt("a", work);
    clock.at += 1;
    await expect(gate.attempt("a", work)).rejects.toThrow(toLimited(2));
    expect(await gate.attempt("b", work)).toBe("done");
    expect(await gate.renew("a", work)).toBe("done");
    clock.at += 2;
    expect(await gate.attempt("a", work)).toBe("done");
    await expect(gate.attempt("a", work)).rejects.toThrow(toLimited(3));
  });
});
