import { TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { BusHandlers, UpMessage } from "../bus.ts";
import type { StartTimer } from "../guard/timer.ts";
import type { MessageRate } from "./rate.ts";

/** The connection that a message came by. */
export interface Source {
  isOpen(): boolean;
  /** Cuts the connection now. */
  drop(): void;
}

export interface InboxOptions {
  readonly receive: BusHandlers["receive"];
  readonly receiveMs: number;
  readonly startTimer: StartTimer;
  readonly rate: Pick<MessageRate, "take">;
}

/**
 * Hands messages over one at a time per terminal, in order and at its rate, across its connections too: after a failure the connection
 * is dropped and what came after the failed message is not handed over, for the terminal will send it all again.
 */
export class Inbox {
  readonly #options: InboxOptions;
  /** By terminal, the end of its last message so far; gone when there is none. */
  readonly #tails = new Map<Tusn, Promise<void>>();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Resolves when the message is stored; rejects, its source dropped, when it is not. */
  async accept(message: UpMessage, source: Source): Promise<void> {
    const before = this.#tails.get(message.tusn) ?? Promise.resolve();
    const turn = before.then(() => this.#takeTurn(message, source));
    const tail = turn.catch(() => {});
    this.#tails.set(message.tusn, tail);
    try {
      await turn;
    } finally {
      if (this.#tails.get(message.tusn) === tail) this.#tails.delete(message.tusn);
    }
  }

  /** Resolves when no message is being stored; each has its time limit. */
  async drain(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  async #takeTurn(message: UpMessage, source: Source): Promise<void> {
    if (source.isOpen()) await this.#awaitRate(message.tusn);
    if (!source.isOpen()) throw new TillsyncError("BUS_CLOSED");
    try {
      await this.#receiveInTime(message);
    } catch (error) {
      source.drop();
      throw error;
    }
  }

  /** What comes meanwhile waits its turn, so that the connection is not read on: its sender is slowed, not cut. */
  async #awaitRate(tusn: Tusn): Promise<void> {
    const { rate, startTimer } = this.#options;
    const waitMs = rate.take(tusn);
    if (waitMs > 0) await new Promise<void>((resolve) => startTimer(waitMs, resolve));
  }

  async #receiveInTime(message: UpMessage): Promise<void> {
    const { receive, receiveMs, startTimer } = this.#options;
    let cancel = () => {};
    const timedOut = new Promise<never>((_, reject) => {
      cancel = startTimer(receiveMs, () => reject(new TillsyncError("RECEIVE_TOO_SLOW")));
    });
    try {
      await Promise.race([receive(message), timedOut]);
    } finally {
      cancel();
    }
  }
}
