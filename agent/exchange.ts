import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Agent } from "node:https";
import { TillsyncError } from "../proto/errors.ts";

/** Nothing has come for so long. */
const IDLE_MS = 30_000;
/** From the first packet to the end of the answer. */
const DURATION_MS = 60_000;
const MAX_HEADER_BYTES = 8_192;
const SECONDS = /^\d{1,9}$/;

/** An HTTPS server of the service, and whom to take for it. PEM. */
export interface Server {
  readonly url: URL;
  /** The only authorities that are believed. */
  readonly ca: string;
  /** The terminal's own certificate and key, where it has them already. */
  readonly own?: { readonly cert: string; readonly key: string };
  /** Milliseconds; the limits above where absent. */
  readonly idleMs?: number;
  readonly durationMs?: number;
}

export interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Longest body that is taken; nothing of a longer one is kept. */
  readonly maxAnswerBytes: number;
  /** Keeps the connection for the next request; a connection of its own where absent. */
  readonly agent?: Agent;
  /** Ends it at once. */
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Asks over TLS 1.3 and gives whatever is answered, redirects too, which nobody follows.
 *
 * @throws TillsyncError FETCH_FAILED where no whole answer came within the bounds
 */
export async function exchange(server: Server, asked: Asked): Promise<Answer> {
  // Loaded when it is needed: most agents ask over HTTPS once in weeks.
  const { request } = await import("node:https");
  const { url, ca, own = {}, idleMs = IDLE_MS, durationMs = DURATION_MS } = server;
  const { method, path, headers, body, maxAnswerBytes, agent = false, signal } = asked;
  return new Promise((resolve, reject) => {
    let stopped: TillsyncError | undefined;
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      reject(stopped ?? (cause instanceof TillsyncError ? cause : toFailure(path, cause)));
    };
    const sending = request(
      new URL(path, url),
      {
        method,
        headers: body === undefined ? headers : { ...headers, "content-length": body.length },
        agent,
        timeout: idleMs,
        maxHeaderSize: MAX_HEADER_BYTES,
        minVersion: "TLSv1.3",
        // Told, so that no setting of the surroundings turns it off.
        rejectUnauthorized: true,
        ca,
        ...own,
        ...(signal === undefined ? {} : { signal }),
      },
      (answer) => {
        collect(answer, path, maxAnswerBytes).then((bytes) => {
          clearTimeout(timer);
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: bytes });
        }, fail);
      },
    );
    const stop = (what: string): void => {
      stopped = new TillsyncError("FETCH_FAILED", { path, what });
      sending.destroy(stopped);
    };
    const timer = setTimeout(() => stop("too slow"), durationMs);
    sending.on("timeout", () => stop("silent"));
    sending.on("error", fail);
    sending.end(body);
  });
}

/** When the server asks to be asked again, in seconds; undefined where it does not say so in this form. */
export function toRetryAfter({ headers }: Pick<Answer, "headers">): number | undefined {
  const text = headers["retry-after"] ?? "";
  return SECONDS.test(text) ? Number(text) : undefined;
}

async function collect(answer: IncomingMessage, path: string, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    // Leaving the loop ends the connection.
    if (bytes > maxBytes) throw new TillsyncError("FETCH_FAILED", { path, what: "answer too long" });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The system's own code, such as ECONNREFUSED or what is wrong with the server's certificate. */
function toFailure(path: string, cause: unknown): TillsyncError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "failed";
  return new TillsyncError("FETCH_FAILED", { path, what: code }, cause);
}
