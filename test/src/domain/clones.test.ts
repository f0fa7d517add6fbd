import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ALTERNATION_WINDOW_S,
  BEHIND_WINDOW_S,
  isBehindTooOften,
  judgeCounter,
  judgeTakeOvers,
  MAX_ALTERNATIONS,
  MAX_TAKE_OVERS,
  ORDINARY_PAUSE_S,
  TAKE_OVER_WINDOW_S,
  type TakeOver,
} from "../../../src/domain/clones.ts";

const [ONE, OTHER] = [Uint8Array.of(1), Uint8Array.of(2)];

describe("the counter of a message", () => {
  it.each([
    ["is news as the first word of a terminal", 5, undefined, [], { isNews: true, isFork: false, isBehind: false }],
    ["is news above all that was known", 6, 5, [], { isNews: true, isFork: false, isBehind: false }],
    ["is no sign where the very bytes come again", 5, 5, [ONE], { isNews: false, isFork: false, isBehind: false }],
    ["is no sign where old bytes come again", 3, 5, [ONE], { isNews: false, isFork: false, isBehind: false }],
    ["is no sign where nobody remembers the newest one", 5, 5, [], { isNews: false, isFork: false, isBehind: false }],
    ["forks where something else was said under it", 5, 5, [OTHER], { isNews: false, isFork: true, isBehind: false }],
    ["forks where that is long ago", 3, 5, [OTHER], { isNews: false, isFork: true, isBehind: false }],
    ["forks where both were heard", 5, 5, [ONE, OTHER], { isNews: false, isFork: true, isBehind: false }],
    ["forks above what is known, too", 6, 5, [OTHER], { isNews: true, isFork: true, isBehind: false }],
    ["is behind where it was never heard", 3, 5, [], { isNews: false, isFork: false, isBehind: true }],
  ])("%s", (_, counter, highest, prior, finding) => {
    expect(judgeCounter(counter, ONE, { highest, prior })).toEqual(finding);
  });

  it.each([
    [[], false],
    [[100_000], false],
    [[100_000, 100_000], true],
    [[100_001 - BEHIND_WINDOW_S, 100_000], true],
    [[100_000 - BEHIND_WINDOW_S, 100_000], false],
    // The clock was put back.
    [[100_001, 100_000], false],
  ])("behind at %j is too often: %s", (moments, isTooOften) => {
    expect(isBehindTooOften(moments, 100_000)).toBe(isTooOften);
  });

  it("of one terminal alone, with all that a broker may repeat or drop, is never a sign", () => {
    const events = fc.array(fc.record({ step: fc.nat(3), repeat: fc.option(fc.nat(50)), drop: fc.boolean() }));
    fc.assert(
      fc.property(events, (course) => {
        let counter = 0;
        let highest: number | undefined;
        const heard = new Map<number, Uint8Array>();
        const hear = (said: number) => {
          const prior = heard.get(said);
          const digest = Uint8Array.of(said & 0xff, said >> 8);
          const found = judgeCounter(said, digest, { highest, prior: prior === undefined ? [] : [prior] });
          expect([found.isFork, found.isBehind]).toEqual([false, false]);
          if (found.isNews) highest = said;
          heard.set(said, digest);
        };
        for (const { step, repeat, drop } of course) {
          counter += step + 1;
          if (!drop) hear(counter);
          const again = [...heard.keys()][repeat ?? -1];
          if (again !== undefined) hear(again);
        }
      }),
    );
  });
});

const HERE = "192.0.2.0/24";
const THERE = "198.51.100.0/24";
const ELSEWHERE = "203.0.113.0/24";

/** Take-overs at these moments, each from the network of the one before. */
function toTakeOvers(moments: readonly number[], networks: readonly string[]): readonly TakeOver[] {
  return moments.map((at, index) => ({
    at,
    from: networks[index % networks.length] ?? HERE,
    to: networks[(index + 1) % networks.length] ?? HERE,
  }));
}

