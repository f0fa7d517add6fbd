import { beforeEach, describe, expect, it } from "vitest";
import { MessageRate } from "../../broker/embedded/rate.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";

const BURST = 3;
const PER_MINUTE = 60;
const MESSAGE_MS = 1_000;
const MINUTE_MS = 60_000;

let now: number;
let held: string[];
let rate: MessageRate;

beforeEach(() => {
  now = 1_000_000;
  held = [];
  rate = new MessageRate({
    messageBurst: BURST,
    messagesPerMinute: PER_MINUTE,
    now: () => now,
    onHeld: (tusn) => held.push(tusn),
  });
});

function take(count: number, tusn = TUSN_A): readonly number[] {
  return Array.from({ length: count }, () => rate.take(tusn));
}

describe("a terminal's messages", () => {
  it("pass at once up to a burst, and wait for their share of a minute beyond it", () => {
    expect(take(BURST)).toEqual([0, 0, 0]);
    expect(rate.take(TUSN_A)).toBe(MESSAGE_MS);
    now += MESSAGE_MS;
    expect(rate.take(TUSN_A)).toBe(MESSAGE_MS);
    now += MESSAGE_MS + 400;
    expect(rate.take(TUSN_A)).toBe(MESSAGE_MS - 400);
  });

  it("have a burst again after a rest, and never more than one", () => {
    take(BURST);
    now += 2 * MESSAGE_MS;
    expect(take(BURST)).toEqual([0, 0, MESSAGE_MS]);
    now += 100 * BURST * MESSAGE_MS;
    expect(take(BURST + 1)).toEqual([0, 0, 0, MESSAGE_MS]);
  });

  it("never wait longer than for one message, though the clock was put back", () => {
    take(BURST + 1);
    now -= 1_000 * MINUTE_MS;
    expect(rate.take(TUSN_A)).toBe(MESSAGE_MS);
  });

  it("do not count against another terminal", () => {
    take(BURST + 1);
    expect(take(BURST, TUSN_B)).toEqual([0, 0, 0]);
    expect(held).toEqual([TUSN_A]);
  });

  it("are told as held once a minute", () => {
    take(BURST);
    expect(held).toEqual([]);
    for (let second = 0; second < 120; second++) {
      rate.take(TUSN_A);
      now += MESSAGE_MS;
    }
    expect(held).toEqual([TUSN_A, TUSN_A]);
  });
});

it("a terminal that has its burst again is remembered no more", () => {
  take(1);
  take(1, TUSN_B);
  expect(rate.size).toBe(2);
  now += MESSAGE_MS;
  take(1, TUSN_B);
  expect(rate.size).toBe(1);
});
