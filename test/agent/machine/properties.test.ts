import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Effect, Event } from "../../../agent/machine/events.ts";
import { type Slot, type State, toPhase, type Verdict } from "../../../agent/machine/state.ts";
import { parseStateJson, toStateJson } from "../../../agent/machine/state-json.ts";
import { step } from "../../../agent/machine/step.ts";
import { toHex } from "../../../proto/bytes.ts";
import { isOutcome } from "../../../proto/terminal-messages.ts";
import { accepted, digestOf, NEW, START } from "../../support/machine.ts";

// A terminal, an acquirer and a clock that answer as a list of numbers decides, with deliveries and power cuts between.

const ACTIONS = [
  "answer",
  "answer",
  "answer",
  "answer",
  "deliver",
  "suspend",
  "boot",
  "refuse",
  "greet",
  "late",
] as const;
const CHOICES = 4;

interface Run {
  state: State;
  now: number;
  sequence: number;
  outstanding: Effect | undefined;
  /** What the terminal trades on; "mixed" after an apply that failed. */
  content: Slot | undefined | "mixed";
  /** What the last attempt of the test transaction showed. */
  verdict: Verdict["kind"] | undefined;
  /** Whether the directive under way passed before its deadline, on record. */
  passed: boolean;
  /** Traces of purchases that may stand at the host. */
  readonly standing: Set<number>;
  readonly outcomes: Map<string, number>;
  readonly traces: number[];
  /** Directives that were under way at some time. */
  readonly begun: Set<string>;
}

function createRun(): Run {
  return {
    state: NEW,
    now: START,
    sequence: 0,
    outstanding: undefined,
    content: undefined,
    verdict: undefined,
    passed: false,
    standing: new Set(),
    outcomes: new Map(),
    traces: [],
    begun: new Set(),
  };
}

function take(run: Run, event: Event, isAnswer = false): void {
  const before = run.state;
  const { state, effect } = step(before, { ...event, now: run.now });
  if (effect !== undefined && !isAnswer && event.kind !== "boot") expect(run.outstanding).toBeUndefined();
  if (isAnswer || event.kind === "boot") run.outstanding = undefined;
  if (effect !== undefined) run.outstanding = effect;
  if (effect?.kind === "test") run.standing.add(effect.trace);
  if (effect?.kind === "test") run.traces.push(effect.trace, effect.trace + 1, effect.trace + 2);
  if (effect?.kind === "reverse") run.traces.push(effect.signInTrace);
  run.state = state;
  checkStep(run, before, state);
}

function checkStep(run: Run, before: State, after: State): void {
  expect(after.sequence).toBeGreaterThanOrEqual(before.sequence);
  expect(after.counter).toBeGreaterThanOrEqual(before.counter);
  const fresh = after.unsent.filter((report) => report.counter > before.counter);
  expect(fresh.map((report) => report.counter)).toEqual(fresh.map((_, index) => before.counter + 1 + index));
  expect(new Set(after.unsent.map((report) => toHex(report.directive))).size).toBe(after.unsent.length);
  if (after.underWay !== undefined) {
    if (!run.begun.has(after.underWay.task.directive)) run.passed = false;
    run.begun.add(after.underWay.task.directive);
    expect(after.sequence).toBe(after.underWay.task.sequence);
  }
  for (const report of fresh.filter(({ kind }) => isOutcome(kind))) {
    const directive = toHex(report.directive);
    if (!run.begun.has(directive)) continue;
    run.outcomes.set(directive, (run.outcomes.get(directive) ?? 0) + 1);
    // Rolled back if and only if no pass was durable before the deadline (clause 9.3).
    expect(report.kind === "committed", report.kind).toBe(run.passed);
  }
  if (before.slots.current !== undefined) expect(after.slots.current).toBeDefined();
  if (before.slots.current !== after.slots.current) {
    expect(after.slots.current).toEqual(before.underWay?.next);
    const isRevoked = before.underWay?.task.onFail === "suspend" || before.standing.intended !== "current";
    expect(after.slots.previous).toEqual(isRevoked ? undefined : before.slots.current);
    expect(run.content).toEqual(after.slots.current);
    expect(run.verdict).toBe("passed");
  }
  const json = toStateJson(after);
  expect(toStateJson(parseStateJson(json))).toBe(json);
}

