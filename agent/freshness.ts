import type { Log } from "./log.ts";
import type { StartTimer } from "./timer.ts";

/** Longest time from when trust metadata expires, or is fresh again, until that is noticed. The hello follows soon after. */
export const FRESHNESS_CHECK_MS = 30_000;

export interface FreshnessPorts {
  readonly isStale: () => boolean;
  /** Says hello anew. Nothing is lost where there is no connection: every one begins with a hello. */
  readonly announce: () => void;
  readonly startTimer: StartTimer;
  readonly log: Log;
}

/**
 * Watches whether changes can be accepted, and tells the service when that changed. Looked at again and again rather
 * than reckoned ahead, because clocks are set. The function given back ends it.
 */
export function watchFreshness({ isStale, announce, startTimer, log }: FreshnessPorts): () => void {
  let told = isStale();
  let cancel: () => void;
  const lookLater = (): void => {
    cancel = startTimer(FRESHNESS_CHECK_MS, look);
  };
  const look = (): void => {
    lookLater();
    const stale = isStale();
    if (stale === told) return;
    told = stale;
    log(stale ? "warn" : "info", stale ? "trust stale" : "trust fresh");
    announce();
  };
  lookLater();
  return () => cancel();
}
