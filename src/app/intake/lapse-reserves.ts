import type { Tusn } from "../../../proto/tusn.ts";
import { type DeploymentState, step } from "../../domain/deployment.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Records } from "./records.ts";

/** Whether a terminal on which a change ended so has no use for the way back from it. */
export function isAnotherWay(state: DeploymentState): boolean {
  return state === "rolled_back" || state === "broken" || state === "suspended";
}

/** Gives up those of a terminal's ways back that lead nowhere any more. */
export function lapseReserves(
  records: Records,
  tusn: Tusn,
  now: number,
  isUseless: (reserve: DeploymentRow) => boolean,
): void {
  for (const reserve of records.reserves(tusn).filter(isUseless)) {
    const { sequence, directiveDigest: digest } = reserve;
    const { state } = step(reserve.state, "lapsed");
    records.setDeployment({ ...reserve, state, updatedAt: now });
    records.addEntry(toEntry(now, "deployment.lapsed", tusn, { digest, detail: { sequence } }));
  }
}
