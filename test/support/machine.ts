import type { Effect, Event, EventOf, Step } from "../../agent/machine/events.ts";
import { createState, type Digest, type Slot, type State, type Task } from "../../agent/machine/state.ts";
import { step } from "../../agent/machine/step.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { parseTusn } from "../../proto/tusn.ts";

export const TUSN = parseTusn("00000304N7NL01933217");
export const START = 1_800_000_000;

export function digestOf(text: string): Digest {
  return toHex(toDigest(Buffer.from(text)));
}

export function slotOf(name: string): Slot {
  return {
    delivery: digestOf(`delivery ${name}`),
    trust: digestOf("trust"),
    profile: digestOf(`profile ${name}`),
    directive: digestOf(`directive ${name}`),
    sealed: "",
  };
}

/** A directive named by its sequence: valid for a day, two attempts, a minute from apply to outcome. */
export function taskOf(sequence: number, change: Partial<Task> = {}): Task {
  return {
    directive: digestOf(`directive ${sequence}`),
    sequence,
    nonce: "00112233445566778899aabbccddeeff",
    onFail: "rollback",
    notAfter: START + 86_400,
    attempts: 2,
    retryBaseMs: 100,
    reversalBaseMs: 200,
    deadlineS: 60,
    cardChangeAt: undefined,
    ...change,
  };
}

export function accepted(sequence: number, change: Partial<Task> = {}): EventOf<"accepted"> {
  return { kind: "accepted", now: START, task: taskOf(sequence, change), slot: slotOf(String(sequence)) };
}

export const READY: Event = { kind: "status", now: START, busy: undefined };
export const BUSY: Event = { kind: "status", now: START, busy: "open_batch" };
export const APPLIED: Event = { kind: "applied", now: START, result: "applied", detail: "" };
export const APPLY_FAILED: Event = { kind: "applied", now: START, result: "failed", detail: "no space" };
export const APPLY_BUSY: Event = { kind: "applied", now: START, result: "busy", detail: "in_transaction" };
export const PASSED: Event = {
  kind: "tested",
  now: START,
  verdict: { kind: "passed", detail: "" },
  reversalReason: "06",
};
export const DECLINED: Event = {
  kind: "tested",
  now: START,
  verdict: { kind: "failed", detail: "purchase 97" },
  reversalReason: undefined,
};
export const SILENT: Event = {
  kind: "tested",
  now: START,
  verdict: { kind: "inconclusive", detail: "purchase: no answer in time" },
  reversalReason: "98",
};
export const UNREACHED: Event = {
  kind: "tested",
  now: START,
  verdict: { kind: "inconclusive", detail: "echo: connection failed" },
  reversalReason: undefined,
};
export const REVERSED: Event = { kind: "reversed", now: START, answered: true };
export const UNANSWERED: Event = { kind: "reversed", now: START, answered: false };
export const RESUMED: Event = { kind: "resumed", now: START };
export const BOOT: Event = { kind: "boot", now: START, unreadable: [] };

/** The same event later. */
export function later(seconds: number, event: Event): Event {
  return { ...event, now: START + seconds };
}

/** The agent's memory after it lost power and started again; the slots with these names cannot be read. */
export function bootWithout(...names: string[]): Event {
  return { kind: "boot", now: START, unreadable: names.map((name) => slotOf(name).delivery) };
}

export interface Played {
  readonly state: State;
  readonly effect: Effect | undefined;
}

/** Plays events one after the other and gives the last step, with the effect it asked for. */
export function play(state: State, ...events: readonly Event[]): Played {
  let last: Step = { state };
  for (const event of events) last = step(last.state, event);
  return { state: last.state, effect: last.effect };
}

export const NEW: State = createState(TUSN, START);

/** A terminal that committed directive 1 and holds no unsent report. */
export const TRADING: State = {
  ...play(NEW, accepted(1), READY, APPLIED, PASSED, REVERSED).state,
  unsent: [],
};
