import type { Agent } from "node:https";
import { MAX_DESIRED_BYTES, MAX_UPLOAD_BYTES, MAX_UPLOAD_MESSAGES, MAX_UPLOADED_BYTES } from "../../proto/bounds.ts";
import { isEqual } from "../../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../../proto/errors.ts";
import {
  DESIRED_PATH,
  POLLING_TYPE,
  REPORTS_PATH,
  SESSION_HEADER,
  toUploadBytes,
  type UploadMessage,
} from "../../proto/polling.ts";
import type { UpKind } from "../../proto/topics.ts";
import { type Answer, type Asked, exchange, type Server } from "../exchange.ts";
import type { StartTimer } from "../timer.ts";
import { CONNECT_MS, type Connection, type ConnectionHandlers, MAX_UNACKNOWLEDGED } from "./connection.ts";
import { Refusal, readDesired, readUploaded } from "./poll-answers.ts";

/** Requests that may fail one after the other within a session before the connection counts as ended. */
export const MAX_FAILURES = 3;
const MAX_DOUBLINGS = 30;
/** What a message takes beside its envelope: its kind, tags and lengths. */
const MESSAGE_OVERHEAD_BYTES = 32;
/** A refusal is read as far as its code. */
const MAX_PROBLEM_BYTES = 8_192;

/** Where the service is polled and how this terminal proves itself; keys and certificates in PEM. */
export interface PollOptions {
  readonly pollUrl: URL;
  /** The private authority: the only one that is believed. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly startTimer: StartTimer;
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
  /** Evenly drawn from [0, 1). */
  readonly random: () => number;
}

/** The same as a connection to the broker, by requests (clause 5.10): a hello begins it, and polls keep it. */
export function connectByPolling(options: PollOptions, handlers: ConnectionHandlers): Connection {
  const connection = new PollConnection(options, handlers);
  // Not before whoever connects has it in hand.
  queueMicrotask(() => void connection.run());
  return connection;
}

class PollConnection implements Connection {
  readonly #options: PollOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #server: Server;
  readonly #ending = new AbortController();
  #agent: Agent | undefined;
  /** What is to be uploaded, oldest first. */
  #queue: UploadMessage[] = [];
  #session: string | undefined;
  #etag: string | undefined;
  /** Requests that failed since the last one that did not. */
  #failures = 0;
  #wake: () => void = () => undefined;

  constructor(options: PollOptions, handlers: ConnectionHandlers) {
    const { pollUrl: url, ca, cert, key } = options;
    this.#options = options;
    this.#handlers = handlers;
    this.#server = { url, ca, own: { cert, key }, idleMs: CONNECT_MS, durationMs: CONNECT_MS };
  }

  publish(kind: UpKind, envelope: Uint8Array): void {
    const isGreeted = this.#session !== undefined || kind === "hello" || this.#queue.length > 0;
    const isWaiting = this.#queue.some((one) => one.kind === kind && isEqual(one.envelope, envelope));
    if (!isGreeted || isWaiting || this.#queue.length >= MAX_UNACKNOWLEDGED) return;
    this.#queue.push({ kind, envelope });
    this.#wake();
  }

  end(): void {
    this.#end("closed");
  }

  async run(): Promise<void> {
    const { Agent } = await import("node:https");
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    if (!this.#isEnded) this.#handlers.ready();
    while (!this.#isEnded) await this.#wait(await this.#step());
    this.#agent.destroy();
  }

  get #isEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Gives the milliseconds until the next step, unless there is something to upload before. */
  async #step(): Promise<number> {
    try {
      const waitMs = await this.#exchange();
      this.#failures = 0;
      return waitMs;
    } catch (error) {
      return this.#isEnded ? 0 : this.#failed(error);
    }
  }

  async #exchange(): Promise<number> {
    if (this.#queue.length > 0) return this.#upload();
    const session = this.#session;
    return session === undefined ? this.#awaitHello() : this.#poll(session);
  }

  async #awaitHello(): Promise<number> {
    await this.#wait(CONNECT_MS);
    if (this.#queue.length === 0) throw new Refusal("HELLO_MISSING", false, undefined);
    return 0;
  }

  async #upload(): Promise<number> {
    const messages = this.#toBatch();
    const answer = await this.#ask({
      ...{ method: "POST", path: REPORTS_PATH, headers: { "content-type": POLLING_TYPE } },
      ...{ body: toUploadBytes(messages), maxAnswerBytes: Math.max(MAX_UPLOADED_BYTES, MAX_PROBLEM_BYTES) },
    });
    const session = readUploaded(answer, messages.length);
    this.#queue.splice(0, messages.length);
    if (session !== this.#session) this.#etag = undefined;
    this.#session = session;
    // What it brought about may wait already.
    return 0;
  }

