import { toFloor } from "../../certs/trust/verify.ts";
import { applyAgain, ask, takeApplied, takeOwedReversalFirst, takeRepairFirst, takeStatus } from "./beginning.ts";
import { loseNext, withoutUnreadable } from "./boot.ts";
import type { At } from "./endings.ts";
import type { Event, EventOf, Step } from "./events.ts";
import { addRefusal, forgetReport, repeatReport } from "./reports.ts";
import { begin, settle, takeOwedReversal, takeRepair } from "./resting.ts";
import { rollBackAgain, takeRolledBack } from "./rolling-back.ts";
import { type ProgressPhase, type RestingPhase, type State, toRestingPhase, type UnderWay } from "./state.ts";
import { resumeTesting, reverseAgain, takeReversed, takeTested } from "./testing.ts";

/** Events whose meaning depends on the phase. The others mean the same in every phase. */
type Turn = "boot" | "accepted" | "status" | "applied" | "tested" | "reversed" | "resumed";

type Resting = { readonly [K in Turn]: (state: State, event: EventOf<K>) => Step };
type Moving<P extends ProgressPhase> = {
  readonly [K in Turn]: (state: State, underWay: At<P>, event: EventOf<K>) => Step;
};

/** While a directive is under way another one is not taken: the service sends it again. Nor is an answer nobody awaits. */
const stay = (state: State): Step => ({ state });

const RESTING: Readonly<Record<RestingPhase, Resting>> = {
  idle: {
    boot: settle,
    accepted: begin,
    status: stay,
    applied: stay,
    tested: stay,
    reversed: takeOwedReversal,
    resumed: settle,
  },
  suspended: {
    boot: settle,
    accepted: begin,
    status: stay,
    applied: stay,
    tested: stay,
    reversed: takeOwedReversal,
    resumed: settle,
  },
  broken: {
    boot: settle,
    accepted: begin,
    status: stay,
    applied: takeRepair,
    tested: stay,
    reversed: takeOwedReversal,
    resumed: settle,
  },
};

const MOVING: { readonly [P in ProgressPhase]: Moving<P> } = {
  verified: {
    boot: ask,
    accepted: stay,
    status: takeStatus,
    applied: stay,
    tested: stay,
    reversed: stay,
    resumed: stay,
  },
  waiting: {
    boot: ask,
    accepted: stay,
    status: takeStatus,
    applied: takeRepairFirst,
    tested: stay,
    reversed: takeOwedReversalFirst,
    resumed: ask,
  },
  applying: {
    boot: applyAgain,
    accepted: stay,
    status: stay,
    applied: takeApplied,
    tested: stay,
    reversed: stay,
    resumed: applyAgain,
  },
  testing: {
    boot: resumeTesting,
    accepted: stay,
    status: stay,
    applied: stay,
    tested: takeTested,
    reversed: stay,
    resumed: resumeTesting,
  },
  reversing: {
    boot: reverseAgain,
    accepted: stay,
    status: stay,
    applied: stay,
    tested: stay,
    reversed: takeReversed,
    resumed: reverseAgain,
  },
  rolling_back: {
    boot: rollBackAgain,
    accepted: stay,
    status: stay,
    applied: takeRolledBack,
    tested: stay,
    reversed: stay,
    resumed: rollBackAgain,
  },
};

/** The agent's whole behaviour: the state after an event, and what to do once that state is durable. */
export function step(state: State, event: Event): Step {
  switch (event.kind) {
    case "refused":
      return { state: addRefusal(state, event) };
    case "repeated":
      return { state: repeatReport(state, event) };
    case "receipt":
      return { state: forgetReport(state, event) };
    case "rooted":
      return { state: followRoot(state, event) };
    case "trusted":
      return { state: { ...state, trust: { bundle: event.bundle, versions: event.versions } } };
    case "greeted":
      return { state: { ...state, counter: state.counter + 1 } };
    case "boot":
      return boot(withoutUnreadable(state, event), event);
    default:
      return turn(state, event);
  }
}

/** What was held under keys that a new root takes away is forgotten, in the same step (clause 6.3). */
function followRoot(state: State, { roots, changed, replaced }: EventOf<"rooted">): State {
  const { trust } = state;
  if (trust === undefined) return { ...state, roots };
  const changes = { changed: new Set(changed), replaced: new Set(replaced) };
  return { ...state, roots, trust: { ...trust, versions: toFloor(trust.versions, changes) } };
}

function boot(state: State, event: EventOf<"boot">): Step {
  const { underWay } = state;
  const isLost = underWay !== undefined && event.unreadable.includes(underWay.next.delivery);
  return isLost ? loseNext(state, underWay, event.now) : turn(state, event);
}

function turn<K extends Turn>(state: State, event: EventOf<K> & { readonly kind: K }): Step {
  const { underWay } = state;
  if (underWay === undefined) return RESTING[toRestingPhase(state.standing)][event.kind](state, event);
  return toRow(underWay)[event.kind](state, underWay, event);
}

/** The row of the phase the directive is in. The cast says what the table's type says: each row takes its own phase. */
function toRow(underWay: UnderWay): Moving<ProgressPhase> {
  return MOVING[underWay.progress.phase] as Moving<ProgressPhase>;
}
