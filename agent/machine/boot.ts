import { toHex } from "../../proto/bytes.ts";
import { toDetail } from "./detail.ts";
import { move, refuse, rollBack } from "./endings.ts";
import type { EventOf, Step } from "./events.ts";
import { addReport } from "./reports.ts";
import { rollBackAgain } from "./rolling-back.ts";
import type { Digest, Failure, Slot, Standing, State, UnderWay } from "./state.ts";

// Slots that cannot be read any more: the state without them, before anything else is decided.

const CORRUPT = { code: "SLOT_CORRUPT", detail: "" } as const satisfies Failure;
/** A purchase may stand at the host, and the profile that could reverse it is gone: a matter for a person. */
const REVERSAL_LOST = { code: "SLOT_CORRUPT", detail: "reversal lost" } as const satisfies Failure;

/**
 * The state without the slots that cannot be read. The previous profile takes the place of a lost current one; where
 * that is lost too, nothing in the terminal is touched: it trades on with what it holds until a new directive comes.
 */
export function withoutUnreadable(state: State, { unreadable, now }: EventOf<"boot">): State {
  const isLost = (slot: Slot) => unreadable.includes(slot.delivery);
  const { current, previous } = state.slots;
  const owed = state.owed.filter(({ slot }) => !isLost(slot));
  const unpayable = state.owed.filter(({ slot }) => isLost(slot)).map(({ slot }) => slot.directive);
  const tell = (left: State) => unpayable.reduce((told, directive) => tellReversalLost(told, directive, now), left);
  const previousLeft = previous !== undefined && isLost(previous) ? undefined : previous;
  if (current === undefined || !isLost(current)) {
    return tell({ ...state, owed, slots: { current, previous: previousLeft } });
  }
  const left: State = {
    ...state,
    owed,
    slots: { current: previousLeft, previous: undefined },
    standing: toStanding(state.standing, previousLeft),
  };
  return tell(addReport(left, { ...CORRUPT, kind: "broken", directive: current.directive, nonce: "", now }));
}

/** The slot of the directive under way is lost. Putting the terminal back does not need it. */
export function loseNext(state: State, underWay: UnderWay, now: number): Step {
  const { progress } = underWay;
  switch (progress.phase) {
    case "verified":
    case "waiting":
      return refuse(state, underWay, CORRUPT, now);
    case "applying":
      return rollBack(state, underWay, CORRUPT);
    case "testing":
      return rollBack(state, underWay, progress.trace === undefined ? CORRUPT : REVERSAL_LOST);
    case "reversing":
      return rollBack(state, underWay, REVERSAL_LOST);
    case "rolling_back":
      return rollBackAgain(state);
  }
}

/** Puts it into the directive's outcome: still to come, not receipted yet, or else a report of its own. */
function tellReversalLost(state: State, directive: Digest, now: number): State {
  const { underWay } = state;
  if (underWay?.progress.phase === "rolling_back" && underWay.task.directive === directive) {
    const { progress } = underWay;
    const { code, detail } = progress.failure;
    return move(state, underWay, { ...progress, failure: { code, detail: toLost(detail) } });
  }
  const outcome = state.unsent.find((report) => toHex(report.directive) === directive);
  if (outcome === undefined) return addReport(state, { ...REVERSAL_LOST, kind: "broken", directive, nonce: "", now });
  const { kind, code, nonce, detail } = outcome;
  return addReport(state, { kind, code, directive, nonce: toHex(nonce), detail: toLost(detail), now });
}

/** In front, where no bound cuts it off. */
function toLost(detail: string): string {
  return detail === "" ? REVERSAL_LOST.detail : toDetail(`${REVERSAL_LOST.detail}; ${detail}`);
}

function toStanding({ intended }: Standing, left: Slot | undefined): Standing {
  return { intended: intended === "current" && left === undefined ? "untouched" : intended, broken: true };
}
