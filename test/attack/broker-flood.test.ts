import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EMBEDDED_LIMITS } from "../../broker/embedded/limits.ts";
import { toUpTopic } from "../../proto/topics.ts";
import { BusUnderAttack } from "../support/bus-under-attack.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { toPublish } from "../support/mqtt-bytes.ts";
import { SOON_MS } from "../support/patience.ts";
import type { RawTerminal } from "../support/raw-terminal.ts";

const { messageBurst, messagesPerMinute } = EMBEDDED_LIMITS;
const MESSAGE_MS = 60_000 / messagesPerMinute;
/** Twenty megabytes in all, which do not fit what the kernel buffers. */
const MESSAGE = toPublish(toUpTopic(TUSN_B, "report"), Buffer.alloc(4_000), 1);
const MESSAGES = 5_000;

let timers: ManualTimers;
let now: number;
let attacked: BusUnderAttack;
let attacker: RawTerminal;

beforeEach(async () => {
  timers = new ManualTimers();
  now = Date.now();
  attacked = await BusUnderAttack.open({ startTimer: timers.startTimer, now: () => now });
  attacker = await attacked.connectInsider(TUSN_B);
  for (let i = 0; i < MESSAGES; i++) attacker.socket.write(MESSAGE);
  await expectStored(messageBurst);
});

afterEach(async () => {
  const closed = attacked.close();
  timers.elapse(MESSAGE_MS);
  await closed;
});

function countStored(): number {
  return attacked.recorder.received.filter(({ tusn }) => tusn === TUSN_B).length;
}

function expectStored(count: number): Promise<void> {
  return vi.waitFor(() => expect(countStored()).toBe(count), SOON_MS);
}

/** Lets the next message be due, once the one before has been stored. */
async function letOnePass(): Promise<void> {
  const before = countStored();
  await vi.waitFor(() => expect(timers.running()).toContain(MESSAGE_MS), SOON_MS);
  now += MESSAGE_MS;
  timers.elapse(MESSAGE_MS);
  await expectStored(before + 1);
}

describe("an enrolled terminal that sends without end", () => {
  it("is read no faster than its rate, and holds up nobody", async () => {
    await attacked.victim.client.publishAsync(toUpTopic(TUSN_A, "hello"), "at once", { qos: 1 });
    expect(countStored()).toBe(messageBurst);
    expect(attacker.socket.writableLength).toBeGreaterThan(0);
    await letOnePass();
    await letOnePass();
    expect(attacked.logged("bus.messages_held")).toEqual([{ event: "bus.messages_held", tusn: TUSN_B }]);
  });

  it("is logged once a minute", async () => {
    for (let i = 0; i <= messagesPerMinute; i++) await letOnePass();
    expect(attacked.logged("bus.messages_held")).toHaveLength(2);
  });

  it("gains nothing by a new connection", async () => {
    const again = await attacked.connectInsider(TUSN_B);
    await attacker.closed;
    for (let i = 0; i < messageBurst; i++) again.socket.write(MESSAGE);
    await attacked.victim.client.publishAsync(toUpTopic(TUSN_A, "hello"), "at once", { qos: 1 });
    expect(countStored()).toBe(messageBurst);
  });
});
