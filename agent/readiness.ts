import { toErrorCode } from "../proto/errors.ts";
import type { BusyReason } from "../proto/terminal-messages.ts";
import type { Log } from "./log.ts";
import type { Terminal } from "./terminal/terminal.ts";
import type { StartTimer } from "./timer.ts";

/** Pause between two looks at whether the terminal could take a profile. */
export const READINESS_CHECK_MS = 300_000;

/** Passes before anybody has read of it: what was known before it is known still. */
const PASSING: BusyReason = "in_transaction";

/** Whether the terminal could take a profile, as it said last outside of trades. */
export class Readiness {
  readonly #terminal: Pick<Terminal, "readStatus">;
  #busy: BusyReason | undefined;

  constructor(terminal: Pick<Terminal, "readStatus">) {
    this.#terminal = terminal;
  }

  /** What keeps it from taking one for longer than a trade lasts; undefined where nothing does, or that is not known. */
  get busy(): BusyReason | undefined {
    return this.#busy;
  }

  /** Asks it. Why it is busy now, undefined where it is ready; what went wrong where it does not answer. */
  async read(): Promise<string | undefined> {
    try {
      const status = await this.#terminal.readStatus();
      const reason = status.kind === "ready" ? undefined : status.reason;
      if (reason !== PASSING) this.#busy = reason;
      return reason;
    } catch (error) {
      this.#busy = undefined;
      return toErrorCode(error);
    }
  }
}

export interface ReadinessPorts {
  readonly readiness: Readiness;
  /** Whether the terminal is at work on an update, which nothing may hold up. */
  readonly isAtWork: () => boolean;
  /** Says hello anew. Nothing is lost where there is no connection: every one begins with a hello. */
  readonly announce: () => void;
  readonly startTimer: StartTimer;
  readonly log: Log;
}

/**
 * Asks the terminal at once and every READINESS_CHECK_MS, and tells the service when its answer is another, so that people
 * who plan a change can see that it would wait, and for what. It decides nothing: before a profile is applied the terminal
 * is asked again. The function given back ends it.
 */
export function watchReadiness({ readiness, isAtWork, announce, startTimer, log }: ReadinessPorts): () => void {
  let told = readiness.busy;
  let ended = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    if (!isAtWork()) await readiness.read();
    if (ended) return;
    // Only after the answer: a terminal that is slow to give one is not asked twice at once.
    cancel = startTimer(READINESS_CHECK_MS, look);
    const { busy } = readiness;
    if (busy === told) return;
    told = busy;
    log("info", busy === undefined ? "terminal ready" : "terminal busy", busy === undefined ? {} : { reason: busy });
    announce();
  };
  void look();
  return () => {
    ended = true;
    cancel();
  };
}
