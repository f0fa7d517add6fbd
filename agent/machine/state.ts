import type { TrustVersions } from "../../certs/trust/verify.ts";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import type { OnFail } from "../../proto/directive.ts";
import type { ErrorCode } from "../../proto/errors.ts";
import type { Phase, Report } from "../../proto/terminal-messages.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { type ReversalReason, toTrace } from "../test-transaction/messages.ts";

/** Lower-case hexadecimal of a SHA-256 digest. */
export type Digest = string;

/** A profile the terminal holds or is to hold, with the proof that it was approved. */
export interface Slot {
  /** Of the delivery that carried the profile: the name of the stored bytes. */
  readonly delivery: Digest;
  /** Of the trust bundle under which it was accepted: the name of the stored bytes. */
  readonly trust: Digest;
  readonly profile: Digest;
  readonly directive: Digest;
  /** Name of the sealed card number, empty where the terminal was given none for this binding. */
  readonly sealed: Digest | "";
}

export interface Slots {
  readonly current: Slot | undefined;
  readonly previous: Slot | undefined;
}

/** What a directive that passed the gate asks for. Times in seconds unless named otherwise. */
export interface Task {
  readonly directive: Digest;
  readonly sequence: number;
  /** Hexadecimal. */
  readonly nonce: string;
  readonly onFail: OnFail;
  /** Last second at which it may begin: directive and release are both valid. */
  readonly notAfter: number;
  readonly attempts: number;
  readonly retryBaseMs: number;
  readonly reversalBaseMs: number;
  readonly deadlineS: number;
  /** Second at which it was accepted, where it is a settlement change that the policy's cap counts. */
  readonly cardChangeAt: number | undefined;
}

/** What an attempt of the test transaction showed. */
export interface Verdict {
  readonly kind: "passed" | "failed" | "inconclusive";
  readonly detail: string;
}

/** A terminal that was busy when it was to be put back: how often, and the second from which on it counts as broken. */
export interface Busy {
  readonly until: number;
  readonly tries: number;
}

