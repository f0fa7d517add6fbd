import type { KeyObject } from "node:crypto";
import { signMessage } from "../../certs/signatures.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import {
  type Hello,
  type Report,
  toEnvelopeBytes,
  toHelloBytes,
  toReportBytes,
} from "../../proto/terminal-messages.ts";
import type { DownKind, UpKind } from "../../proto/topics.ts";
import { type Log, toErrorFields } from "../log.ts";
import type { Outbox } from "../runner.ts";
import { type Connection, type ConnectionOptions, connect } from "./connection.ts";

export const RECONNECT_BASE_MS = 1_000;
export const RECONNECT_CAP_MS = 300_000;
const MAX_DOUBLINGS = 30;
/** A connection that lasted so long was a good one: the next pause is a short one again. */
const STABLE_MS = 30_000;
/** A hello that something new asks for is said within so many milliseconds, at once with no other terminal's. */
export const ANNOUNCE_MS = 10_000;
/** Reports without a receipt are sent again over the same connection after half to one and a half times this. */
const RESEND_MS = 60_000;

export interface LinkOptions extends ConnectionOptions {
  /** RSA private key of the terminal; signs what it says. */
  readonly deviceKey: KeyObject;
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
  /** Evenly drawn from [0, 1). */
  readonly random: () => number;
  readonly log: Log;
}

export interface LinkHandlers {
  /** The hello to send now; its counter is durable. */
  greet(): Promise<Hello>;
  unsent(): readonly Report[];
  /** Resolves when what the message changed is durable. */
  receive(kind: DownKind, payload: Uint8Array): Promise<void>;
}

/**
 * Keeps the terminal connected: hello on every connect, then every report without a receipt, then reports as they come.
 * Between connections it waits with exponential back-off and full jitter.
 */
export class Link implements Outbox {
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  #connection: Connection | undefined;
  /** Hello was said over this connection: reports may follow. */
  #greeted = false;
  #failures = 0;
  #cancelReconnect: () => void = () => undefined;
  #cancelStable: () => void = () => undefined;
  #cancelResend: () => void = () => undefined;
  #cancelAnnounce: () => void = () => undefined;
  #isAnnouncing = false;
  #closed = false;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  open(): void {
    const connection: Connection = connect(this.#options, {
      ready: () => this.#ready(connection),
      receive: (kind, payload) => this.#handlers.receive(kind, payload),
      ended: (reason) => this.#ended(reason),
    });
    this.#connection = connection;
  }

  send(reports: readonly Report[]): void {
    if (!this.#greeted) return;
    for (const report of reports) this.#publish("report", toReportBytes(report));
  }

  /** What makes one terminal say hello, such as a new root, makes the whole fleet: each waits for its own moment. */
  announce(): void {
    const connection = this.#connection;
    if (!this.#greeted || connection === undefined || this.#isAnnouncing) return;
    const { startTimer, random } = this.#options;
    this.#isAnnouncing = true;
    this.#cancelAnnounce = startTimer(ANNOUNCE_MS * random(), () => {
      this.#isAnnouncing = false;
      this.#greet(connection);
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimers();
    this.#connection?.end();
  }

  #ready(connection: Connection): void {
    const { log, host, port, startTimer } = this.#options;
    log("info", "connected", { host, port });
    this.#cancelStable = startTimer(STABLE_MS, () => {
      this.#failures = 0;
    });
    this.#greet(connection);
    this.#resendLater();
  }

  #greet(connection: Connection): void {
    this.#greeted = false;
    this.#handlers.greet().then(
      (hello) => {
        if (this.#connection !== connection) return;
        this.#greeted = true;
        this.#publish("hello", toHelloBytes(hello));
        this.send(this.#handlers.unsent());
      },
      (error) => this.#options.log("warn", "hello not made", toErrorFields(error)),
    );
  }

  #resendLater(): void {
    const { startTimer, random } = this.#options;
    this.#cancelResend = startTimer(RESEND_MS * (0.5 + random()), () => {
      this.send(this.#handlers.unsent());
      this.#resendLater();
    });
  }

  #ended(reason: string): void {
    const { log, startTimer, random, reconnectBaseMs, reconnectCapMs } = this.#options;
    this.#cancelTimers();
    this.#connection = undefined;
    this.#greeted = false;
    if (this.#closed) return;
    const pauseMs = Math.round(random() * Math.min(reconnectCapMs, reconnectBaseMs * 2 ** this.#failures));
    this.#failures = Math.min(this.#failures + 1, MAX_DOUBLINGS);
    log("info", "disconnected", { reason, pauseMs });
    this.#cancelReconnect = startTimer(pauseMs, () => this.open());
  }

  #publish(kind: UpKind, payload: Uint8Array): void {
    const signature = signMessage(this.#options.deviceKey, PAYLOAD_TYPES[kind], payload);
    this.#connection?.publish(kind, toEnvelopeBytes({ payload, signature }));
  }

  #cancelTimers(): void {
    this.#cancelReconnect();
    this.#cancelStable();
    this.#cancelResend();
    this.#cancelAnnounce();
    this.#isAnnouncing = false;
  }
}
