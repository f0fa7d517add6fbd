import type { KeyObject } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import { signRequest } from "../../certs/request.ts";
import { toDigest } from "../../proto/bytes.ts";
import { type DeskServerOptions, openDeskServer } from "../../src/faces/http/desk/desk-server.ts";
import { loadCertificates } from "./certificates.ts";
import type { TestFleet } from "./fleet-store.ts";

/** The desk of a test fleet, listening on this machine; closed when the test has finished. */
export interface TestDesk {
  readonly port: number;
  readonly authority: string;
  readonly fleet: TestFleet;
  close(): Promise<void>;
}

export async function openTestDesk(fleet: TestFleet, change: Partial<DeskServerOptions> = {}): Promise<TestDesk> {
  const { server, authority } = await loadCertificates();
  const opened = await openDeskServer({ ...fleet, now: fleet.now, ...server, host: "127.0.0.1", port: 0, ...change });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= opened.close();
    return closed;
  };
  onTestFinished(close);
  return { port: opened.port, authority: authority.certificate, fleet, close };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of an answer in JSON. */
  readonly json: Record<string, unknown>;
}

export interface Asking {
  readonly method?: string;
  readonly body?: Uint8Array;
  /** Signs the request at `at`, or now by the fleet's clock. */
  readonly key?: KeyObject;
  readonly at?: number;
  /** Instead of what belongs there, or beside it. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Headers by which an approver's program makes a request. */
export function toSignedHeaders(
  desk: TestDesk,
  path: string,
  { method = "GET", body = new Uint8Array(0), key, at = desk.fleet.at }: Asking,
): Record<string, string> {
  return {
    ...(key === undefined ? {} : { authorization: signRequest(key, { method, path, body, at }) }),
    ...(method === "POST" ? { "content-digest": `sha-256=:${Buffer.from(toDigest(body)).toString("base64")}:` } : {}),
  };
}

/** Makes one request on a connection of its own. */
export function ask(desk: TestDesk, path: string, asking: Asking = {}): Promise<Answer> {
  const { method = "GET", body = new Uint8Array(0), headers = {} } = asking;
  const signed = toSignedHeaders(desk, path, asking);
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        ...{ host: "127.0.0.1", port: desk.port, ca: desk.authority, agent: false, method, path },
        headers: { "content-length": String(body.length), ...signed, ...headers },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => resolve(toAnswer(answer.statusCode ?? 0, answer.headers, Buffer.concat(parts))));
      },
    );
    sending.on("error", reject);
    sending.end(body);
  });
}

function toAnswer(status: number, headers: IncomingHttpHeaders, body: Buffer): Answer {
  const isJson = String(headers["content-type"]).includes("json");
  return { status, headers, body, json: isJson ? JSON.parse(body.toString("utf8")) : {} };
}

/** A TLS connection on which a test writes what it likes. */
export interface RawClient {
  readonly socket: TLSSocket;
  /** What came in so far. */
  text(): string;
  /** Resolves with all that came in, once the other side has closed. */
  readonly closed: Promise<string>;
}

export async function openRawClient(desk: TestDesk): Promise<RawClient> {
  const socket = connect({ host: "127.0.0.1", port: desk.port, ca: desk.authority });
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (part: Buffer) => {
    text += part.toString("latin1");
  });
  socket.on("error", () => undefined);
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(text)));
  await new Promise<void>((resolve) => {
    socket.once("secureConnect", () => resolve());
    socket.once("close", () => resolve());
  });
  return { socket, text: () => text, closed };
}

/** The lines of a request with its headers, up to the body. */
export function toHead(method: string, path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${path} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`;
}