/** The answer to the outstanding effect; choice 0 is always the good one. */
function answer(run: Run, choice: number): void {
  const effect = run.outstanding;
  if (effect === undefined) return;
  const event = toAnswer(run, effect, choice);
  take(run, event, true);
}

function toAnswer(run: Run, effect: Effect, choice: number): Event {
  const { now } = run;
  switch (effect.kind) {
    case "read_status":
      return { kind: "status", now, busy: choice === 0 ? undefined : "printer" };
    case "apply": {
      const result = choice === 0 ? "applied" : choice === 1 ? "busy" : "failed";
      if (result === "applied") run.content = effect.slot;
      if (result === "failed") run.content = "mixed";
      return { kind: "applied", now, result, detail: "detail" };
    }
    case "test": {
      const kind = choice === 0 ? "passed" : choice === 1 ? "failed" : "inconclusive";
      run.verdict = kind;
      const progress = run.state.underWay?.progress;
      if (kind === "passed" && progress?.phase === "testing" && now < progress.deadline) run.passed = true;
      const reversalReason = choice === 1 ? undefined : choice === 0 ? "06" : "98";
      if (reversalReason === undefined) run.standing.delete(effect.trace);
      return { kind: "tested", now, verdict: { kind, detail: "detail" }, reversalReason };
    }
    case "reverse":
      if (choice <= 1) run.standing.delete(effect.trace);
      return { kind: "reversed", now, answered: choice <= 1 };
    case "pause":
      run.now += Math.ceil(effect.atMostMs / 1_000);
      return { kind: "resumed", now: run.now };
  }
}

function act(run: Run, action: (typeof ACTIONS)[number], choice: number): void {
  if (action === "answer") answer(run, choice);
  else if (action === "late") run.now += 40;
  else take(run, toEvent(run, action, choice));
}

function toEvent(run: Run, action: "deliver" | "suspend" | "boot" | "refuse" | "greet", choice: number): Event {
  const { now } = run;
  switch (action) {
    case "deliver":
    case "suspend": {
      run.sequence += 1;
      const onFail = action === "suspend" ? "suspend" : "rollback";
      return accepted(run.sequence, { onFail, notAfter: now + 1_000, deadlineS: 30 });
    }
    case "boot":
      return { kind: "boot", now, unreadable: [] };
    case "refuse":
      return { kind: "refused", now, code: "EXPIRED", directive: digestOf(`forged ${choice}`), nonce: "", detail: "" };
    case "greet":
      return { kind: "greeted", now };
  }
}

describe("whatever happens in whatever order", () => {
  it("holds: sequence and counter only grow, one current slot, one outcome per directive, no trace twice, no purchase forgotten", () => {
    const acts = fc.array(fc.tuple(fc.constantFrom(...ACTIONS), fc.nat(CHOICES - 1)), { maxLength: 100, size: "max" });
    fc.assert(
      fc.property(acts, (list) => {
        const run = createRun();
        for (const [action, choice] of list) act(run, action, choice);
        // Power comes back, everything answers well: the terminal comes to rest on one whole profile.
        take(run, { kind: "boot", now: run.now, unreadable: [] });
        for (let i = 0; i < 80 && run.outstanding !== undefined; i += 1) answer(run, 0);
        expect(run.outstanding).toBeUndefined();
        const phase = toPhase(run.state);
        expect(["idle", "suspended"]).toContain(phase);
        expect(run.content).toEqual(phase === "idle" ? run.state.slots.current : undefined);
        expect(run.state.owed).toEqual([]);
        expect(run.standing).toEqual(new Set());
        expect(new Set(run.traces).size).toBe(run.traces.length);
        for (const directive of run.begun) expect(run.outcomes.get(directive)).toBe(1);
      }),
      { numRuns: 150 },
    );
  });
});
