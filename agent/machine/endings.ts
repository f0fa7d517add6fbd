import type { ReportKind } from "../../proto/terminal-messages.ts";
import { addCardChange } from "./card-changes.ts";
import { toDetail } from "./detail.ts";
import type { Step } from "./events.ts";
import { addOutcome } from "./reports.ts";
import { rest, settle, toIntendedApply } from "./resting.ts";
import type { Failure, OwedReversal, Progress, ProgressPhase, State, UnderWay } from "./state.ts";

/** Detail of an outcome that owes a reversal. */
export const UNANSWERED = "reversal unanswered";
/** What the last try to put a terminal back says of itself, so that there is room for why it had to be. */
const MAX_LAST_CHARACTERS = 80;

/** A directive under way in a known phase. */
export type At<P extends ProgressPhase> = UnderWay & { readonly progress: Extract<Progress, { phase: P }> };

/** The state with the directive in another phase. */
export function move(state: State, underWay: UnderWay, progress: Progress): State {
  return { ...state, underWay: { ...underWay, progress } };
}

/**
 * The new profile stays. The one before it is kept to fall back on, but never where going back to it was forbidden:
 * by this directive, or by an earlier one that left the terminal without a profile. `owed` as in `rollBack`.
 */
export function commit(state: State, underWay: UnderWay, now: number, owed?: OwedReversal): Step {
  const isForbidden = underWay.task.onFail === "suspend" || state.standing.intended !== "current";
  const committed: State = {
    ...state,
    slots: { current: underWay.next, previous: isForbidden ? undefined : state.slots.current },
    standing: { intended: "current", broken: false },
    owed: toOwed(state, owed),
    cardChanges: addCardChange(state.cardChanges, underWay.task.cardChangeAt),
  };
  const detail = owed === undefined ? "" : UNANSWERED;
  return settle(end(committed, underWay, "committed", { code: "", detail }, now));
}

/** The directive ends before anything was applied. */
export function refuse(state: State, underWay: UnderWay, failure: Failure, now: number): Step {
  return settle(end(state, underWay, "refused", failure, now));
}

/**
 * The new profile may be in the terminal and does not stay. `owed` is the reversal of a purchase that may stand at the
 * host. A directive that forbids going back leaves the terminal without a profile, and so does one that came when no
 * profile could be read any more.
 */
export function rollBack(state: State, underWay: UnderWay, failure: Failure, owed?: OwedReversal): Step {
  const { intended } = state.standing;
  const forbidden = underWay.task.onFail === "suspend" || intended === "untouched";
  const left: State = {
    ...state,
    standing: { ...state.standing, intended: forbidden ? "nothing" : intended },
    owed: toOwed(state, owed),
  };
  const told: Failure = { code: failure.code, detail: toDetail(failure.detail) };
  const progress: Progress = { phase: "rolling_back", failure: told, tries: 0, busy: undefined };
  return { state: move(left, underWay, progress), effect: toIntendedApply(left) };
}

/** The terminal is back on what it shall hold. */
export function endRolledBack(state: State, underWay: At<"rolling_back">, now: number): Step {
  const kind = state.standing.intended === "nothing" ? "suspended" : "rolled_back";
  const back: State = { ...state, standing: { ...state.standing, broken: false } };
  return settle(end(back, underWay, kind, underWay.progress.failure, now));
}

/** The terminal could not be put back: the agent goes on trying, but the directive has ended. */
export function endBroken(state: State, underWay: At<"rolling_back">, detail: string, now: number): Step {
  const broken: State = { ...state, standing: { ...state.standing, broken: true } };
  const { failure } = underWay.progress;
  const last = toDetail(detail).slice(0, MAX_LAST_CHARACTERS);
  const told: Failure = { code: "ROLLBACK_FAILED", detail: `${last}; after ${failure.code} ${failure.detail}` };
  return rest(end(broken, underWay, "broken", told, now));
}

function toOwed({ owed }: State, more: OwedReversal | undefined): State["owed"] {
  return more === undefined ? owed : [...owed, more];
}

type Reason = { readonly code: Failure["code"] | ""; readonly detail: string };

function end(state: State, { task }: UnderWay, kind: ReportKind, { code, detail }: Reason, now: number): State {
  const rested: State = { ...state, underWay: undefined };
  return addOutcome(rested, { kind, code, directive: task.directive, nonce: task.nonce, detail, now });
}
