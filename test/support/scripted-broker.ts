import type { AddressInfo, Socket } from "node:net";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import { DOWN_KINDS } from "../../proto/topics.ts";
import { loadCertificates } from "./certificates.ts";

/** One MQTT packet as it came. */
export interface Packet {
  /** Upper four bits of the first byte: 1 CONNECT, 3 PUBLISH, 4 PUBACK, 8 SUBSCRIBE, 12 PINGREQ, 14 DISCONNECT. */
  readonly type: number;
  readonly body: Buffer;
}

/** A broker that an attacker holds: it answers as MQTT demands, and sends whatever a test says. */
export interface ScriptedBroker {
  readonly port: number;
  readonly packets: readonly Packet[];
  /** TLS connections that came about. */
  readonly connections: readonly TLSSocket[];
  /** Sends to the newest connection. */
  send(bytes: Uint8Array): void;
  close(): Promise<void>;
}

export interface ScriptedBrokerOptions extends TlsOptions {
  /** Code that every subscription is granted with; 0x80 refuses. */
  readonly granted?: number;
  /** Types of packet that are answered: by default CONNECT, SUBSCRIBE and PUBLISH. */
  readonly answered?: readonly number[];
}

const CONNACK = Buffer.of(0x20, 2, 0, 0);

export async function openScriptedBroker(options: ScriptedBrokerOptions = {}): Promise<ScriptedBroker> {
  const { server: own, authority } = await loadCertificates();
  const packets: Packet[] = [];
  const connections: TLSSocket[] = [];
  const server = createServer(
    { key: own.key, cert: own.certificate, ca: authority.certificate, requestCert: true, ...options },
    (socket) => {
      connections.push(socket);
      let rest: Buffer = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        const split = splitPackets(Buffer.concat([rest, chunk]));
        rest = split.rest;
        packets.push(...split.packets);
        const answered = split.packets.filter(({ type }) => options.answered?.includes(type) ?? true);
        for (const packet of answered) socket.write(toAnswer(packet, options.granted ?? 1));
      });
    },
  );
  server.on("tlsClientError", () => {});
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    packets,
    connections,
    send: (bytes) => connections.at(-1)?.write(bytes),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function toAnswer({ type, body }: Packet, granted: number): Buffer {
  if (type === 1) return CONNACK;
  if (type === 8) return Buffer.concat([Buffer.of(0x90, 2 + DOWN_KINDS.length), body.subarray(0, 2), grant(granted)]);
  if (type !== 3) return Buffer.alloc(0);
  const topic = body.readUInt16BE(0);
  return Buffer.concat([Buffer.of(0x40, 2), body.subarray(2 + topic, 4 + topic)]);
}

/** One code for each topic that a terminal subscribes to. */
function grant(code: number): Buffer {
  return Buffer.alloc(DOWN_KINDS.length, code);
}

/** The topic of a PUBLISH. */
export function toTopic({ body }: Packet): string {
  return body.subarray(2, 2 + body.readUInt16BE(0)).toString("utf8");
}

/** The payload of a PUBLISH with QoS 1. */
export function toPayload({ body }: Packet): Buffer {
  return body.subarray(4 + body.readUInt16BE(0));
}

function splitPackets(bytes: Buffer): { readonly packets: Packet[]; readonly rest: Buffer } {
  const packets: Packet[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.subarray(1, 5).findIndex((byte) => byte < 0x80) + 1;
    if (end === 0) return { packets, rest };
    const length = [...rest.subarray(1, end + 1)].reduce((sum, byte, at) => sum + (byte & 0x7f) * 128 ** at, 0);
    const whole = end + 1 + length;
    if (rest.length < whole) return { packets, rest };
    packets.push({ type: rest.readUInt8(0) >> 4, body: rest.subarray(end + 1, whole) });
    rest = rest.subarray(whole);
  }
}
