import { toTrace } from "../test-transaction/messages.ts";
import type { Effect, EventOf, Step } from "./events.ts";
import { BROKEN_PAUSE_MS, OWED_CAP_MS, toPause } from "./pauses.ts";
import { addReport, isBacklogged } from "./reports.ts";
import type { Slot, State } from "./state.ts";

// What the machine does while no directive is under way.

/** Sees to what is left to do: a broken terminal first, then the owed reversals; else nothing. */
export function settle(state: State): Step {
  return isRepairable(state) ? { state, effect: toIntendedApply(state) } : reverseOwed(state);
}

/** Tries the first reversal owed, where there is one, under a new trace for its sign-in. */
export function reverseOwed(state: State): Step {
  const { trace } = state;
  const [owed] = state.owed;
  if (owed === undefined) return { state };
  const effect: Effect = {
    kind: "reverse",
    slot: owed.slot,
    trace: owed.trace,
    signInTrace: trace,
    reason: owed.reason,
  };
  return { state: { ...state, trace: toTrace(trace, 1) }, effect };
}

/** The state after the first reversal owed was tried. Unanswered it goes last: one dead host never holds up the others. */
export function toReversed(state: State, { answered }: EventOf<"reversed">): State {
  const [tried, ...others] = state.owed;
  if (answered || tried === undefined) return { ...state, owed: others };
  return { ...state, owed: [...others, { ...tried, tries: tried.tries + 1 }] };
}

/** The state after an answer to `apply` that put the intended content back, or tried to. */
export function toRepaired(state: State, { result }: EventOf<"applied">): State {
  return result === "applied" ? { ...state, standing: { ...state.standing, broken: false } } : state;
}

/** Puts the terminal to what it shall hold while no directive is under way. */
export function toIntendedApply(state: State): Effect {
  return { kind: "apply", slot: toIntendedSlot(state) };
}

/** A directive passed the gate. Where something else is outstanding, it waits for that to come back. */
export function begin(state: State, { task, slot, now }: EventOf<"accepted">): Step {
  if (isBacklogged(state)) return { state };
  const isOccupied = state.owed.length > 0 || isRepairable(state);
  const begun: State = {
    ...state,
    sequence: task.sequence,
    underWay: {
      task,
      next: slot,
      progress: isOccupied ? { phase: "waiting", tries: 0, unanswered: 0 } : { phase: "verified" },
    },
  };
  const told = { kind: "verified", code: "", directive: task.directive, nonce: task.nonce, detail: "", now } as const;
  const reported = addReport(begun, told);
  return isOccupied ? { state: reported } : { state: reported, effect: { kind: "read_status" } };
}

export function takeRepair(state: State, event: EventOf<"applied">): Step {
  const next = toRepaired(state, event);
  return next.owed.length === 0 ? rest(next) : reverseOwed(next);
}

export function takeOwedReversal(state: State, event: EventOf<"reversed">): Step {
  return rest(toReversed(state, event));
}

/** Waits before `settle` tries again what could not be done just now. */
export function rest(state: State): Step {
  const [owed] = state.owed;
  if (owed !== undefined) return { state, effect: toPause(owed.baseMs, OWED_CAP_MS, owed.tries) };
  return isRepairable(state) ? { state, effect: { kind: "pause", atMostMs: BROKEN_PAUSE_MS } } : { state };
}

function isRepairable({ standing }: State): boolean {
  return standing.broken && standing.intended !== "untouched";
}

function toIntendedSlot({ standing, slots }: State): Slot | undefined {
  return standing.intended === "current" ? slots.current : undefined;
}
