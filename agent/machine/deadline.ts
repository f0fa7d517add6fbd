import type { Failure, Progress, UnderWay } from "./state.ts";

/** How far the terminal's clock may be set back during an update before the time elapsed counts as unknown. */
export const CLOCK_STEP_S = 300;

export const TIMED_OUT: Failure = { code: "TEST_INCONCLUSIVE", detail: "deadline passed" };

type Timed = UnderWay & { readonly progress: Extract<Progress, { deadline: number }> };

/** Whether the time from apply to outcome has run out: what is not on record as passed does not commit any more. */
export function isOver({ task, progress }: Timed, now: number): boolean {
  return isPast(progress.deadline, task.deadlineS, now);
}

/**
 * Whether a time of `lengthS` seconds that ends at `deadline` is over. A clock set back far beyond its beginning tells
 * nothing about the time elapsed, and nothing outlives what can be told.
 */
export function isPast(deadline: number, lengthS: number, now: number): boolean {
  return now >= deadline || now < deadline - lengthS - CLOCK_STEP_S;
}

/** Milliseconds until the deadline. */
export function toRemaining({ progress }: Timed, now: number): number {
  return (progress.deadline - now) * 1_000;
}
