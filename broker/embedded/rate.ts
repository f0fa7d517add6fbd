import type { Tusn } from "../../proto/tusn.ts";

const MINUTE_MS = 60_000;

export interface MessageRateOptions {
  readonly messageBurst: number;
  readonly messagesPerMinute: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A terminal's messages have to wait; told at most once a minute for each terminal. */
  readonly onHeld: (tusn: Tusn) => void;
}

interface Bucket {
  /** When the terminal would have its whole burst again, in milliseconds since 1970. */
  readonly fullAt: number;
  readonly toldAt: number;
}

/**
 * A token bucket per terminal, kept across its connections: nothing is gained by coming again. Only terminals that have
 * spent of their burst are remembered.
 */
export class MessageRate {
  readonly #options: MessageRateOptions;
  readonly #messageMs: number;
  readonly #burstMs: number;
  /** The terminal that sent last comes last. */
  readonly #buckets = new Map<Tusn, Bucket>();

  constructor(options: MessageRateOptions) {
    this.#options = options;
    this.#messageMs = MINUTE_MS / options.messagesPerMinute;
    this.#burstMs = options.messageBurst * this.#messageMs;
  }

  /** Terminals remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Counts one message and gives the milliseconds that it has to wait. A terminal's next message is counted only after
   * that, so no wait is longer than one message's share of a minute, nor where the clock was put back.
   */
  take(tusn: Tusn): number {
    const now = this.#options.now();
    this.#forgetFull(now);
    const { fullAt, toldAt } = this.#buckets.get(tusn) ?? { fullAt: now, toldAt: Number.NEGATIVE_INFINITY };
    const spentMs = Math.min(fullAt - now, this.#burstMs) + this.#messageMs;
    const waitMs = Math.max(0, spentMs - this.#burstMs);
    const isToTell = waitMs > 0 && now - toldAt >= MINUTE_MS;
    this.#buckets.delete(tusn);
    this.#buckets.set(tusn, { fullAt: now + spentMs, toldAt: isToTell ? now : toldAt });
    if (isToTell) this.#options.onHeld(tusn);
    return waitMs;
  }

  /** Buckets are nearly in the order in which they fill up; one that is passed over goes with a later message. */
  #forgetFull(now: number): void {
    for (const [tusn, { fullAt }] of this.#buckets) {
      if (fullAt > now) return;
      this.#buckets.delete(tusn);
    }
  }
}
