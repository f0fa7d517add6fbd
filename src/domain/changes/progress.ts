/** How the terminals and the acquirer follow one another, as a policy pack says. */
export const CUT_OVERS = ["none", "first", "last"] as const;
/** `first`: the acquirer before the terminals. `last`: after each of them has passed its test. `none`: not at all. */
export type CutOver = (typeof CUT_OVERS)[number];

/** What follows where some terminals did not take it, or the acquirer did not after them. */
export const ON_FAILURE = ["keep", "reverse", "suspend"] as const;
/**
 * `keep`: what was committed stays, and the change is opened again for the rest. `reverse`: terminals and acquirer go back.
 * `suspend`: terminals that cannot go on stop trading by themselves (`on_fail` of the directive); what was committed stays.
 */
export type OnFailure = (typeof ON_FAILURE)[number];

export const CUT_OVER_STATES = ["unasked", "asked", "succeeded", "confirmed", "failed"] as const;
/** `confirmed`: the acquirer's own record was read and says the same. */
export type CutOverState = (typeof CUT_OVER_STATES)[number];

/** How far a change is, as the records have it. */
export interface Progress {
  /** There are terminals that it changes. */
  readonly hasTerminals: boolean;
  readonly published: boolean;
  /** Terminals of its release, by how they stand; all zero before it is published. */
  readonly committed: number;
  readonly waiting: number;
  readonly failed: number;
  /** Ways back that were ordered and are not answered; and whether any was. */
  readonly returning: number;
  readonly isReturned: boolean;
  readonly cutOver: CutOver;
  readonly acquirer: CutOverState;
  /** Of the order that undoes the acquirer's; undefined where none was given. */
  readonly undoing: CutOverState | undefined;
  readonly onFailure: OnFailure;
  /** What the records alone hold (contacts, the account that was added) is in them. */
  readonly recorded: boolean;
  /** Follow-up tasks that nobody has done. */
  readonly tasks: number;
}

export const NEXT_STEPS = [
  "ask_acquirer",
  "publish",
  "record",
  "return_terminals",
  "undo_acquirer",
  "conclude",
  "fail",
  "wait",
] as const;
export type NextStep = (typeof NEXT_STEPS)[number];

/**
 * What is to be done next for a change that is being carried out. It is done only when every proof is there: the test
 * transaction of each terminal, and the acquirer's own record where it was asked. Every step may be taken twice.
 */
export function decideNext(progress: Progress): NextStep {
  const { cutOver, hasTerminals, published, waiting, failed } = progress;
  if (cutOver === "first" && progress.acquirer !== "confirmed") {
    return progress.acquirer === "failed" ? "fail" : toAsked(progress);
  }
  if (hasTerminals && !published) return "publish";
  if (waiting > 0) return "wait";
  if (failed > 0) return toReturn(progress);
  if (cutOver === "last" && progress.acquirer !== "confirmed") {
    return progress.acquirer === "failed" ? toReturn(progress) : toAsked(progress);
  }
  if (!progress.recorded) return "record";
  return progress.tasks > 0 ? "wait" : "conclude";
}

function toAsked({ acquirer }: Progress): NextStep {
  return acquirer === "unasked" ? "ask_acquirer" : "wait";
}

/** Back where that is asked for: terminals and acquirer side by side, and each only where it went forward. */
function toReturn(progress: Progress): NextStep {
  const { onFailure, committed, returning, isReturned, acquirer, undoing } = progress;
  if (onFailure !== "reverse") return "fail";
  const isCutOver = acquirer === "confirmed" || acquirer === "succeeded";
  if (isCutOver && undoing === undefined) return "undo_acquirer";
  if (committed > 0 && !isReturned) return "return_terminals";
  const isUndone = undoing === undefined || undoing === "confirmed" || undoing === "failed";
  return returning > 0 || !isUndone ? "wait" : "fail";
}
