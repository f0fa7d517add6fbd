import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MAX_SOCKETS_PER_ADDRESS } from "../../src/faces/http/limits.ts";
import { BrokerProcess } from "../support/broker-process.ts";
import { TUSN_A } from "../support/certificates.ts";
import { connectTerminal, endTerminals } from "../support/mqtt-terminal.ts";
import { type Port, type ServeProcess, startServe } from "../support/serve-process.ts";

// Clients that keep a place by sending next to nothing, on real sockets with the service's own bounds and real time.

const WAIT_MS = 25_000;
const sockets = new Set<Socket | TLSSocket>();

function keep<T extends Socket>(socket: T): T {
  sockets.add(socket);
  socket.on("error", () => undefined);
  return socket;
}

afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

/** Sends a byte of `bytes` to each socket now and then, over and over, for as long as they are open. */
function drip(dripped: readonly Socket[], bytes: Buffer, everyMs: number): () => void {
  let sent = 0;
  const timer = setInterval(() => {
    for (const socket of dripped) if (!socket.destroyed) socket.write(bytes.subarray(sent, sent + 1));
    sent = (sent + 1) % bytes.length;
  }, everyMs);
  return () => clearInterval(timer);
}

describe("row 31: a thousand connections that send a byte now and then", () => {
  const DRIPS = 1_000;
  /** Bound of each address: so many of other terminals may arrive beside them. */
  const ADDRESSES = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
  /** The beginning of a TLS handshake that announces more than ever comes. */
  const HANDSHAKE = Buffer.from("16030102000100", "hex");
  let broker: BrokerProcess;

  beforeAll(async () => {
    broker = await BrokerProcess.start({ connectMs: 5_000, handshakeMs: 5_000 });
  });

  afterAll(async () => {
    endTerminals();
    await broker.stop();
  });

  it(
    "are all closed within their time, and terminals connect meanwhile",
    async () => {
      const { port, host } = broker.address;
      const dripping = Array.from({ length: DRIPS }, (_, n) =>
        keep(connectTcp({ port, host, localAddress: ADDRESSES[n % ADDRESSES.length] ?? "" }).resume()),
      );
      let open = DRIPS;
      for (const socket of dripping) socket.once("close", () => (open -= 1));
      const stop = drip(dripping, HANDSHAKE, 200);
      await vi.waitFor(() => expect(dripping.every((socket) => !socket.connecting)).toBe(true), WAIT_MS);
      const { client } = await connectTerminal(broker.address, TUSN_A);
      expect(client.connected).toBe(true);
      expect(open).toBeGreaterThan(0);
      await vi.waitFor(() => expect(open).toBe(0), WAIT_MS);
      stop();
      expect(client.connected).toBe(true);
    },
    2 * WAIT_MS,
  );
});

describe("row 32: slow clients of the HTTPS faces", () => {
  const FACES: readonly Port[] = ["desk", "enrolment", "lookup"];
  const HEAD = "POST /enrol/v1/challenges HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
  /** As slowhttptest has it: headers that never end, a body that never ends, answers that are never read. */
  const KINDS = {
    "-H": { address: "127.0.0.2", begin: HEAD, drip: Buffer.from("x-a: b\r\n") },
    "-B": { address: "127.0.0.3", begin: `${HEAD}content-length: 4096\r\n\r\n`, drip: Buffer.from("a") },
    "-X": { address: "127.0.0.4", begin: "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n".repeat(8), drip: undefined },
  } as const;
  let service: ServeProcess;

  beforeAll(async () => {
    service = await startServe();
  });

  afterAll(() => service?.stop());

  async function isAvailable(face: Port): Promise<boolean> {
    const { host, ports, authority } = service;
    const asked = get({ host, port: ports[face], path: "/nothing", ca: authority.certificate, agent: false });
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode === 404;
  }

  it.concurrent.each(Object.keys(KINDS) as (keyof typeof KINDS)[])(
    "%s hold no more places than one address has, lose them in time, and the faces stay available",
    async (kind) => {
      const { address, begin, drip: dripped } = KINDS[kind];
      const { host, ports, authority } = service;
      let open = 0;
      const slow: TLSSocket[] = [];
      for (const face of FACES) {
        // More than one address may hold: the rest is cut at once.
        for (let n = 0; n < 2 * MAX_SOCKETS_PER_ADDRESS; n += 1) {
          const socket = keep(connectTcp({ host, port: ports[face], localAddress: address }));
          const tls = keep(connectTls({ socket, ca: authority.certificate, servername: "localhost" }));
          open += 1;
          tls.once("close", () => (open -= 1));
          // Paused and never read: what is answered stays where it is.
          tls.pause();
          // Before anything that is dripped, and sent when the handshake is through.
          tls.write(begin);
          slow.push(tls);
        }
      }
      const stop = dripped === undefined ? () => undefined : drip(slow, dripped, 500);
      for (const face of FACES) expect(await isAvailable(face)).toBe(true);
      if (kind === "-X") for (const tls of slow) setTimeout(() => tls.resume(), 12_000);
      await vi.waitFor(() => expect(open).toBe(0), { timeout: WAIT_MS, interval: 100 });
      stop();
      for (const face of FACES) expect(await isAvailable(face)).toBe(true);
    },
    2 * WAIT_MS,
  );
});
