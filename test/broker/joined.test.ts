import { beforeEach, describe, expect, it } from "vitest";
import type { Bus, BusHandlers, Peer } from "../../broker/bus.ts";
import { openJoinedBus } from "../../broker/joined.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { describeBus } from "../contract/bus.ts";
import { BusRecorder } from "../support/bus-recorder.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";
import { openTestBus } from "../support/embedded-bus.ts";
import type { Address } from "../support/mqtt-terminal.ts";
import { openTestPolling } from "../support/polling-face.ts";

// What terminals on MQTT see of a bus that others poll.
describeBus("joined to the one for polling", async (handlers) => {
  let address: Address = { host: "", port: 0 };
  const openMqtt = async (of: BusHandlers) => {
    const opened = await openTestBus(of);
    address = opened.address;
    return opened.bus;
  };
  return { bus: await openJoinedBus([openMqtt, openTestPolling], handlers), address };
});

/** A way in that does as a test says, and tells as the contract says. */
class TestWay implements Bus {
  readonly handlers: BusHandlers;
  readonly there = new Set<Tusn>();
  readonly log: string[] = [];

  constructor(handlers: BusHandlers) {
    this.handlers = handlers;
  }

  async arrive(peer: Peer): Promise<void> {
    const admission = await this.handlers.admit(peer);
    if (this.there.has(peer.tusn)) this.disconnect(peer.tusn);
    if (admission !== "full") return;
    this.there.add(peer.tusn);
    this.handlers.connected(peer.tusn);
  }

  disconnect(tusn: Tusn): void {
    if (this.there.delete(tusn)) this.handlers.disconnected(tusn);
  }

  send(tusn: Tusn, kind: string): boolean {
    if (this.there.has(tusn)) this.log.push(`${kind} ${tusn}`);
    return this.there.has(tusn);
  }

  refuse(revoked: string): void {
    if (revoked === "bad") throw new TillsyncError("CONFIG_INVALID");
    this.log.push(`refuse ${revoked}`);
  }

  connected(): readonly Tusn[] {
    return [...this.there];
  }

  async close(): Promise<void> {
    for (const tusn of [...this.there]) this.disconnect(tusn);
    this.log.push("close");
  }
}

const peer = (tusn: Tusn, remote: string): Peer => ({ tusn, fingerprint: new Uint8Array(32), remote });
const BY_MQTT = peer(TUSN_A, "10.0.0.1");
const BY_POLLING = peer(TUSN_A, "10.0.1.1");
const NOTHING = Buffer.from("x");

let recorder: BusRecorder;
let bus: Bus;
let mqtt: TestWay;
let polling: TestWay;

beforeEach(async () => {
  recorder = new BusRecorder();
  const ways: TestWay[] = [];
  const openWay = async (handlers: BusHandlers) => {
    const way = new TestWay(handlers);
    ways.push(way);
    return way;
  };
  bus = await openJoinedBus([openWay, openWay], recorder);
  [mqtt, polling] = ways as [TestWay, TestWay];
});

describe("a bus of two ways in", () => {
  it("sends each terminal what is for it, on the way that it is on", async () => {
    await mqtt.arrive(BY_MQTT);
    await polling.arrive(peer(TUSN_B, "10.0.0.2"));
    expect(bus.connected()).toEqual([TUSN_A, TUSN_B]);
    expect([bus.send(TUSN_A, "trust", NOTHING), bus.send(TUSN_B, "receipt", NOTHING)]).toEqual([true, true]);
    expect([mqtt.log, polling.log]).toEqual([[`trust ${TUSN_A}`], [`receipt ${TUSN_B}`]]);
  });

  it.each(["to polling", "to MQTT"] as const)("has a terminal on one way at a time: it changes %s", async (to) => {
    const [older, newer] = to === "to polling" ? [mqtt, polling] : [polling, mqtt];
    const [before, after] = to === "to polling" ? [BY_MQTT, BY_POLLING] : [BY_POLLING, BY_MQTT];
    await older.arrive(before);
    await newer.arrive(after);
    expect([older.there.size, newer.there.size, bus.connected()]).toEqual([0, 1, [TUSN_A]]);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`, `+${TUSN_A}`]);
    expect(recorder.takeovers).toEqual([[before, after]]);
    bus.send(TUSN_A, "directive", NOTHING);
    expect([older.log, newer.log]).toEqual([[], [`directive ${TUSN_A}`]]);
    newer.disconnect(TUSN_A);
    expect([recorder.presence.at(-1), bus.connected()]).toEqual([`-${TUSN_A}`, []]);
    expect(bus.send(TUSN_A, "directive", NOTHING)).toBe(false);
  });

  it("tells no change where the terminal had gone before it came the other way", async () => {
    await mqtt.arrive(BY_MQTT);
    mqtt.disconnect(TUSN_A);
    await polling.arrive(BY_POLLING);
    expect(recorder.takeovers).toEqual([]);
  });

  it("leaves a terminal nowhere that is cut off because of its change", async () => {
    recorder.onTakenOver = () => bus.disconnect(TUSN_A);
    await mqtt.arrive(BY_MQTT);
    await polling.arrive(BY_POLLING);
    expect([mqtt.there.size, polling.there.size, bus.connected()]).toEqual([0, 0, []]);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`, `+${TUSN_A}`, `-${TUSN_A}`]);
  });

  it("asks once per connection, and passes the answer and every message on", async () => {
    recorder.decide = async () => "greeting";
    await polling.arrive(BY_POLLING);
    expect([recorder.asked, bus.connected()]).toEqual([[BY_POLLING], []]);
    await polling.handlers.receive({ tusn: TUSN_A, kind: "hello", payload: NOTHING });
    expect(recorder.texts()).toEqual(["x"]);
  });

  it("has what is revoked refused on both, and nothing changed by what is no list", () => {
    bus.refuse("list");
    expect(() => bus.refuse("bad")).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect([mqtt.log, polling.log]).toEqual([["refuse list"], ["refuse list"]]);
  });

  it("closes the way that is open where the other one cannot be opened", async () => {
    let first: TestWay | undefined;
    const failing = openJoinedBus(
      [
        async (handlers) => {
          first = new TestWay(handlers);
          return first;
        },
        () => Promise.reject(new TillsyncError("PORT_IN_USE")),
      ],
      recorder,
    );
    await expect(failing).rejects.toThrow(expect.objectContaining({ code: "PORT_IN_USE" }));
    expect(first?.log).toEqual(["close"]);
  });
});
