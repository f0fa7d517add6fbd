import type { StartTimer } from "../../broker/guard/timer.ts";

interface Pending {
  readonly at: number;
  readonly onElapsed: () => void;
}

/** A clock that moves only when a test says so. */
export class ManualTimers {
  #now = 0;
  readonly #pending = new Set<Pending>();

  readonly startTimer: StartTimer = (ms, onElapsed) => {
    const timer = { at: this.#now + ms, onElapsed };
    this.#pending.add(timer);
    return () => this.#pending.delete(timer);
  };

  /** Timers that run now, as milliseconds from now, soonest first. */
  running(): readonly number[] {
    return [...this.#pending].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  /** Moves the clock on and calls back what falls due, in order. */
  elapse(ms: number): void {
    this.#now += ms;
    const due = [...this.#pending].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at);
    for (const timer of due) if (this.#pending.delete(timer)) timer.onElapsed();
  }
}
