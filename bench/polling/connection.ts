import { connect } from "node:tls";

export interface ConnectionOptions {
  readonly port: number;
  /** PEM, as all of these. */
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** One request after the other over one connection, by little more than the bytes: what is measured is the other end. */
export interface PollingConnection {
  ask(
    method: "GET" | "POST",
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): Promise<Answer>;
  end(): void;
}

const END_OF_HEAD = "\r\n\r\n";
const CONNECT_MS = 120_000;

/** From the TCP connection to the end of the TLS handshake. */
export async function openConnection({ port, ...identity }: ConnectionOptions): Promise<PollingConnection> {
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", minVersion: "TLSv1.3", ...identity });
  socket.setNoDelay(true).setTimeout(CONNECT_MS, () => socket.destroy());
  let received: Buffer = Buffer.alloc(0);
  let settle: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  socket.on("data", (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const answer = toAnswer(received);
    if (answer === undefined) return;
    received = Buffer.alloc(0);
    settle?.resolve(answer);
  });
  socket.on("close", () => settle?.reject(new Error("closed")));
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("secureConnect", () => resolve());
  });
  socket.on("error", (error) => settle?.reject(error));
  return {
    ask: (method, path, headers, body = new Uint8Array(0)) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        if (socket.destroyed) reject(new Error("closed"));
        const all = { host: "localhost", ...headers, ...(method === "POST" ? { "content-length": body.length } : {}) };
        const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
        const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
        socket.write(body.length === 0 ? head : Buffer.concat([head, body]));
      }),
    end: () => void socket.destroy(),
  };
}

/** Undefined until all of it is there. Nothing answers in chunks here, and 304 has no body. */
function toAnswer(received: Buffer): Answer | undefined {
  const end = received.indexOf(END_OF_HEAD);
  if (end === -1) return undefined;
  const [first = "", ...lines] = received.toString("latin1", 0, end).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  const status = Number(first.split(" ")[1]);
  const length = status === 304 ? 0 : Number(headers.get("content-length") ?? 0);
  return received.length < end + END_OF_HEAD.length + length ? undefined : { status, headers };
}
