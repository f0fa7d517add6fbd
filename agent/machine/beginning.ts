import { isOver, TIMED_OUT, toRemaining } from "./deadline.ts";
import { type At, move, refuse, rollBack } from "./endings.ts";
import type { EventOf, Step } from "./events.ts";
import { BUSY_BASE_MS, BUSY_CAP_MS, MAX_OWED_TRIES_FIRST, toPause } from "./pauses.ts";
import { addReport } from "./reports.ts";
import { reverseOwed, toRepaired, toReversed } from "./resting.ts";
import { MAX_OWED, type State, type UnderWay } from "./state.ts";
import { beginAttempt } from "./testing.ts";

// From a verified directive to an applied profile.

type Early = At<"verified"> | At<"waiting">;

/**
 * Asks whether the terminal is ready. Owed reversals come first, for a bounded number of tries: a host that is gone for
 * good must not keep the terminal from the profile that names another. Where no more could be owed there is no update.
 */
export function ask(state: State, underWay: Early): Step {
  const { length } = state.owed;
  const isTurn = length === 0 || (length < MAX_OWED && toUnanswered(underWay) >= MAX_OWED_TRIES_FIRST);
  return isTurn ? { state, effect: { kind: "read_status" } } : reverseOwed(state);
}

export function takeStatus(state: State, underWay: Early, { busy, withdrawn, now }: EventOf<"status">): Step {
  if (withdrawn !== undefined) return refuse(state, underWay, withdrawn, now);
  if (busy !== undefined) return wait(state, underWay, busy, now);
  if (now > underWay.task.notAfter) return refuse(state, underWay, { code: "EXPIRED", detail: "" }, now);
  const deadline = now + underWay.task.deadlineS;
  return apply(state, underWay, { phase: "applying", deadline, again: false, tries: 0 });
}

/** What was outstanding when the directive came is done or has failed: either way it is the directive's turn. */
export function takeRepairFirst(state: State, underWay: Early, event: EventOf<"applied">): Step {
  return ask(toRepaired(state, event), underWay);
}

export function takeOwedReversalFirst(state: State, underWay: At<"waiting">, event: EventOf<"reversed">): Step {
  const next = toReversed(state, event);
  if (event.answered) return ask(next, underWay);
  const { progress } = underWay;
  const counted = { ...underWay, progress: { ...progress, unanswered: progress.unanswered + 1 } };
  return wait(next, counted, "reversal_pending", event.now);
}

export function takeApplied(state: State, underWay: At<"applying">, { result, detail, now }: EventOf<"applied">): Step {
  const { task, progress } = underWay;
  if (result === "failed") return rollBack(state, underWay, { code: "APPLY_FAILED", detail });
  if (result === "busy")
    return progress.again ? applyLater(state, underWay, detail, now) : wait(state, underWay, detail, now);
  if (isOver(underWay, now)) return rollBack(state, underWay, TIMED_OUT);
  const told = { kind: "applied", code: "", directive: task.directive, nonce: task.nonce, detail: "", now } as const;
  return beginAttempt(addReport(state, told), underWay, 1);
}

/** After a power cut, or after a pause: the terminal may hold the new profile, the old one or a mixture. */
export function applyAgain(state: State, underWay: At<"applying">, { now }: { readonly now: number }): Step {
  if (isOver(underWay, now)) return rollBack(state, underWay, TIMED_OUT);
  return apply(state, underWay, { ...underWay.progress, again: true });
}

function apply(
  state: State,
  underWay: At<"verified" | "waiting" | "applying">,
  progress: At<"applying">["progress"],
): Step {
  return { state: move(state, underWay, progress), effect: { kind: "apply", slot: underWay.next } };
}

function applyLater(state: State, underWay: At<"applying">, detail: string, now: number): Step {
  if (isOver(underWay, now)) return rollBack(state, underWay, { code: "APPLY_FAILED", detail });
  const { progress } = underWay;
  const later = move(state, underWay, { ...progress, tries: progress.tries + 1 });
  return {
    state: later,
    effect: toPause(BUSY_BASE_MS, Math.min(BUSY_CAP_MS, toRemaining(underWay, now)), progress.tries),
  };
}

function wait(state: State, underWay: Early | At<"applying">, detail: string, now: number): Step {
  if (now > underWay.task.notAfter) return refuse(state, underWay, { code: "TERMINAL_BUSY", detail }, now);
  const tries = underWay.progress.phase === "waiting" ? underWay.progress.tries : 0;
  const waiting = move(state, underWay, { phase: "waiting", tries: tries + 1, unanswered: toUnanswered(underWay) });
  return { state: waiting, effect: toPause(BUSY_BASE_MS, BUSY_CAP_MS, tries) };
}

function toUnanswered({ progress }: UnderWay): number {
  return progress.phase === "waiting" ? progress.unanswered : 0;
}
