import { type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import type { StartTimer } from "../guard/timer.ts";

export interface TimeBound {
  readonly ms: number;
  /** What a wait beyond it is called. */
  readonly code: ErrorCode;
  readonly startTimer: StartTimer;
}

/**
 * Waits no longer than the bound: what comes later counts for nothing.
 *
 * @throws TillsyncError `code`; whatever the work is rejected with
 */
export async function inTime<T>(work: Promise<T>, { ms, code, startTimer }: TimeBound): Promise<T> {
  let cancel = () => {};
  const timedOut = new Promise<never>((_, reject) => {
    cancel = startTimer(ms, () => reject(new TillsyncError(code)));
  });
  try {
    return await Promise.race([work, timedOut]);
  } finally {
    cancel();
  }
}
