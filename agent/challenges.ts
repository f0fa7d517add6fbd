import { type Challenge, type Proof, parseChallenge } from "../proto/challenge.ts";
import { type ErrorCode, toErrorCode } from "../proto/errors.ts";
import type { Tusn } from "../proto/tusn.ts";
import type { Log } from "./log.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** Challenges answered within one window: whoever holds the broker must not have the terminal make cryptograms at will. */
export const MAX_ANSWERS_PER_WINDOW = 6;
export const ANSWER_WINDOW_S = 60;

export interface ChallengePorts {
  readonly tusn: Tusn;
  readonly terminal: Pick<Terminal, "computeCryptogram">;
  /** Whether the terminal is at work on an update, which nothing may hold up. */
  readonly isAtWork: () => boolean;
  /** Signs and publishes; what cannot be sent now is lost, and the service asks again. */
  readonly send: (proof: Proof) => void;
  /** Seconds from some moment on. */
  readonly uptime: () => number;
  readonly log: Log;
}

type Answer = Pick<Proof, "cryptogram" | "code">;

/**
 * Answers the service's challenges (clause 5.8), beside the machine: no state changes, nothing is kept. One at a time,
 * at most MAX_ANSWERS_PER_WINDOW a window; of those that come meanwhile the newest waits. The terminal's clock decides
 * nothing here: the service knows whether an answer comes too late. Neither factor nor cryptogram is ever logged, nor
 * what a maker's executable says when it fails, which may hold either.
 */
export class Challenges {
  readonly #ports: ChallengePorts;
  #since = Number.NEGATIVE_INFINITY;
  #answered = 0;
  #dropped = 0;
  #isAnswering = false;
  #waiting: Challenge | undefined;

  constructor(ports: ChallengePorts) {
    this.#ports = ports;
  }

  /** Never throws, and waits for nothing. The payload is hostile. */
  take(payload: Uint8Array): void {
    const challenge = this.#read(payload);
    if (challenge === undefined) return;
    if (this.#isAnswering) this.#waiting = challenge;
    else if (this.#isWithinBound()) void this.#answerAll(challenge);
  }

  #read(payload: Uint8Array): Challenge | undefined {
    try {
      return parseChallenge(payload);
    } catch (error) {
      this.#ports.log("warn", "challenge refused", { code: toErrorCode(error) });
      return undefined;
    }
  }

  async #answerAll(first: Challenge): Promise<void> {
    this.#isAnswering = true;
    for (let next: Challenge | undefined = first; next !== undefined; next = this.#takeWaiting()) {
      const { id, factor } = next;
      const answer = await this.#compute(factor);
      this.#ports.send({ tusn: this.#ports.tusn, challenge: id, factor, ...answer });
    }
    this.#isAnswering = false;
  }

  #takeWaiting(): Challenge | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting !== undefined && this.#isWithinBound() ? waiting : undefined;
  }

  async #compute(factor: string): Promise<Answer> {
    const { terminal, isAtWork, log } = this.#ports;
    if (isAtWork()) return toFailed("TERMINAL_BUSY");
    try {
      return { cryptogram: await terminal.computeCryptogram(factor), code: "" };
    } catch (error) {
      const code = toErrorCode(error) === "PROOF_UNAVAILABLE" ? "PROOF_UNAVAILABLE" : "COMMAND_FAILED";
      log("warn", "no cryptogram", { code });
      return toFailed(code);
    }
  }

  #isWithinBound(): boolean {
    const { uptime, log } = this.#ports;
    if (uptime() >= this.#since + ANSWER_WINDOW_S) {
      this.#since = uptime();
      this.#answered = 0;
      this.#dropped = 0;
    }
    if (this.#answered < MAX_ANSWERS_PER_WINDOW) {
      this.#answered += 1;
      return true;
    }
    this.#dropped += 1;
    if (this.#dropped === 1) log("warn", "challenges dropped", { perWindow: MAX_ANSWERS_PER_WINDOW });
    return false;
  }
}

function toFailed(code: ErrorCode): Answer {
  return { cryptogram: "", code };
}
