import { ROLLBACK_TRIES } from "../../agent/machine/pauses.ts";
import type { State } from "../../agent/machine/state.ts";
import {
  APPLIED,
  APPLY_FAILED,
  accepted,
  DECLINED,
  later,
  PASSED,
  play,
  READY,
  SILENT,
  TRADING,
  taskOf,
  UNANSWERED,
} from "./machine.ts";

// A terminal that trades on profile 1 and has been sent directive 2, phase by phase.

export const DEADLINE_S = taskOf(1).deadlineS;

/** Kind, code and detail of the last report queued. */
export function told(state: State): string {
  const report = state.unsent.at(-1);
  return report === undefined ? "" : `${report.kind} ${report.code} ${report.detail}`.trim();
}

export const applying = play(TRADING, accepted(2), READY).state;
export const testing = play(applying, APPLIED).state;
export const reversing = play(testing, PASSED).state;
export const rollingBack = play(testing, DECLINED).state;
/** Back on profile 1, with the reversal of the update's purchase still to be answered. */
export const owing = play(testing, SILENT, later(DEADLINE_S, UNANSWERED), APPLIED).state;
export const failing = Array.from({ length: ROLLBACK_TRIES }, () => APPLY_FAILED);
export const broken = play(rollingBack, ...failing).state;

export const DAY_S = 86_400;
