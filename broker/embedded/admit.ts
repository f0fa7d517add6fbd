import { TillsyncError } from "../../proto/errors.ts";
import type { Admission, BusHandlers, Peer } from "../bus.ts";
import type { StartTimer } from "../guard/timer.ts";

export interface AdmitBound {
  /** For one answer. */
  readonly admitMs: number;
  readonly startTimer: StartTimer;
}

/**
 * Asks, and waits no longer than the bound: an answer that comes later counts for nothing.
 *
 * @throws TillsyncError ADMISSION_TOO_SLOW; whatever the answer is rejected with
 */
export async function admitInTime(
  admit: BusHandlers["admit"],
  peer: Peer,
  { admitMs, startTimer }: AdmitBound,
): Promise<Admission> {
  let cancel = () => {};
  const timedOut = new Promise<never>((_, reject) => {
    cancel = startTimer(admitMs, () => reject(new TillsyncError("ADMISSION_TOO_SLOW")));
  });
  try {
    return await Promise.race([admit(peer), timedOut]);
  } finally {
    cancel();
  }
}
