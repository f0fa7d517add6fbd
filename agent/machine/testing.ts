import type { ReversalReason } from "../test-transaction/messages.ts";
import { toTrace } from "../test-transaction/messages.ts";
import { isOver, TIMED_OUT, toRemaining } from "./deadline.ts";
import { toDetail } from "./detail.ts";
import { type At, commit, move, rollBack, UNANSWERED } from "./endings.ts";
import type { EventOf, Step } from "./events.ts";
import { ATTEMPT_CAP_MS, toPause } from "./pauses.ts";
import type { Failure, OwedReversal, State, Verdict } from "./state.ts";

// The test transaction: attempts, the reversal of each purchase, and what they decide.

/** Traces that an attempt uses up: TRACES_PER_ATTEMPT of the test transaction. */
export const TRACES = 3;

const INTERRUPTED: Verdict = { kind: "inconclusive", detail: "interrupted" };

type Trial = At<"testing"> | At<"reversing">;

/** Begins an attempt: its number and traces are durable before anything is sent, so that none is ever used twice. */
export function beginAttempt(state: State, underWay: At<"applying" | "testing">, attempt: number): Step {
  const { deadline } = underWay.progress;
  const { trace } = state;
  const begun = move(state, underWay, { phase: "testing", deadline, attempt, trace });
  return {
    state: { ...begun, trace: toTrace(trace, TRACES) },
    effect: { kind: "test", slot: underWay.next, trace },
  };
}

/** The pause between two attempts is over, by itself or by a power cut; or a power cut fell into an attempt. */
export function resumeTesting(state: State, underWay: At<"testing">, { now }: { readonly now: number }): Step {
  const { trace, attempt } = underWay.progress;
  // The purchase may have gone out before the power cut.
  if (trace !== undefined)
    return reverse(state, underWay, { trace, reason: "98", verdict: INTERRUPTED, tries: 0 }, now);
  if (isOver(underWay, now)) return rollBack(state, underWay, TIMED_OUT);
  return beginAttempt(state, underWay, attempt + 1);
}

export function takeTested(state: State, underWay: At<"testing">, tested: EventOf<"tested">): Step {
  const { trace } = underWay.progress;
  const { reversalReason: reason, now } = tested;
  const verdict: Verdict = { kind: tested.verdict.kind, detail: toDetail(tested.verdict.detail) };
  if (trace === undefined || reason === undefined) return decide(state, underWay, verdict, now);
  return reverse(state, underWay, { trace, reason, verdict, tries: 0 }, now);
}

export function takeReversed(state: State, underWay: At<"reversing">, { answered, now }: EventOf<"reversed">): Step {
  const { task, progress } = underWay;
  if (answered) return decide(state, underWay, progress.verdict, now);
  if (isOver(underWay, now)) return endOwing(state, underWay, progress, now);
  const longest = Math.min(ATTEMPT_CAP_MS, toRemaining(underWay, now));
  return {
    state: move(state, underWay, { ...progress, tries: progress.tries + 1 }),
    effect: toPause(task.reversalBaseMs, longest, progress.tries),
  };
}

export function reverseAgain(state: State, underWay: At<"reversing">, { now }: { readonly now: number }): Step {
  return reverse(state, underWay, underWay.progress, now);
}

interface Purchase {
  readonly trace: number;
  readonly reason: ReversalReason;
  readonly verdict: Verdict;
  readonly tries: number;
}

function reverse(state: State, underWay: Trial, purchase: Purchase, now: number): Step {
  if (isOver(underWay, now)) return endOwing(state, underWay, purchase, now);
  const { trace, reason, verdict, tries } = purchase;
  const { deadline, attempt } = underWay.progress;
  const reversing = move(state, underWay, { phase: "reversing", deadline, attempt, trace, reason, verdict, tries });
  const signInTrace = state.trace;
  return {
    state: { ...reversing, trace: toTrace(signInTrace, 1) },
    effect: { kind: "reverse", slot: underWay.next, trace, signInTrace, reason },
  };
}

function decide(state: State, underWay: Trial, verdict: Verdict, now: number): Step {
  const { task, progress } = underWay;
  if (verdict.kind === "failed") return rollBack(state, underWay, toFailure(verdict));
  if (isPassed(underWay, verdict, now)) return commit(state, underWay, now);
  if (isOver(underWay, now)) return rollBack(state, underWay, TIMED_OUT);
  if (progress.attempt >= task.attempts) return rollBack(state, underWay, toFailure(verdict));
  const { deadline, attempt } = progress;
  const longest = Math.min(ATTEMPT_CAP_MS, toRemaining(underWay, now));
  return {
    state: move(state, underWay, { phase: "testing", deadline, attempt, trace: undefined }),
    effect: toPause(task.retryBaseMs, longest, attempt - 1),
  };
}

/**
 * Whether a pass was durable before the deadline. One that came later never leaves the phase testing but to roll back,
 * so that in the phase reversing every pass on record was in time.
 */
function isPassed(underWay: Trial, { kind }: Verdict, now: number): boolean {
  return kind === "passed" && (underWay.progress.phase === "reversing" || !isOver(underWay, now));
}

/** Time is up and the purchase may still stand: its reversal outlives the directive. */
function endOwing(state: State, underWay: Trial, { trace, reason, verdict }: Purchase, now: number): Step {
  const { next, task } = underWay;
  const owed: OwedReversal = { slot: next, trace, reason, baseMs: task.reversalBaseMs, tries: 0 };
  if (isPassed(underWay, verdict, now)) return commit(state, underWay, now, owed);
  const failure: Failure =
    verdict.kind === "failed" ? toFailure(verdict) : { ...TIMED_OUT, detail: `${UNANSWERED}; ${verdict.detail}` };
  return rollBack(state, underWay, failure, owed);
}

function toFailure({ kind, detail }: Verdict): Failure {
  return { code: kind === "failed" ? "TEST_FAILED" : "TEST_INCONCLUSIVE", detail };
}
