import type { StartTimer } from "../guard/timer.ts";

/** Between two looks at the clock, which may have been set; a timer holds 2^31 ms at most and then calls back at once. */
export const MAX_WAIT_MS = 3_600_000;

export interface ExpiryOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly startTimer: StartTimer;
  /** Told once, when the last valid moment is over. */
  readonly onExpired: () => void;
}

/** Watches for the end of a certificate that is valid up to `validTo`, in milliseconds since 1970, until cancelled. */
export function watchExpiry(validTo: number, { now, startTimer, onExpired }: ExpiryOptions): () => void {
  let cancel = () => {};
  const look = () => {
    const leftMs = validTo - now();
    if (leftMs < 0) onExpired();
    else cancel = startTimer(Math.min(leftMs + 1, MAX_WAIT_MS), look);
  };
  look();
  return () => cancel();
}
