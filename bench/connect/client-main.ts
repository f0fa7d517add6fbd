import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import { DOWN_KINDS, toDownTopic } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";

/** What the parent sends first. */
export interface ClientSettings {
  readonly authority: string;
  readonly deviceKey: string;
  /** File of one JSON line per terminal, as `ClientTerminal`. */
  readonly terminals: string;
}

export interface ClientTerminal {
  readonly tusn: Tusn;
  /** PEM. */
  readonly certificate: string;
}

export interface Order {
  readonly port: number;
  /** Terminals from here on, so many. */
  readonly from: number;
  readonly count: number;
  /** `new`: whole handshakes, whose sessions are kept; `resumed`: with these; `hold`: stay connected and subscribed. */
  readonly kind: "new" | "resumed" | "hold" | "drop";
}

export interface Done {
  readonly seconds: number;
  readonly connected: number;
  readonly resumed: number;
  readonly failed: number;
  /** Of this process. */
  readonly cpuSeconds: number;
}

const AT_ONCE = 32;
const CONNECT_MS = 120_000;
const CONNACK_BYTES = 4;
const KEEP_ALIVE_S = 300;

const [settings] = (await once(process, "message")) as [ClientSettings];
const terminals = readFileSync(settings.terminals, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as ClientTerminal);
/** By port and terminal. */
const sessions = new Map<string, Buffer>();
const held = new Set<TLSSocket>();
process.on("message", (order) => void fulfil(order as Order));
process.once("disconnect", () => process.exit(0));
process.send?.("ready");

async function fulfil(order: Order): Promise<void> {
  if (order.kind === "drop") {
    for (const socket of held) socket.destroy();
    held.clear();
  }
  const before = process.cpuUsage();
  const started = performance.now();
  let next = order.from;
  const counts = { connected: 0, resumed: 0, failed: 0 };
  const work = async () => {
    while (order.kind !== "drop" && next < order.from + order.count) {
      const terminal = terminals[next++];
      if (terminal === undefined) return;
      const outcome = await connectOne(terminal, order).catch(() => "failed" as const);
      if (outcome !== "failed") counts.connected += 1;
      if (outcome !== "new") counts[outcome] += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1_000;
  process.send?.({ ...counts, seconds, cpuSeconds: (user + system) / 1e6 } satisfies Done);
}

/** From the TCP connection to CONNACK, or to SUBACK where it is held. */
async function connectOne({ tusn, certificate }: ClientTerminal, { port, kind }: Order): Promise<"new" | "resumed"> {
  const { authority: ca, deviceKey: key } = settings;
  const name = `${port} ${tusn}`;
  const session = kind === "resumed" ? sessions.get(name) : undefined;
  const identity = { key, cert: certificate, ...(session === undefined ? {} : { session }) };
  const socket = connect({ host: "127.0.0.1", port, ca, servername: "localhost", ...identity });
  socket.setNoDelay(true);
  const fail = AbortSignal.timeout(CONNECT_MS);
  fail.addEventListener("abort", () => socket.destroy());
  socket.on("session", (ticket: Buffer) => {
    if (kind === "new") sessions.set(name, ticket);
  });
  const filters = DOWN_KINDS.map((down) => toDownTopic(tusn, down));
  // SUBACK has a byte for each filter after its four.
  const expected = kind === "hold" ? CONNACK_BYTES + 4 + filters.length : CONNACK_BYTES;
  await new Promise<void>((resolve, reject) => {
    let received = 0;
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    socket.once("secureConnect", () => {
      socket.write(toConnect(tusn));
      if (kind === "hold") socket.write(toSubscribe(filters));
    });
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received >= expected) resolve();
    });
  });
  const isReused = socket.isSessionReused();
  socket.removeAllListeners("close");
  if (kind === "hold") held.add(socket);
  else socket.destroy();
  return isReused ? "resumed" : "new";
}

function toConnect(tusn: Tusn): Buffer {
  const header = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, KEEP_ALIVE_S >> 8, KEEP_ALIVE_S & 0xff]);
  return toPacket(0x10, [header, toField(tusn)]);
}

function toSubscribe(filters: readonly string[]): Buffer {
  return toPacket(0x82, [Buffer.of(0, 1), ...filters.flatMap((filter) => [toField(filter), Buffer.of(1)])]);
}

/** None of these is shorter than 0 or longer than two bytes of length can say. */
function toPacket(first: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length < 0x80 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

function toField(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length >> 8, text.length & 0xff), Buffer.from(text)]);
}
