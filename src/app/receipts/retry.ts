import { TillsyncError } from "../../../proto/errors.ts";
import { appendEntries } from "../../store/ledger.ts";
import { retryReceipts } from "../../store/receipts.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { parseAct } from "../registry/act.ts";

/**
 * Has the receipts of a change made after all that could not be: somebody has put the records right.
 *
 * @returns how many
 * @throws TillsyncError NOT_FOUND where there are none; what `parseAct` throws for the words
 */
export async function retryReceipt(context: Context, change: string, words: string, by: string): Promise<number> {
  const { actor, reason } = parseAct(words, by);
  return transact(context.store, async (tx) => {
    const retried = await retryReceipts(tx, change);
    if (retried === 0) {
      throw new TillsyncError("NOT_FOUND", { receipt: /^C[0-9a-f]{16}$/.test(change) ? change : "malformed" });
    }
    await appendEntries(tx, [toEntry(context.now(), "receipt.retried", change, { actor, detail: { reason } })]);
    return retried;
  });
}
