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
  /** Ways back that were ordered, by whomever, and those of them that are not answered. */
  readonly ordered: number;
  readonly returning: number;
  readonly cutOver: CutOver;
  readonly acquirer: CutOverState;
  /** Of the order that undoes the acquirer's; undefined where none was given. */
  readonly undoing: CutOverState | undefined;
  readonly onFailure: OnFailure;
  /** A fault was met that no later visit can cure: from now on it is only taken back. */
  readonly isFailing: boolean;
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
 * transaction of each terminal, and the acquirer's own record where it was asked. It fails only when no terminal can
 * take it any more, and, where that is asked for, everything that went forward has gone back. Every step may be taken
 * twice.
 */
export function decideNext(progress: Progress): NextStep {
  const { cutOver, hasTerminals, published, committed, waiting, failed, acquirer } = progress;
  if (progress.isFailing || (cutOver === "first" && acquirer === "failed")) {
    // Whoever may still take it would hold it alone once the others have gone back.
    return waiting > 0 ? "wait" : toReturn(progress);
  }
  if (cutOver === "first" && acquirer !== "confirmed") return toAsked(progress);
  if (hasTerminals && !published) return "publish";
  if (waiting > 0) return "wait";
  // Where not one terminal was sent anything, nothing proves it.
  if (failed > 0 || (hasTerminals && committed === 0)) return toReturn(progress);
  // People have ordered some of them back: what is left of it is no change of the shop.
  if (progress.ordered > 0) return toReturn(progress);
  if (cutOver === "last" && acquirer !== "confirmed") {
    return acquirer === "failed" ? toReturn(progress) : toAsked(progress);
  }
  if (!progress.recorded) return "record";
  return progress.tasks > 0 ? "wait" : "conclude";
}

function toAsked({ acquirer }: Progress): NextStep {
  return acquirer === "unasked" ? "ask_acquirer" : "wait";
}

/** Back where that is asked for: terminals and acquirer side by side, and each only where it went forward. */
function toReturn(progress: Progress): NextStep {
  const { onFailure, committed, ordered, returning, acquirer, undoing } = progress;
  // Whether there is anything to undo is known once the acquirer has answered.
  if (acquirer === "asked" || acquirer === "succeeded") return "wait";
  if (onFailure === "reverse") {
    if (acquirer === "confirmed" && undoing === undefined) return "undo_acquirer";
    // Those that were left out before are looked at once more when the others are back.
    if (committed > ordered && returning === 0) return "return_terminals";
  }
  const isUndone = undoing === undefined || undoing === "confirmed" || undoing === "failed";
  return returning > 0 || !isUndone ? "wait" : "fail";
}
