import { TillsyncError } from "../../../proto/errors.ts";
import type { RecordFinding } from "./on-record.ts";
import {
  ORDER_ENDS,
  type OrderAlarm,
  type OrderEffect,
  type OrderEvent,
  type OrderStanding,
  type Told,
} from "./order.ts";

// How an order to an acquirer goes on. Pure; times in seconds.

/** Until something is asked again; doubled each time, */
export const FIRST_PAUSE_S = 15;
/** up to this, */
export const MAX_PAUSE_S = 3_600;
/** and this once it was asked so often that a person was told: some 60 hours. */
export const FOLLOWS_TO_ALARM = 68;
export const OVERDUE_PAUSE_S = 86_400;
/** It is not asked about any more after so many times, until a person says so. */
export const MAX_FOLLOWS = FOLLOWS_TO_ALARM + 30;
/** Times that it is sent under its number, all in all: acquirers count them, and take five a day. */
export const MAX_REQUESTS = 3;
/** Times that an acquirer may not know what became of it before it is sent again: about an hour. */
export const UNKNOWNS_TO_REPEAT = 8;
/** Times that its record may lag behind its word: about eight minutes. */
export const QUERIES_TO_CONTRADICT = 5;

/** Codes of ours that a standing may hold beside the acquirer's. */
export const ORDER_CODES = [
  "UNKNOWN",
  "ABSENT",
  "BEFORE",
  "OTHER",
  "NONE",
  "UNUSABLE",
  "INDISTINCT",
  "GIVEN_UP",
] as const;
type OrderCode = (typeof ORDER_CODES)[number];

export interface OrderStep {
  readonly standing: OrderStanding;
  /** To be performed once the standing is stored; what came of it is the next event. */
  readonly effect?: OrderEffect;
  readonly alarm?: OrderAlarm;
}

/** Of an order that was just placed: due at once. */
export function toFirstStanding(now: number): OrderStanding {
  const nothing = { reference: "", code: "", words: "", requests: 0, follows: 0, overdueAt: null };
  return { state: "requested", ...nothing, dueAt: now };
}

/** @throws TillsyncError STATE_CONFLICT where a person acts on an order that has ended */
export function stepOrder(standing: OrderStanding, event: OrderEvent, now: number): OrderStep {
  if (ORDER_ENDS.includes(standing.state)) return stepEnded(standing, event);
  switch (event.type) {
    case "due":
      return stepDue(standing, now);
    case "told":
      return stepTold(standing, event.told, now);
    case "lost":
      return stepLost(standing, event);
    case "shown":
      return standing.state === "held" ? stepShownHeld(standing, event.found) : stepShown(standing, event.found);
    case "held":
      return stepHeld(standing);
    case "resumed":
      return stepResumed(standing, now);
    case "judged":
      return {
        standing: {
          ...standing,
          state: event.isDone ? "confirmed" : "failed",
          code: event.isDone ? "" : toCode("GIVEN_UP"),
          words: event.words,
          dueAt: null,
        },
      };
  }
}

/** What came too late changes nothing; a person is told so. */
function stepEnded(standing: OrderStanding, { type }: OrderEvent): OrderStep {
  if (type === "resumed" || type === "judged") throw new TillsyncError("STATE_CONFLICT", { state: standing.state });
  return { standing };
}

function stepDue(standing: OrderStanding, now: number): OrderStep {
  const { state, follows, requests } = standing;
  if (state === "contradicted") return { standing: { ...standing, dueAt: null } };
  const isOver = follows + 1 >= MAX_FOLLOWS;
  const next = { ...standing, follows: follows + 1, dueAt: isOver ? null : now + toPause(follows) };
  const waiting = tellOverdue(next, now);
  if (state === "requested") {
    // Written before it is sent: whatever is switched off now, it is asked about first.
    return {
      ...waiting,
      standing: { ...waiting.standing, state: "unknown", requests: requests + 1 },
      effect: "request",
    };
  }
  return { ...waiting, effect: state === "succeeded" || state === "held" ? "query" : "follow" };
}

