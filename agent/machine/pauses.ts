import type { Effect } from "./events.ts";

/** First pause while the terminal is busy, and the longest. */
export const BUSY_BASE_MS = 1_000;
export const BUSY_CAP_MS = 60_000;
/** Longest pause between attempts of one directive and between its reversals. */
export const ATTEMPT_CAP_MS = 600_000;
/** Longest pause between tries of a reversal that outlived its directive. */
export const OWED_CAP_MS = 900_000;
/** Tries of owed reversals without an answer for which a directive waits before it takes its turn. */
export const MAX_OWED_TRIES_FIRST = 3;
/** Pauses between tries to put the previous profile back, and how many tries before the terminal counts as broken. */
export const ROLLBACK_BASE_MS = 1_000;
export const ROLLBACK_CAP_MS = 30_000;
export const ROLLBACK_TRIES = 5;
/** Seconds for which a terminal to be put back may be busy: a trade takes minutes, more than that is for a person. */
export const ROLLBACK_BUSY_S = 3_600;
/** A broken terminal is tried again at least this often. */
export const BROKEN_PAUSE_MS = 600_000;

const MAX_DOUBLINGS = 30;

/** Exponential back-off: the pause after `tries` tries lasts at most base x 2^tries, never more than the cap. */
export function toPause(baseMs: number, capMs: number, tries: number): Effect {
  return { kind: "pause", atMostMs: Math.min(capMs, baseMs * 2 ** Math.min(tries, MAX_DOUBLINGS)) };
}
