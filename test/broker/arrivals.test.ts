import { expect, it } from "vitest";
import { Arrivals } from "../../broker/embedded/arrivals.ts";

const BOUND = 2;

it("an address has as many places as the bound, whatever the others take", () => {
  const arrivals = new Arrivals(BOUND);
  expect([1, 2, 3].map((port) => arrivals.enter("192.0.2.1", port))).toEqual([true, true, false]);
  expect(arrivals.enter("192.0.2.2", 1)).toBe(true);
});

it("a place is free again when its socket has left, which may be told twice", () => {
  const arrivals = new Arrivals(BOUND);
  for (const port of [1, 2, 3]) arrivals.enter("192.0.2.1", port);
  for (const port of [1, 1, 3]) arrivals.leave("192.0.2.1", port);
  expect([4, 5].map((port) => arrivals.enter("192.0.2.1", port))).toEqual([true, false]);
});

it("an address without sockets is remembered no more", () => {
  const arrivals = new Arrivals(BOUND);
  arrivals.enter("192.0.2.1", 1);
  expect(arrivals.size).toBe(1);
  arrivals.leave("192.0.2.1", 1);
  arrivals.leave("192.0.2.2", 1);
  expect(arrivals.size).toBe(0);
});
