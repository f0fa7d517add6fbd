import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EMBEDDED_LIMITS } from "../../broker/embedded/limits.ts";
import { DOWN_KINDS, toDownTopic } from "../../proto/topics.ts";
import { BusUnderAttack } from "../support/bus-under-attack.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { toSubscribe } from "../support/mqtt-bytes.ts";
import { SOON_MS } from "../support/patience.ts";
import type { RawTerminal } from "../support/raw-terminal.ts";

const PAYLOAD = Buffer.alloc(60_000, 7);
/** More than loopback's socket buffers ever hold. */
const MOST_BYTES = 64 * 1_024 * 1_024;

let timers: ManualTimers;
let attacked: BusUnderAttack;
let attacker: RawTerminal;

beforeEach(async () => {
  timers = new ManualTimers();
  attacked = await BusUnderAttack.open({ startTimer: timers.startTimer });
  attacker = await attacked.connectInsider(TUSN_B);
  const filters = DOWN_KINDS.map((kind) => [toDownTopic(TUSN_B, kind), 0] as const);
  attacker.socket.write(toSubscribe(1, ...filters));
  await vi.waitFor(() => expect(attacked.opened.bus.connected()).toContain(TUSN_B), SOON_MS);
  attacker.socket.pause();
});

afterEach(() => attacked.close());

/** Sends to the attacker until the bus says that it does not read. */
async function sendUntilRefused(): Promise<number> {
  let sent = 0;
  while (sent < MOST_BYTES && attacked.opened.bus.send(TUSN_B, "trust", PAYLOAD)) {
    sent += PAYLOAD.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sent;
}

describe("a client that never reads", () => {
  it("is refused more, holds up nobody, and is cut when its time is over", async () => {
    const { bus } = attacked.opened;
    expect(await sendUntilRefused()).toBeLessThan(MOST_BYTES);
    expect(bus.connected()).toContain(TUSN_B);

    expect(bus.send(TUSN_A, "receipt", Buffer.from("at once"))).toBe(true);
    await vi.waitFor(() => expect(attacked.victim.messages).toHaveLength(1), SOON_MS);

    timers.elapse(EMBEDDED_LIMITS.guard.writeMs);
    expect(attacked.logged("bus.connection_cut")).toMatchObject([{ code: "GUARD_NOT_READING", tusn: TUSN_B }]);
    await vi.waitFor(() => expect(attacked.recorder.presence.at(-1)).toBe(`-${TUSN_B}`), SOON_MS);
    expect(bus.connected()).toEqual([TUSN_A]);
    expect(bus.send(TUSN_B, "trust", PAYLOAD)).toBe(false);
    expect(attacked.victim.client.connected).toBe(true);
  });

  it("is sent to again when it reads in time", async () => {
    await sendUntilRefused();
    attacker.socket.resume();
    await vi.waitFor(() => expect(attacked.opened.bus.send(TUSN_B, "trust", PAYLOAD)).toBe(true), SOON_MS);
    timers.elapse(EMBEDDED_LIMITS.guard.writeMs - 1);
    expect(attacked.logged("bus.connection_cut")).toEqual([]);
  });
});
