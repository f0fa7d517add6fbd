import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bus } from "../../broker/bus.ts";
import { MAX_PACKET_BYTES } from "../../proto/bounds.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { DOWN_KINDS, toDownTopic, toUpTopic } from "../../proto/topics.ts";
import { BusRecorder } from "../support/bus-recorder.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";
import { type Address, connectReadyTerminal, connectTerminal, endTerminals, ping } from "../support/mqtt-terminal.ts";
import { SOON_MS } from "../support/patience.ts";
import { describeBusAdmission, type OpenBus } from "./bus-admission.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const HELLO_A = toUpTopic(TUSN_A, "hello");
const REPORT_A = toUpTopic(TUSN_A, "report");

/** What every adapter of the bus port does. */
export function describeBus(name: string, open: OpenBus): void {
  describeBusAdmission(name, open);

  let recorder: BusRecorder;
  let bus: Bus;
  let address: Address;

  describe(`the bus contract, ${name}`, () => {
    beforeEach(async () => {
      recorder = new BusRecorder();
      ({ bus, address } = await open(recorder));
    });

    afterEach(async () => {
      endTerminals();
      await bus.close();
    });

    describe("receiving", () => {
      it("hands over a message with the terminal's own TUSN, its kind and its very bytes", async () => {
        const terminal = await connectTerminal(address, TUSN_A);
        const payload = Buffer.from([0, 1, 255, 128]);
        await terminal.client.publishAsync(HELLO_A, payload, { qos: 1 });
        await terminal.client.publishAsync(REPORT_A, "report", { qos: 1 });
        expect(recorder.received.map(({ tusn, kind }) => [tusn, kind])).toEqual([
          [TUSN_A, "hello"],
          [TUSN_A, "report"],
        ]);
        expect(Buffer.from(recorder.received[0]?.payload ?? []).equals(payload)).toBe(true);
      });

      it("acknowledges a message only when it is stored", async () => {
        let finish = () => {};
        recorder.store = () => new Promise((resolve) => (finish = resolve));
        const terminal = await connectTerminal(address, TUSN_A);
        let isAcknowledged = false;
        const published = terminal.client.publishAsync(HELLO_A, "x", { qos: 1 }).then(() => (isAcknowledged = true));
        await vi.waitFor(() => expect(recorder.texts()).toEqual(["x"]), SOON_MS);
        await ping(terminal);
        expect(isAcknowledged).toBe(false);
        finish();
        await published;
      });

      it("hands over a terminal's messages in order, one at a time", async () => {
        let running = 0;
        let most = 0;
        recorder.store = async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        };
        const terminal = await connectTerminal(address, TUSN_A);
        const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
        await Promise.all(texts.map((text) => terminal.client.publishAsync(REPORT_A, text, { qos: 1 })));
        expect(recorder.texts()).toEqual(texts);
        expect(most).toBe(1);
      });

      it("does not let one terminal wait for another", async () => {
        let finish = () => {};
        recorder.store = ({ tusn }) =>
          tusn === TUSN_A ? new Promise((resolve) => (finish = resolve)) : Promise.resolve();
        const [slow, quick] = await Promise.all([connectTerminal(address, TUSN_A), connectTerminal(address, TUSN_B)]);
        slow.client.publish(HELLO_A, "x", { qos: 1 });
        await vi.waitFor(() => expect(recorder.received).toHaveLength(1), SOON_MS);
        await quick.client.publishAsync(toUpTopic(TUSN_B, "hello"), "y", { qos: 1 });
        expect(recorder.texts()).toEqual(["x", "y"]);
        finish();
      });

      it("drops the connection of a message that is not stored, and hands over nothing that came after it", async () => {
        recorder.store = () => Promise.reject(new TillsyncError("STORE_FAILED"));
        const terminal = await connectReadyTerminal(address, TUSN_A);
        const acknowledged: string[] = [];
        terminal.client.on("packetreceive", ({ cmd }) => acknowledged.push(cmd));
        for (const text of ["first", "second", "third"]) terminal.client.publish(REPORT_A, text, { qos: 1 });
        await terminal.closed;
        expect(acknowledged).not.toContain("puback");
        expect(recorder.texts()).toEqual(["first"]);
        await vi.waitFor(() => expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`]), SOON_MS);

        recorder.store = async () => {};
        const again = await connectTerminal(address, TUSN_A);
        await again.client.publishAsync(REPORT_A, "first", { qos: 1 });
        expect(recorder.texts()).toEqual(["first", "first"]);
      });
    });

    describe("presence", () => {
      it("counts a terminal as connected when it has subscribed to all of its topics, not before", async () => {
        const terminal = await connectTerminal(address, TUSN_A);
        await terminal.subscribe(...DOWN_KINDS.filter((kind) => kind !== "trust"));
        expect(recorder.presence).toEqual([]);
        expect(bus.connected()).toEqual([]);
        expect(bus.send(TUSN_A, "receipt", Buffer.from("x"))).toBe(false);
        await terminal.subscribe("trust");
        expect(recorder.presence).toEqual([`+${TUSN_A}`]);
        expect(bus.connected()).toEqual([TUSN_A]);
      });

      it("tells once that a terminal is gone, and knows it no more", async () => {
        const terminal = await connectReadyTerminal(address, TUSN_A);
        terminal.client.end(true);
        await vi.waitFor(() => expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`]), SOON_MS);
        expect(bus.connected()).toEqual([]);
        expect(bus.send(TUSN_A, "receipt", Buffer.from("x"))).toBe(false);
      });

      it("counts a terminal as gone that has given up one of its topics", async () => {
        const terminal = await connectReadyTerminal(address, TUSN_A);
        await terminal.client.unsubscribeAsync(toDownTopic(TUSN_A, "trust"));
        expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`]);
        expect(bus.send(TUSN_A, "receipt", Buffer.from("x"))).toBe(false);
        await terminal.subscribe("trust");
        expect(bus.connected()).toEqual([TUSN_A]);
      });

      it("lets a terminal's new connection take over from its old one", async () => {
        const older = await connectReadyTerminal(address, TUSN_A);
        const newer = await connectReadyTerminal(address, TUSN_A);
        await older.closed;
        expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`, `+${TUSN_A}`]);
        expect(bus.connected()).toEqual([TUSN_A]);
        expect(bus.send(TUSN_A, "directive", Buffer.from("x"))).toBe(true);
        await vi.waitFor(() => expect(newer.messages).toHaveLength(1), SOON_MS);
        expect(older.messages).toEqual([]);
      });

      it("cuts a terminal off on demand; it may come again", async () => {
        const [terminal, other] = await Promise.all([
          connectReadyTerminal(address, TUSN_A),
          connectReadyTerminal(address, TUSN_B),
        ]);
        bus.disconnect(TUSN_A);
        await terminal.closed;
        expect(bus.connected()).toEqual([TUSN_B]);
        await connectReadyTerminal(address, TUSN_A);
        expect(new Set(bus.connected())).toEqual(new Set([TUSN_A, TUSN_B]));
        expect(other.client.connected).toBe(true);
      });
    });

    describe("sending", () => {
      it("delivers in order, byte for byte, each kind on its topic, to that terminal alone", async () => {
        const [terminal, other] = await Promise.all([
          connectReadyTerminal(address, TUSN_A),
          connectReadyTerminal(address, TUSN_B),
        ]);
        const sent = Array.from({ length: 60 }, (_, i) => ({
          kind: DOWN_KINDS[i % DOWN_KINDS.length] ?? "trust",
          payload: Buffer.from([i, 0, 255]),
        }));
        for (const { kind, payload } of sent) expect(bus.send(TUSN_A, kind, payload)).toBe(true);
        await vi.waitFor(() => expect(terminal.messages).toHaveLength(sent.length), SOON_MS);
        expect(terminal.messages).toEqual(sent);
        await ping(other);
        expect(other.messages).toEqual([]);
      });

      it("keeps nothing for a terminal that is not connected", async () => {
        expect(bus.send(TUSN_A, "directive", Buffer.from("lost"))).toBe(false);
        const terminal = await connectReadyTerminal(address, TUSN_A);
        expect(bus.send(TUSN_A, "directive", Buffer.from("kept"))).toBe(true);
        await vi.waitFor(
          () => expect(terminal.messages).toEqual([{ kind: "directive", payload: Buffer.from("kept") }]),
          SOON_MS,
        );
      });

      it("takes what fits one packet and refuses more", async () => {
        const terminal = await connectReadyTerminal(address, TUSN_A);
        const large = Buffer.alloc(MAX_PACKET_BYTES - 100, 7);
        expect(bus.send(TUSN_A, "trust", large)).toBe(true);
        await vi.waitFor(() => expect(terminal.messages).toEqual([{ kind: "trust", payload: large }]), SOON_MS);
        const tooLarge = Buffer.alloc(MAX_PACKET_BYTES);
        expect(() => bus.send(TUSN_A, "trust", tooLarge)).toThrow(code("BYTES_TOO_LARGE"));
        expect(() => bus.send(TUSN_B, "trust", tooLarge)).toThrow(code("BYTES_TOO_LARGE"));
      });
    });

    describe("closing", () => {
      it("cuts every connection, tells so, and sends nothing more, however often it is asked", async () => {
        const terminals = await Promise.all([
          connectReadyTerminal(address, TUSN_A),
          connectReadyTerminal(address, TUSN_B),
        ]);
        await Promise.all([bus.close(), bus.close()]);
        await Promise.all(terminals.map(({ closed }) => closed));
        await bus.close();
        expect(bus.connected()).toEqual([]);
        expect(recorder.presence.filter((entry) => entry.startsWith("-"))).toHaveLength(2);
        expect(() => bus.send(TUSN_A, "receipt", Buffer.from("x"))).toThrow(code("BUS_CLOSED"));
        await expect(connectTerminal(address, TUSN_A)).rejects.toThrow();
      });

      it("waits for the message that is being stored and hands over no other", async () => {
        let finish = () => {};
        recorder.store = () => new Promise((resolve) => (finish = resolve));
        const terminal = await connectTerminal(address, TUSN_A);
        for (const text of ["stored", "not handed over"]) terminal.client.publish(REPORT_A, text, { qos: 1 });
        await vi.waitFor(() => expect(recorder.received).toHaveLength(1), SOON_MS);
        let isClosed = false;
        const closed = bus.close().then(() => (isClosed = true));
        await terminal.closed;
        expect(isClosed).toBe(false);
        finish();
        await closed;
        expect(recorder.texts()).toEqual(["stored"]);
      });
    });
  });
}
