import { TillsyncError } from "../../../proto/errors.ts";
import { appendEntries } from "../../store/ledger.ts";
import { findNotice, putNotice, type StoredNotice } from "../../store/notices.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";

/**
 * Has a notice sent again that was given up: it is due at once, and its attempts are counted anew. What made it fail is a
 * person's to put right first.
 *
 * @returns the notice as it is from then on
 * @throws TillsyncError NOT_FOUND; STATE_CONFLICT where it was delivered, or is still to be sent
 */
export function retryNotice(
  { store, now }: Pick<Context, "store" | "now">,
  id: number,
  { actor, reason }: Act,
): Promise<StoredNotice> {
  return transact(store, async (tx) => {
    const notice = await findNotice(tx, id);
    if (notice === undefined) throw new TillsyncError("NOT_FOUND", { notice: id });
    const { changeId, channel, dueAt, deliveredAt, code } = notice;
    if (dueAt !== null || deliveredAt !== null) {
      throw new TillsyncError("STATE_CONFLICT", { state: deliveredAt === null ? "waiting" : "delivered" });
    }
    const at = now();
    const progress = { id, attempts: 0, dueAt: at, deliveredAt: null, code };
    await putNotice(tx, progress);
    await appendEntries(tx, [
      toEntry(at, "notice.retried", changeId, { actor, detail: { notice: id, channel, code, reason } }),
    ]);
    return { ...notice, ...progress };
  });
}
