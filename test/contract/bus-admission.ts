import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Admission, Bus, BusHandlers } from "../../broker/bus.ts";
import { createRevocationList } from "../../certs/x509/revocation-list.ts";
import { toDigest } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { DOWN_KINDS, toUpTopic } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { BusRecorder } from "../support/bus-recorder.ts";
import { loadCertificates, TUSN_A, TUSN_B } from "../support/certificates.ts";
import { shakeHands, takeTicket } from "../support/live-service.ts";
import { toConnect, toPublish } from "../support/mqtt-bytes.ts";
import {
  type Address,
  connectReadyTerminal,
  connectTerminal,
  endTerminals,
  type MqttTerminal,
  ping,
} from "../support/mqtt-terminal.ts";
import { SOON_MS } from "../support/patience.ts";
import { endRaw, openTrusting } from "../support/raw-terminal.ts";

/** A bus with the address at which terminals reach it, by mutual TLS 1.3 under the test certificates. */
export interface OpenedBus {
  readonly bus: Bus;
  readonly address: Address;
}
export type OpenBus = (handlers: BusHandlers) => Promise<OpenedBus>;

const code = (name: string) => expect.objectContaining({ code: name });
const HELLO_A = toUpTopic(TUSN_A, "hello");
const REPORT_A = toUpTopic(TUSN_A, "report");

/** A list with the certificate of one terminal on it. */
async function revoke(tusn: Tusn): Promise<string> {
  const { authority, terminal } = await loadCertificates();
  const now = Math.floor(Date.now() / 1_000);
  const { serialNumber } = new X509Certificate((await terminal(tusn)).certificate);
  const revoked = [{ serial: serialNumber.toLowerCase(), at: now }];
  return createRevocationList(authority, { revoked, number: now, now: now - 60, nextUpdate: now + 3_600 });
}

