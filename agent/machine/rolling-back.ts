import { isPast } from "./deadline.ts";
import { type At, endBroken, endRolledBack, move } from "./endings.ts";
import type { EventOf, Step } from "./events.ts";
import {
  BUSY_BASE_MS,
  BUSY_CAP_MS,
  ROLLBACK_BASE_MS,
  ROLLBACK_BUSY_S,
  ROLLBACK_CAP_MS,
  ROLLBACK_TRIES,
  toPause,
} from "./pauses.ts";
import { toIntendedApply } from "./resting.ts";
import type { State } from "./state.ts";

// Putting the terminal back: a bounded number of failures, and a bounded time of waiting for a busy terminal.

export function takeRolledBack(
  state: State,
  underWay: At<"rolling_back">,
  { result, detail, now }: EventOf<"applied">,
): Step {
  if (result === "applied") return endRolledBack(state, underWay, now);
  if (result === "busy") return rollBackLater(state, underWay, detail, now);
  const { progress } = underWay;
  const tries = progress.tries + 1;
  if (tries >= ROLLBACK_TRIES) return endBroken(state, underWay, detail, now);
  return {
    state: move(state, underWay, { ...progress, tries }),
    effect: toPause(ROLLBACK_BASE_MS, ROLLBACK_CAP_MS, progress.tries),
  };
}

/** Busy is not a failure: the merchant is served, and nothing was changed. */
function rollBackLater(state: State, underWay: At<"rolling_back">, detail: string, now: number): Step {
  const { progress } = underWay;
  const { until, tries } = progress.busy ?? { until: now + ROLLBACK_BUSY_S, tries: 0 };
  if (isPast(until, ROLLBACK_BUSY_S, now)) return endBroken(state, underWay, detail, now);
  return {
    state: move(state, underWay, { ...progress, busy: { until, tries: tries + 1 } }),
    effect: toPause(BUSY_BASE_MS, BUSY_CAP_MS, tries),
  };
}

export function rollBackAgain(state: State): Step {
  return { state, effect: toIntendedApply(state) };
}
