// When somebody is left alone who does not answer: a circuit breaker as a pure function. Times in milliseconds of a clock
// that only goes forward.

/** Failures in a row that open the circuit. */
export const FAILURES_TO_OPEN = 5;
/** For how long nothing is asked after it opened; twice as long each time the first question after that fails, too. */
export const FIRST_OPEN_MS = 15_000;
export const MAX_OPEN_MS = 300_000;

export type Breaker =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly until: number; readonly openMs: number }
  /** One question is under way; what becomes of it decides. */
  | { readonly kind: "half_open"; readonly openMs: number };

export type BreakerEvent = "ask" | "answered" | "failed";

export const CLOSED: Breaker = { kind: "closed", failures: 0 };

/** The next state, and whether to ask: only of meaning for `ask`, which every `answered` or `failed` follows on. */
export function stepBreaker(
  state: Breaker,
  event: BreakerEvent,
  now: number,
): { readonly state: Breaker; readonly mayAsk: boolean } {
  switch (state.kind) {
    case "closed":
      return { state: stepClosed(state.failures, event, now), mayAsk: true };
    case "open": {
      // What was asked before it opened and ends only now changes nothing.
      const isOver = event === "ask" && now >= state.until;
      return isOver ? { state: { kind: "half_open", openMs: state.openMs }, mayAsk: true } : { state, mayAsk: false };
    }
    case "half_open":
      if (event === "answered") return { state: CLOSED, mayAsk: true };
      return {
        state: event === "failed" ? toOpen(Math.min(2 * state.openMs, MAX_OPEN_MS), now) : state,
        mayAsk: false,
      };
  }
}

function stepClosed(failures: number, event: BreakerEvent, now: number): Breaker {
  if (event === "ask") return { kind: "closed", failures };
  if (event === "answered") return CLOSED;
  return failures + 1 >= FAILURES_TO_OPEN ? toOpen(FIRST_OPEN_MS, now) : { kind: "closed", failures: failures + 1 };
}

function toOpen(openMs: number, now: number): Breaker {
  return { kind: "open", until: now + openMs, openMs };
}