function every(pause: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => 1_000 + index * pause);
}

describe("take-overs", () => {
  it.each([
    ["none", [], undefined],
    ["one", toTakeOvers(every(0, 1), [HERE]), undefined],
    ["one fewer than too many", toTakeOvers(every(1, MAX_TAKE_OVERS - 1), [HERE]), undefined],
    ["too many at once", toTakeOvers(every(0, MAX_TAKE_OVERS), [HERE]), "taken_over"],
    ["too many within the window", toTakeOvers(every(9, MAX_TAKE_OVERS), [HERE]), "taken_over"],
    ["as many over a longer time", toTakeOvers(every(10, MAX_TAKE_OVERS), [HERE]), undefined],
    ["back and forth", toTakeOvers(every(1, MAX_ALTERNATIONS), [HERE, THERE]), "two_places"],
    ["back and forth, one fewer", toTakeOvers(every(1, MAX_ALTERNATIONS - 1), [HERE, THERE]), undefined],
    ["back and forth, slowly", toTakeOvers(every(10, MAX_ALTERNATIONS), [HERE, THERE]), undefined],
    ["from place to place", toTakeOvers(every(1, MAX_ALTERNATIONS), [HERE, THERE, ELSEWHERE]), undefined],
    ["from place to place, too many", toTakeOvers(every(1, MAX_TAKE_OVERS), [HERE, THERE, ELSEWHERE]), "taken_over"],
    [
      "back and forth, with another one between",
      [
        ...toTakeOvers(every(1, 2), [HERE, THERE]),
        ...toTakeOvers([1_002], [HERE]),
        ...toTakeOvers([1_003], [HERE, THERE]),
      ],
      undefined,
    ],
    [
      "back and forth before the clock was put back",
      [...toTakeOvers(every(1, 6), [HERE, THERE]), ...toTakeOvers([900], [HERE, THERE])],
      undefined,
    ],
  ])("%s", (_, takeOvers, sign) => {
    expect(judgeTakeOvers(takeOvers)).toBe(sign);
  });

  it("of one terminal alone never show two, however its line fails and wherever it moves", () => {
    const pause = fc.oneof(
      fc.integer({ min: ORDINARY_PAUSE_S, max: ORDINARY_PAUSE_S + 2 }),
      fc.integer({ min: 10, max: 4_000 }),
    );
    const network = fc.constantFrom(HERE, THERE, ELSEWHERE);
    const course = fc.array(fc.record({ pause, network }), { maxLength: 60 });
    fc.assert(
      fc.property(course, (moves) => {
        const takeOvers: TakeOver[] = [];
        let [at, from] = [1_000, HERE];
        for (const move of moves) {
          at += move.pause;
          takeOvers.push({ at, from, to: move.network });
          from = move.network;
          expect(judgeTakeOvers(takeOvers)).toBeUndefined();
        }
      }),
      { numRuns: 500 },
    );
  });

  it("of two agents that take turns, each after its own back-off, show it within the window", () => {
    const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(fc.array(random, { minLength: 40, maxLength: 40 }), (draws) => {
        const takeOvers: TakeOver[] = [];
        let at = 0;
        for (const [index, draw] of draws.entries()) {
          // As the agent waits: up to a second, doubled at each of its own failures.
          at += draw * 2 ** Math.floor(index / 2);
          takeOvers.push({ at: Math.floor(at), from: HERE, to: HERE });
          if (judgeTakeOvers(takeOvers) !== undefined) return true;
        }
        return false;
      }),
    );
  });

  it("need pauses that are shorter than those of a terminal alone", () => {
    expect((MAX_TAKE_OVERS - 1) * ORDINARY_PAUSE_S).toBeGreaterThanOrEqual(TAKE_OVER_WINDOW_S);
    expect((MAX_ALTERNATIONS - 1) * ORDINARY_PAUSE_S).toBeGreaterThanOrEqual(ALTERNATION_WINDOW_S);
  });
});