/** Why an update does not stay. */
export interface Failure {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** Where the directive under way stands. `deadline` is the second from which on nothing commits any more. */
export type Progress =
  | { readonly phase: "verified" }
  /** `unanswered` counts the tries of owed reversals in this wait that the host did not answer. */
  | { readonly phase: "waiting"; readonly tries: number; readonly unanswered: number }
  | {
      readonly phase: "applying";
      readonly deadline: number;
      /** An earlier apply was cut short, so the terminal may hold a mixture and there is no going back to waiting. */
      readonly again: boolean;
      readonly tries: number;
    }
  | {
      readonly phase: "testing";
      readonly deadline: number;
      readonly attempt: number;
      /** First trace of the attempt that has begun; undefined in the pause before the next one. */
      readonly trace: number | undefined;
    }
  | {
      readonly phase: "reversing";
      readonly deadline: number;
      readonly attempt: number;
      readonly trace: number;
      readonly reason: ReversalReason;
      readonly verdict: Verdict;
      readonly tries: number;
    }
  | {
      readonly phase: "rolling_back";
      readonly failure: Failure;
      /** Tries that failed. */
      readonly tries: number;
      readonly busy: Busy | undefined;
    };

export type ProgressPhase = Progress["phase"];

/** The directive under way. */
export interface UnderWay {
  readonly task: Task;
  /** The slot that becomes the current one if the directive is committed. */
  readonly next: Slot;
  readonly progress: Progress;
}

/** Reversals owed at once, beyond which no update begins. */
export const MAX_OWED = 8;

/** A reversal left over from an update that has ended; tried until the host answers it. */
export interface OwedReversal {
  /** The profile under which the purchase was made. */
  readonly slot: Slot;
  readonly trace: number;
  readonly reason: ReversalReason;
  readonly baseMs: number;
  readonly tries: number;
}

/** What the terminal shall hold while no directive is under way: `untouched` where no slot could be read any more. */
export const INTENTIONS = ["current", "nothing", "untouched"] as const;
export type Intention = (typeof INTENTIONS)[number];

export interface Standing {
  readonly intended: Intention;
  /** The terminal may hold something else than intended. */
  readonly broken: boolean;
}

/** Refusals of the present window, and the reports of the last ones, so that none is made twice. */
export interface Refusals {
  /** Second in which the window began. */
  readonly since: number;
  /** Reports queued in it, outcomes told again included. */
  readonly queued: number;
  readonly recent: readonly Report[];
}

/** The freshest trust metadata held. */
export interface HeldTrust {
  /** Name of the stored bundle, which is worth what the newest root says of it. */
  readonly bundle: Digest;
  /** Versions below which none is taken any more, also where the bundle is lost. */
  readonly versions: TrustVersions;
}

/** All that the agent must not forget. Immutable; saved whole after every step. */
export interface State {
  readonly tusn: Tusn;
  /** Highest sequence ever accepted. A rollback never lowers it. */
  readonly sequence: number;
  /** Device counter last used. */
  readonly counter: number;
  /** ISO 8583 field 11 to use next, 1 to 999999. */
  readonly trace: number;
  /** Names of the trust roots that follow the pinned one, oldest first; at most MAX_ROOTS. */
  readonly roots: readonly Digest[];
  readonly trust: HeldTrust | undefined;
  readonly slots: Slots;
  readonly standing: Standing;
  readonly underWay: UnderWay | undefined;
  /** The one tried next first; at most MAX_OWED. */
  readonly owed: readonly OwedReversal[];
  /** Report of the last outcome, to be sent again where the directive comes again. */
  readonly last: Report | undefined;
  /** Reports without a receipt, oldest first; at most one per directive. */
  readonly unsent: readonly Report[];
  readonly refusals: Refusals;
  /** When the last settlement changes were accepted that were committed, oldest first; at most MAX_CARD_CHANGES. */
  readonly cardChanges: readonly number[];
}

const EARLIEST_COUNTER_LIMIT = Math.floor(MAX_UINT32 / 2);

/**
 * The state of an agent that has never run. Its device counter begins at the present second, so that it lies above every
 * counter of an earlier installation on the same terminal; its traces begin with the second, too, so that none of that
 * installation's recorded answers fits them.
 */
export function createState(tusn: Tusn, now: number): State {
  return {
    tusn,
    sequence: 0,
    counter: Math.min(now, EARLIEST_COUNTER_LIMIT),
    trace: toTrace(1, now),
    roots: [],
    trust: undefined,
    slots: { current: undefined, previous: undefined },
    standing: { intended: "current", broken: false },
    underWay: undefined,
    owed: [],
    last: undefined,
    unsent: [],
    refusals: { since: 0, queued: 0, recent: [] },
    cardChanges: [],
  };
}

/** More counters and traces than one step uses. */
const SKIPPED = 16;

/** The state where its successor is lost: whatever that one used up is not used again. */
export function skipUsed(state: State): State {
  return { ...state, counter: state.counter + SKIPPED, trace: toTrace(state.trace, SKIPPED) };
}

/** The phase as hello tells it (clause 5.3). */
export function toPhase(state: State): Phase {
  return state.underWay === undefined ? toRestingPhase(state.standing) : state.underWay.progress.phase;
}

export type RestingPhase = Exclude<Phase, ProgressPhase>;

/** The phase while no directive is under way. */
export function toRestingPhase({ broken, intended }: Standing): RestingPhase {
  if (broken) return "broken";
  return intended === "nothing" ? "suspended" : "idle";
}

/** Every slot that must stay readable. */
export function toSlotsInUse({ slots, underWay, owed }: State): readonly Slot[] {
  const all = [slots.current, slots.previous, underWay?.next, ...owed.map(({ slot }) => slot)];
  return all.filter((slot) => slot !== undefined);
}

/** Names of all stored bytes that the state refers to. */
export function toNamesInUse(state: State): readonly Digest[] {
  const { roots, trust } = state;
  const slots = toSlotsInUse(state).flatMap(({ delivery, trust: proof, sealed }) => [delivery, proof, sealed]);
  return [...slots, ...roots, trust?.bundle ?? ""].filter((name) => name !== "");
}
