import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { splitFrames } from "../../agent/iso8583/frames.ts";
import { parseFrame } from "../../agent/iso8583/message.ts";
import { concat } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Behaviour } from "./behaviour.ts";
import type { AcquirerRecord } from "./books.ts";
import { AcquirerHost, type AcquirerTerminal } from "./host.ts";

export interface AcquirerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly terminals: readonly AcquirerTerminal[];
}

/** A running acquirer host; see AcquirerHost for what it does. */
export interface Acquirer {
  readonly port: number;
  addTerminals(terminals: readonly AcquirerTerminal[]): void;
  script(terminalNo: string, behaviours: readonly Behaviour[]): void;
  records(): readonly AcquirerRecord[];
  /** Connections open now. */
  connections(): number;
  /** Stops listening and cuts every connection. Idempotent. */
  close(): Promise<void>;
}

export const MAX_CONNECTIONS = 2_000;
/** A connection on which nothing happens for so long is cut. */
export const IDLE_MS = 120_000;

/** @throws TillsyncError PORT_IN_USE */
export async function openAcquirer({ host, port, terminals }: AcquirerOptions): Promise<Acquirer> {
  const acquirer = new AcquirerHost(randomBytes);
  acquirer.addTerminals(terminals);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(acquirer, socket);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const bound = await listen(server, host, port);
  return {
    port: bound,
    addTerminals: (added) => acquirer.addTerminals(added),
    script: (terminalNo, behaviours) => acquirer.script(terminalNo, behaviours),
    records: () => acquirer.records(),
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function serve(acquirer: AcquirerHost, socket: Socket): void {
  const pending = new Set<NodeJS.Timeout>();
  let rest: Uint8Array = new Uint8Array(0);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  // A terminal that goes away in mid-message is nothing to act upon.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => pending.forEach(clearTimeout));
  socket.on("data", (chunk) => {
    try {
      const split = splitFrames(concat(rest, chunk));
      rest = split.rest;
      for (const frame of split.frames) react(frame);
    } catch (error) {
      if (!(error instanceof TillsyncError)) throw error;
      socket.destroy();
    }
  });

  function react(frame: Uint8Array): void {
    const { frames, afterMs, drop } = acquirer.receive(parseFrame(frame), frame);
    if (drop) socket.destroy();
    if (afterMs === 0) {
      send(frames);
      return;
    }
    const timer = setTimeout(() => {
      pending.delete(timer);
      send(frames);
    }, afterMs);
    pending.add(timer);
  }
  function send(frames: readonly Uint8Array[]): void {
    if (socket.writable && frames.length > 0) socket.write(concat(...frames));
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new TillsyncError("PORT_IN_USE", { host, port }, error) : error),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