function stepTold(standing: OrderStanding, told: Told, now: number): OrderStep {
  const { state, follows } = standing;
  // Its record is asked now, or first; a late word about the audit changes nothing.
  if (state === "succeeded" || state === "contradicted" || state === "held") return { standing };
  switch (told.state) {
    case "auditing": {
      const words = { reference: told.reference || standing.reference, code: "", words: told.words };
      if (state === "auditing") return { standing: { ...standing, ...words } };
      return { standing: { ...standing, ...words, state: "auditing", follows: 0, dueAt: now + FIRST_PAUSE_S } };
    }
    case "succeeded": {
      const words = { reference: told.reference || standing.reference, code: "", words: told.words };
      return { standing: { ...standing, ...words, state: "succeeded", follows: 0, dueAt: now } };
    }
    case "failed": {
      const { code, words } = told;
      const reference = told.reference || standing.reference;
      return { standing: { ...standing, state: "failed", reference, code, words, dueAt: null } };
    }
    case "absent":
      // It is to be sent anyway.
      if (state === "requested") return { standing };
      if (state === "unknown") return repeat(standing, now);
      // It had it before: asked once more, before it is sent again.
      return {
        standing: { ...standing, state: "unknown", code: toCode("ABSENT"), follows: 0, dueAt: now + FIRST_PAUSE_S },
      };
    case "unknown": {
      const unknown = { ...standing, code: toCode("UNKNOWN") };
      if (state !== "unknown" || follows < UNKNOWNS_TO_REPEAT) return { standing: unknown };
      return repeat(unknown, now);
    }
  }
}

/** Under the same number, a bounded number of times. */
function repeat(standing: OrderStanding, now: number): OrderStep {
  if (standing.requests >= MAX_REQUESTS) return { standing: { ...standing, dueAt: null }, alarm: "untold" };
  return { standing: { ...standing, state: "requested", follows: 0, dueAt: now } };
}

function stepLost(
  standing: OrderStanding,
  { effect, code, sent }: Extract<OrderEvent, { readonly type: "lost" }>,
): OrderStep {
  if (effect !== "request" || sent || standing.state !== "unknown") return { standing: { ...standing, code } };
  return { standing: { ...standing, state: "requested", code, requests: Math.max(0, standing.requests - 1) } };
}

function stepShown(standing: OrderStanding, found: RecordFinding): OrderStep {
  if (standing.state !== "succeeded") return { standing };
  switch (found) {
    case "wanted":
      return { standing: { ...standing, state: "confirmed", code: "", dueAt: null } };
    case "pending":
      return { standing };
    case "indistinct":
      return { standing: { ...standing, code: toCode("INDISTINCT"), dueAt: null }, alarm: "indistinct" };
    case "unusable":
      return contradict({ ...standing, code: toCode("UNUSABLE") });
    case "before":
    case "other":
    case "none": {
      const told = { ...standing, code: toCode(CODE_OF[found]) };
      return standing.follows < QUERIES_TO_CONTRADICT ? { standing: told } : contradict(told);
    }
  }
}

/** Whatever it was: what came after the backup is not known, and a refusal from now on may be about what was sent then. */
function stepHeld(standing: OrderStanding): OrderStep {
  const requests = Math.max(1, standing.requests);
  return hold({ ...standing, requests, code: "", follows: 0, overdueAt: null });
}

/** Nothing is sent over what is newer than the order: a person sees to it. */
function stepShownHeld(standing: OrderStanding, found: RecordFinding): OrderStep {
  switch (found) {
    case "wanted":
    case "pending":
    case "unusable":
      return stepShown({ ...standing, state: "succeeded" }, found);
    case "before":
    case "none":
      return { standing: { ...standing, state: "unknown", code: "", follows: 0 } };
    case "other":
    case "indistinct":
      return hold({ ...standing, code: toCode(CODE_OF[found]) });
  }
}

function hold(standing: OrderStanding): OrderStep {
  return { standing: { ...standing, state: "held", dueAt: null }, alarm: "held" };
}

function contradict(standing: OrderStanding): OrderStep {
  return { standing: { ...standing, state: "contradicted", dueAt: null }, alarm: "contradicted" };
}

function stepResumed(standing: OrderStanding, now: number): OrderStep {
  const { state, requests } = standing;
  return {
    standing: {
      ...standing,
      state: state === "contradicted" ? "succeeded" : state,
      // A person wants it: once more, if need be.
      requests: Math.min(requests, MAX_REQUESTS - 1),
      follows: 0,
      dueAt: now,
      overdueAt: null,
    },
  };
}

function tellOverdue(standing: OrderStanding, now: number): OrderStep {
  if (standing.follows < FOLLOWS_TO_ALARM || standing.overdueAt !== null) return { standing };
  return { standing: { ...standing, overdueAt: now }, alarm: "overdue" };
}

/** After it was asked `follows` times. */
function toPause(follows: number): number {
  if (follows >= FOLLOWS_TO_ALARM) return OVERDUE_PAUSE_S;
  return Math.min(MAX_PAUSE_S, FIRST_PAUSE_S * 2 ** Math.min(follows, 16));
}

const CODE_OF = { before: "BEFORE", other: "OTHER", none: "NONE", indistinct: "INDISTINCT" } as const;

function toCode(code: OrderCode): OrderCode {
  return code;
}