  async #poll(session: string): Promise<number> {
    const headers = { [SESSION_HEADER]: session, ...(this.#etag === undefined ? {} : { "if-none-match": this.#etag }) };
    const asked = { method: "GET", path: DESIRED_PATH, headers, maxAnswerBytes: MAX_DESIRED_BYTES } as const;
    const { etag, messages, nextPollS } = readDesired(await this.#ask(asked), this.#etag);
    for (const { kind, payload } of messages) {
      if (this.#isEnded) return 0;
      await this.#handlers.receive(kind, Buffer.from(payload)).catch((error) => this.#end(toReason(error)));
    }
    // All of it is taken: to name the tag says so.
    this.#etag = etag;
    return nextPollS * 1_000;
  }

  #ask(asked: Asked): Promise<Answer> {
    const session = this.#session === undefined ? {} : { [SESSION_HEADER]: this.#session };
    const agent = this.#agent === undefined ? {} : { agent: this.#agent };
    const { signal } = this.#ending;
    return exchange(this.#server, { ...asked, headers: { ...asked.headers, ...session }, ...agent, signal });
  }

  #toBatch(): readonly UploadMessage[] {
    let bytes = 0;
    return this.#queue.slice(0, MAX_UPLOAD_MESSAGES).filter(({ envelope }) => {
      bytes += envelope.length + MESSAGE_OVERHEAD_BYTES;
      return bytes <= MAX_UPLOAD_BYTES;
    });
  }

  /** Within a session a failure is borne for a while: to begin another one costs the service more. */
  #failed(error: unknown): number {
    const { reconnectBaseMs, reconnectCapMs, random } = this.#options;
    const { isLater, retryAfterS = 0 } = error instanceof Refusal ? error : toFailure(error);
    const notBeforeMs = retryAfterS * 1_000 * (1 + random() / 2);
    if (!isLater || this.#session === undefined || this.#failures >= MAX_FAILURES) {
      this.#end(toReason(error), notBeforeMs);
      return 0;
    }
    const atMostMs = Math.min(reconnectCapMs, reconnectBaseMs * 2 ** Math.min(this.#failures, MAX_DOUBLINGS));
    this.#failures += 1;
    return Math.max(notBeforeMs, random() * atMostMs);
  }

  /** Waits, unless there is something to upload; after a failure that waits, too. */
  async #wait(ms: number): Promise<void> {
    if (this.#isEnded || ms === 0) return;
    const isWakeable = this.#failures === 0;
    if (isWakeable && this.#queue.length > 0) return;
    const { signal } = this.#ending;
    await new Promise<void>((resolve) => {
      const stop = (): void => {
        cancel();
        signal.removeEventListener("abort", stop);
        this.#wake = () => undefined;
        resolve();
      };
      const cancel = this.#options.startTimer(ms, stop);
      signal.addEventListener("abort", stop);
      if (isWakeable) this.#wake = stop;
    });
  }

  #end(reason: string, notBeforeMs = 0): void {
    if (this.#isEnded) return;
    this.#ending.abort();
    this.#queue = [];
    this.#handlers.ended(reason, notBeforeMs);
  }
}

function toReason(error: unknown): string {
  if (error instanceof Refusal) return error.code;
  if (error instanceof TillsyncError) return [error.code, error.fields["what"] ?? ""].join(" ").trim();
  return error instanceof Error ? error.message : "INTERNAL";
}

/** What does not come through may come through later; what is no answer of a service of ours never is. */
function toFailure(error: unknown): Pick<Refusal, "isLater" | "retryAfterS"> {
  return { isLater: toErrorCode(error) === "FETCH_FAILED", retryAfterS: undefined };
}
