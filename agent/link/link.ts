import type { KeyObject } from "node:crypto";
import { signMessage } from "../../certs/signatures.ts";
import { type Proof, toProofBytes } from "../../proto/challenge.ts";
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
import { type Connection, type ConnectionHandlers, type ConnectionOptions, connect } from "./connection.ts";
import { connectByPolling } from "./poll.ts";
import { type Way, Ways } from "./ways.ts";

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
  /** Where the service is polled when the broker cannot be had; where absent, that is no way. */
  readonly pollUrl?: URL | undefined;
  /** Whether to poll is the only way. */
  readonly isPollOnly?: boolean;
  /** Told which way serves from now on. */
  readonly onWay?: (way: Way) => void;
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
 * Between connections it waits with exponential back-off and full jitter. Where the broker cannot be had it polls, and
 * tries the broker beside that; there is one connection at a time, but for the moment of the change.
 */
export class Link implements Outbox {
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  readonly #ways: Ways;
  #certificate: string;
  #connection: Connection | undefined;
  /** The preferred way as it is tried while another one serves. */
  #probe: Connection | undefined;
  /** Hello was said over this connection: reports may follow. */
  #greeted = false;
  #failures = 0;
  #cancelReconnect: () => void = () => undefined;
  #cancelStable: () => void = () => undefined;
  #cancelResend: () => void = () => undefined;
  #cancelAnnounce: () => void = () => undefined;
  #cancelProbe: (() => void) | undefined;
  #isAnnouncing = false;
  #closed = false;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#certificate = options.cert;
    this.#handlers = handlers;
    this.#ways = new Ways(toWays(options));
  }

  open(): void {
    if (this.#ways.preferred === undefined) this.#endProbe();
    const connection: Connection = this.#connect(this.#ways.now, {
      ready: () => this.#ready(connection),
      receive: (kind, payload) => this.#handlers.receive(kind, payload),
      ended: (reason, notBeforeMs) => {
        // One that gave place to another has nothing to say.
        if (this.#connection === connection) this.#ended(reason, notBeforeMs);
      },
    });
    this.#connection = connection;
    this.#probeLater();
  }

  send(reports: readonly Report[]): void {
    if (!this.#greeted) return;
    for (const report of reports) this.#publish("report", toReportBytes(report));
  }

  /** Lost where there is no connection: whoever asked asks again. */
  prove(proof: Proof): void {
    if (this.#connection !== undefined) this.#publish("proof", toProofBytes(proof));
  }

  /** The certificate, in PEM, of every connection from the next one on. */
  use(certificate: string): void {
    this.#certificate = certificate;
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
    this.#endProbe();
    this.#connection?.end();
  }

  #endProbe(): void {
    const probe = this.#probe;
    this.#probe = undefined;
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    probe?.end();
  }

  #connect(way: Way, handlers: ConnectionHandlers): Connection {
    const { pollUrl } = this.#options;
    const options = { ...this.#options, cert: this.#certificate };
    return way === "poll" && pollUrl !== undefined
      ? connectByPolling({ ...options, pollUrl }, handlers)
      : connect(options, handlers);
  }

  /** Tries the preferred way for as long as another one is the turn. */
  #probeLater(): void {
    const { startTimer, random } = this.#options;
    if (this.#ways.preferred === undefined || this.#cancelProbe !== undefined || this.#closed) return;
    this.#cancelProbe = startTimer(this.#ways.toProbePause(random()), () => {
      const way = this.#ways.preferred;
      if (way === undefined) this.#cancelProbe = undefined;
      else this.#tryWay(way);
    });
  }

  #tryWay(way: Way): void {
    const probe: Connection = this.#connect(way, {
      ready: () => this.#change(probe),
      receive: (kind, payload) => this.#handlers.receive(kind, payload),
      ended: (reason, notBeforeMs) => {
        if (this.#connection === probe) this.#ended(reason, notBeforeMs);
        if (this.#probe !== probe) return;
        this.#probe = undefined;
        this.#cancelProbe = undefined;
        this.#options.log("info", "still polling", { reason });
        this.#probeLater();
      },
    });
    this.#probe = probe;
  }

  /** The preferred way is there: what served until now ends before anything is said over it. */
  #change(probe: Connection): void {
    const before = this.#connection;
    this.#cancelTimers();
    this.#probe = undefined;
    this.#cancelProbe = undefined;
    this.#connection = probe;
    this.#ways.prefer();
    before?.end();
    this.#ready(probe);
  }

  #ready(connection: Connection): void {
    const { log, host, port, startTimer, onWay } = this.#options;
    const way = this.#ways.now;
    log("info", "connected", way === "mqtt" ? { way, host, port } : { way });
    onWay?.(way);
    this.#cancelStable = startTimer(STABLE_MS, () => {
      this.#failures = 0;
      this.#ways.had();
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

  #ended(reason: string, notBeforeMs = 0): void {
    const { log, startTimer, random, reconnectBaseMs, reconnectCapMs } = this.#options;
    this.#cancelTimers();
    this.#connection = undefined;
    this.#greeted = false;
    if (this.#closed) return;
    const atMostMs = Math.min(reconnectCapMs, reconnectBaseMs * 2 ** this.#failures);
    const pauseMs = Math.round(Math.max(notBeforeMs, random() * atMostMs));
    this.#ways.failed();
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

function toWays({ pollUrl, isPollOnly = false }: LinkOptions): readonly Way[] {
  if (isPollOnly) return ["poll"];
  return pollUrl === undefined ? ["mqtt"] : ["mqtt", "poll"];
}
