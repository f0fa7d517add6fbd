import type { Tusn } from "../../../proto/tusn.ts";
import { putEnrolment } from "../../store/enrolments.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { EnrolmentRow } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { toEntry } from "../ledger-entries.ts";

/** Counts a wrong token or cryptogram. The last one that the policy allows locks the enrolment, with an alarm. */
export async function countFailure(
  tx: Tx,
  { now, identity }: Pick<Context, "now" | "identity">,
  tusn: Tusn,
  row: EnrolmentRow,
): Promise<void> {
  const failures = row.failures + 1;
  const isLocking = row.lockedAt === null && failures >= identity.attempts;
  const at = now();
  await putEnrolment(tx, { ...row, failures, lockedAt: isLocking ? at : row.lockedAt });
  if (!isLocking) return;
  const detail = { failures };
  await noteHappenings(tx, at, [{ tusn, kind: "enrolment_locked", actor: "service", detail }]);
  await appendEntries(tx, [toEntry(at, "alarm.enrolment_locked", tusn, { detail })]);
}
