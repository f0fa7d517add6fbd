import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { BrokerProcess } from "../support/broker-process.ts";
import { CONNACK } from "../support/bus-under-attack.ts";
import { loadCertificates, TUSN_A } from "../support/certificates.ts";
import { toConnect } from "../support/mqtt-bytes.ts";
import { connectTerminal, endTerminals } from "../support/mqtt-terminal.ts";
import { SOON_MS } from "../support/patience.ts";
import { endRaw, openTrusting, type RawTerminal } from "../support/raw-terminal.ts";

const SOCKETS = 10;
const BOUND_BYTES = 32 * 1_024 * 1_024;
/** What follows an announcement, of which the broker must keep nothing. */
const FLOOD = Buffer.alloc(8 * 1_024 * 1_024);
const ANNOUNCE_256_MB = Buffer.of(0xff, 0xff, 0xff, 0x7f);
const CONNECT_BYTE = Buffer.of(0x10);
const PUBLISH_BYTE = Buffer.of(0x30);

/** A bound that is waited out. Every other bound is `SOON_MS`: a busy machine must not cut a socket for another reason. */
const BRIEF_MS = 2_000;

let broker: BrokerProcess;
let before: number;

function useBroker(limits: Parameters<typeof BrokerProcess.start>[0]): void {
  beforeAll(async () => {
    broker = await BrokerProcess.start(limits);
    // Code is compiled and buffers are pooled on first use, which is no attacker's doing.
    for (let i = 0; i < SOCKETS; i++) await connectTerminal(broker.address, TUSN_A);
  });

  afterAll(async () => {
    endTerminals();
    endRaw();
    await broker.stop();
  });

  beforeEach(async () => {
    broker.log.length = 0;
    before = (await broker.readMemory()).now;
  });
}

interface Attacker extends RawTerminal {
  readonly tusn: Tusn;
}

/** Ten terminals with genuine certificates, each in its own name. */
async function openTen(): Promise<readonly Attacker[]> {
  const certificates = await loadCertificates();
  return Promise.all(
    Array.from({ length: SOCKETS }, async (_, i) => {
      const tusn = parseTusn(`00000304N7NL0000000${i}`);
      const opened = await openTrusting(broker.address, await certificates.terminal(tusn));
      await once(opened.socket, "secureConnect");
      return { ...opened, tusn };
    }),
  );
}

async function expectCheap(): Promise<void> {
  const { peak } = await broker.readMemory();
  expect(peak - before).toBeLessThan(BOUND_BYTES);
}

function expectLogged(entry: string, count: number): Promise<void> {
  return vi.waitFor(() => expect(broker.log.filter((line) => line === entry)).toHaveLength(count), SOON_MS);
}

describe("ten sockets cost the broker less than 32 MB and are closed", () => {
  describe("as soon as they are too large", () => {
    useBroker({ connectMs: SOON_MS, handshakeMs: SOON_MS });

    it("that announce 256 MB as their first packet", async () => {
      const attackers = await openTen();
      for (const { socket } of attackers) socket.write(Buffer.concat([CONNECT_BYTE, ANNOUNCE_256_MB, FLOOD]));
      await Promise.all(attackers.map(({ closed }) => closed));
      await expectCheap();
      await expectLogged("bus.connection_cut GUARD_TOO_LARGE", SOCKETS);
    });

    it("that announce 256 MB after CONNECT", async () => {
      const attackers = await openTen();
      for (const { socket, tusn } of attackers) socket.write(toConnect({ clientId: tusn }));
      await vi.waitFor(() => {
        for (const attacker of attackers) expect(attacker.received()).toEqual(CONNACK);
      }, SOON_MS);
      for (const { socket } of attackers) socket.write(Buffer.concat([PUBLISH_BYTE, ANNOUNCE_256_MB, FLOOD]));
      await Promise.all(attackers.map(({ closed }) => closed));
      await expectCheap();
      await expectLogged("bus.connection_cut GUARD_TOO_LARGE", SOCKETS);
    });
  });

  describe("as soon as CONNECT is late", () => {
    useBroker({ connectMs: BRIEF_MS, handshakeMs: SOON_MS });

    it("that never send CONNECT", async () => {
      const attackers = await openTen();
      await Promise.all(attackers.map(({ closed }) => closed));
      await expectCheap();
      await expectLogged("bus.connection_cut GUARD_TOO_SLOW", SOCKETS);
    });

    it("that send CONNECT byte by byte", async () => {
      const attackers = await openTen();
      const packet = toConnect({ clientId: "x".repeat(1_000) });
      const drips = attackers.map(({ socket }) => {
        let sent = 0;
        return setInterval(() => socket.write(packet.subarray(sent, ++sent)), 20);
      });
      await Promise.all(attackers.map(({ closed }) => closed));
      for (const drip of drips) clearInterval(drip);
      await expectCheap();
      await expectLogged("bus.connection_cut GUARD_TOO_SLOW", SOCKETS);
    });
  });

  describe("as soon as the handshake is late", () => {
    useBroker({ connectMs: SOON_MS, handshakeMs: BRIEF_MS });

    it("that never begin their TLS handshake", async () => {
      const attackers = Array.from({ length: SOCKETS }, () =>
        connect(broker.address.port, broker.address.host).resume(),
      );
      for (const socket of attackers) socket.on("error", () => {});
      await Promise.all(attackers.map((socket) => once(socket, "close")));
      await expectCheap();
      await expectLogged("bus.handshake_refused ERR_TLS_HANDSHAKE_TIMEOUT", SOCKETS);
    });
  });
});
