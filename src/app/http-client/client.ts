import { Agent as HttpAgent, type IncomingHttpHeaders, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import type { StartTimer } from "../../../broker/guard/timer.ts";
import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";

// One request over HTTP/1.1: bounded in time and bytes, and no redirect is ever followed.

/** From the first byte to the last, the connection included. */
export const ATTEMPT_MS = 5_000;
const MAX_HEADER_BYTES = 8_192;
/** Connections at once; further requests wait for one, within their time. */
const MAX_CONNECTIONS = 16;
const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost)$/;

export interface Endpoint {
  readonly base: URL;
  readonly agent: HttpAgent;
}

export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** With the base's own path before it, as `toPath` gives it. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Reply {
  readonly status: number;
  readonly isJson: boolean;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface ExchangeOptions {
  /** What a failure is called. */
  readonly code: ErrorCode;
  readonly maxAnswerBytes: number;
  readonly startTimer: StartTimer;
  readonly attemptMs?: number;
}

/**
 * @param url base; without TLS only on this very machine
 * @param setting what an error calls it
 * @param ca PEM of the authorities that are believed; the system's where absent
 * @throws TillsyncError CONFIG_INVALID
 */
export function toEndpoint(url: string, setting: string, ca?: string): Endpoint {
  const invalid = (expected: string) => new TillsyncError("CONFIG_INVALID", { setting, expected });
  if (!URL.canParse(url)) throw invalid("a URL");
  const base = new URL(url);
  const isPlain = base.protocol === "http:";
  if (isPlain ? !LOOPBACK.test(base.hostname) : base.protocol !== "https:") throw invalid("https");
  if (base.username !== "" || base.password !== "" || base.search !== "" || base.hash !== "")
    throw invalid("a plain URL");
  const trusted = ca === undefined ? {} : { ca };
  const bounds = { keepAlive: false, maxSockets: MAX_CONNECTIONS };
  // Said in full, so that no variable of the environment takes it back.
  const tls = { ...trusted, minVersion: "TLSv1.2", rejectUnauthorized: true } as const;
  return { base, agent: isPlain ? new HttpAgent(bounds) : new HttpsAgent({ ...bounds, ...tls }) };
}

/** A path under the base, as it goes over the wire. */
export function toPath({ base }: Endpoint, path: string): string {
  return `${base.pathname.replace(/\/$/, "")}${path}`;
}

/**
 * Sends once and gives the whole answer, whatever it is.
 *
 * @throws TillsyncError `code` with what went wrong: `network`, `time`, or `size`; its fact `sent` is false where no byte of
 *   the request can have arrived
 */
export function exchange(endpoint: Endpoint, sent: HttpRequest, options: ExchangeOptions): Promise<Reply> {
  const { base, agent } = endpoint;
  const { code, maxAnswerBytes, startTimer, attemptMs = ATTEMPT_MS } = options;
  return new Promise((resolve, reject) => {
    const isPlain = base.protocol === "http:";
    const open = isPlain ? requestHttp : requestHttps;
    const { method, path, body = "" } = sent;
    const headers = {
      ...(method === "POST" ? { "content-type": "application/json", "content-length": Buffer.byteLength(body) } : {}),
      accept: "application/json",
      "accept-encoding": "identity",
      ...sent.headers,
    };
    let isConnected = false;
    const request = open(
      new URL(path, base),
      { method, headers, maxHeaderSize: MAX_HEADER_BYTES, agent },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxAnswerBytes) fail("size");
          else chunks.push(chunk);
        });
        response.on("error", () => fail("network"));
        response.on("end", () => {
          stopTimer();
          const { "content-type": type = "", "content-encoding": encoding } = response.headers;
          const isJson = /^application\/json\s*(;|$)/i.test(type) && encoding === undefined;
          resolve({ status: response.statusCode ?? 0, isJson, headers: response.headers, body: Buffer.concat(chunks) });
        });
      },
    );
    const fail = (what: string, error?: NodeJS.ErrnoException) => {
      stopTimer();
      const network = error?.code === undefined ? {} : { network: error.code };
      reject(new TillsyncError(code, { what, ...network, ...(isConnected ? {} : { sent: false }) }));
      request.destroy();
    };
    const stopTimer = startTimer(attemptMs, () => fail("time"));
    request.on("socket", (socket: Socket) => {
      socket.once(isPlain ? "connect" : "secureConnect", () => {
        isConnected = true;
      });
    });
    // Only its code is told: the message quotes addresses, and of TLS what the other side sent.
    request.on("error", (error) => fail("network", error));
    request.end(body);
  });
}