/** Whom an adapter of the bus port lets in, and what for. */
export function describeBusAdmission(name: string, open: OpenBus): void {
  let recorder: BusRecorder;
  let bus: Bus;
  let address: Address;

  describe(`the bus contract, ${name}: who is let in`, () => {
    beforeEach(async () => {
      recorder = new BusRecorder();
      ({ bus, address } = await open(recorder));
    });

    afterEach(async () => {
      endTerminals();
      endRaw();
      await bus.close();
    });

    describe("admission", () => {
      const AT_ONCE = [toConnect({ clientId: TUSN_A }), toPublish(HELLO_A, "too early", 1)];
      const answer = (admission: Admission) => async () => admission;

      it("is asked for at every connection, with terminal, certificate and address", async () => {
        const { terminal } = await loadCertificates();
        const fingerprint = toDigest(new X509Certificate((await terminal(TUSN_A)).certificate).raw);
        for (const _ of ["once", "and again"]) {
          const { client, closed } = await connectTerminal(address, TUSN_A);
          client.end(true);
          await closed;
        }
        const peer = { tusn: TUSN_A, fingerprint: new Uint8Array(fingerprint), remote: "127.0.0.1" };
        expect(recorder.asked.map((one) => ({ ...one, fingerprint: new Uint8Array(one.fingerprint) }))).toEqual([
          peer,
          peer,
        ]);
      });

      it.each(["NOT_FOUND", "CERTIFICATE_REVOKED"] as const)(
        "that is rejected with %s ends the connection unanswered, and nothing of it is received",
        async (refusal) => {
          let refuse = () => {};
          recorder.decide = () => new Promise((_, reject) => (refuse = () => reject(new TillsyncError(refusal))));
          const { terminal } = await loadCertificates();
          const peer = await openTrusting(address, await terminal(TUSN_A));
          for (const packet of AT_ONCE) peer.socket.write(packet);
          await vi.waitFor(() => expect(recorder.asked).toHaveLength(1), SOON_MS);
          refuse();
          await peer.closed;
          expect(peer.received()).toEqual(Buffer.alloc(0));
          expect(recorder.received).toEqual([]);
        },
      );

      it("is awaited before anything else that the terminal sends is looked at", async () => {
        let admit = () => {};
        recorder.decide = () => new Promise((resolve) => (admit = () => resolve("full")));
        const { terminal } = await loadCertificates();
        const peer = await openTrusting(address, await terminal(TUSN_A));
        peer.socket.write(toConnect({ clientId: TUSN_A }));
        await vi.waitFor(() => expect(recorder.asked).toHaveLength(1), SOON_MS);
        peer.socket.write(toPublish(HELLO_A, "early", 1));
        const other = await connectOther();
        await ping(other);
        expect(recorder.received).toEqual([]);
        admit();
        await vi.waitFor(() => expect(recorder.texts()).toEqual(["early"]), SOON_MS);
      });

      /** Its answers show that everything that came in before has had its turn. */
      function connectOther(): Promise<MqttTerminal> {
        recorder.decide = answer("full");
        return connectTerminal(address, TUSN_B);
      }

      it("to greet lets a hello in, and ends the connection of anything else", async () => {
        recorder.decide = answer("greeting");
        for (const topic of [REPORT_A, toUpTopic(TUSN_A, "proof")]) {
          const terminal = await connectReadyTerminal(address, TUSN_A);
          await terminal.client.publishAsync(HELLO_A, "hello", { qos: 1 });
          expect(recorder.texts()).toEqual(["hello"]);
          terminal.client.publish(topic, "more", { qos: 1 });
          await terminal.closed;
          expect(recorder.texts()).toEqual(["hello"]);
          recorder.received.length = 0;
        }
      });

      it("to greet lets the terminal subscribe, and delivers nothing", async () => {
        recorder.decide = answer("greeting");
        const terminal = await connectReadyTerminal(address, TUSN_A);
        for (const kind of DOWN_KINDS) expect(bus.send(TUSN_A, kind, Buffer.from("x"))).toBe(false);
        expect(bus.connected()).toEqual([]);
        expect(recorder.presence).toEqual([]);
        await ping(terminal);
        expect(terminal.messages).toEqual([]);
      });

      it("is for one connection: the next one is what the records say then", async () => {
        const before = await connectReadyTerminal(address, TUSN_A);
        recorder.decide = answer("greeting");
        bus.disconnect(TUSN_A);
        await before.closed;
        await connectReadyTerminal(address, TUSN_A);
        expect(bus.connected()).toEqual([]);
        recorder.decide = answer("full");
        bus.disconnect(TUSN_A);
        const after = await connectReadyTerminal(address, TUSN_A);
        expect(bus.send(TUSN_A, "trust", Buffer.from("x"))).toBe(true);
        await vi.waitFor(() => expect(after.messages).toHaveLength(1), SOON_MS);
      });

      it("tells of a connection that took another one's place, not of one that came after it ended", async () => {
        const first = await connectTerminal(address, TUSN_A);
        const second = await connectTerminal(address, TUSN_A);
        await first.closed;
        const [peer] = recorder.asked;
        expect(recorder.takeovers).toEqual([[peer, peer]]);
        bus.disconnect(TUSN_A);
        await second.closed;
        await connectTerminal(address, TUSN_A);
        expect(recorder.takeovers).toHaveLength(1);
      });

      it("leaves no connection where a take-over has the terminal cut off", async () => {
        recorder.onTakenOver = () => bus.disconnect(TUSN_A);
        const first = await connectReadyTerminal(address, TUSN_A);
        const { terminal } = await loadCertificates();
        const second = await openTrusting(address, await terminal(TUSN_A));
        second.socket.write(toConnect({ clientId: TUSN_A }));
        await Promise.all([first.closed, second.closed]);
        recorder.onTakenOver = () => {};
        const third = await connectReadyTerminal(address, TUSN_A);
        expect(recorder.takeovers).toHaveLength(1);
        expect(bus.send(TUSN_A, "trust", Buffer.from("x"))).toBe(true);
        await vi.waitFor(() => expect(third.messages).toHaveLength(1), SOON_MS);
      });
    });

    describe("refusing certificates", () => {
      const TICKET = expect.any(Buffer);

      it("resumes sessions as long as nothing is refused", async () => {
        const ticket = await takeTicket(address, TUSN_A);
        expect(await shakeHands(address, TUSN_A, ticket)).toBe("resumed");
      });

      it("ends their handshake, resumes no session of before, and touches no open connection", async () => {
        const open = await connectReadyTerminal(address, TUSN_A);
        const [own, others] = [await takeTicket(address, TUSN_A), await takeTicket(address, TUSN_B)];
        bus.refuse(await revoke(TUSN_A));
        expect(await shakeHands(address, TUSN_A)).toBe("refused");
        expect(await shakeHands(address, TUSN_A, own)).toBe("refused");
        expect(await shakeHands(address, TUSN_B, others)).toEqual(TICKET);
        expect(await shakeHands(address, TUSN_B, await takeTicket(address, TUSN_B))).toBe("resumed");
        await ping(open);
        expect(open.client.connected).toBe(true);
      });

      it("goes by the newest list alone", async () => {
        bus.refuse(await revoke(TUSN_A));
        bus.refuse(await revoke(TUSN_B));
        expect(await shakeHands(address, TUSN_A)).toEqual(TICKET);
        expect(await shakeHands(address, TUSN_B)).toBe("refused");
      });

      it("leaves all as it was where it is given no list", async () => {
        bus.refuse(await revoke(TUSN_A));
        const before = await takeTicket(address, TUSN_B);
        for (const text of ["", "no list", (await loadCertificates()).authority.certificate]) {
          expect(() => bus.refuse(text), text.slice(0, 10)).toThrow(code("CONFIG_INVALID"));
        }
        expect(await shakeHands(address, TUSN_A)).toBe("refused");
        expect(await shakeHands(address, TUSN_B, before)).toBe("resumed");
      });
    });
  });
}
