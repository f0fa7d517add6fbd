import { type DeploymentEvent, step } from "../domain/deployment.ts";
import type { DeploymentRow } from "../store/schema.ts";

/** Those that the event changes, changed. */
export function toStepped(
  rows: readonly DeploymentRow[],
  event: DeploymentEvent,
  updatedAt: number,
): readonly DeploymentRow[] {
  return rows.flatMap((row) => {
    const { state, changed } = step(row.state, event);
    return changed ? [{ ...row, state, updatedAt }] : [];
  });
}
