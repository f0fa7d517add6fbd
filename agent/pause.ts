import type { StartTimer } from "./timer.ts";

/** Pauses with full jitter, all of which can be ended at once. */
export interface Pauses {
  /** Resolves after a time drawn evenly from nothing to so many milliseconds, or at `endAll`. */
  pause(atMostMs: number): Promise<void>;
  endAll(): void;
}

/** @param random evenly drawn from [0, 1) */
export function createPauses(startTimer: StartTimer, random: () => number): Pauses {
  const pending = new Set<() => void>();
  return {
    pause: (atMostMs) =>
      new Promise((resolve) => {
        const end = (): void => {
          cancel();
          pending.delete(end);
          resolve();
        };
        const cancel = startTimer(random() * atMostMs, end);
        pending.add(end);
      }),
    endAll: () => {
      for (const end of pending) end();
    },
  };
}
