import { TillsyncError } from "../../../proto/errors.ts";
import { findMerchants } from "../../store/fleet.ts";
import { appendEntries } from "../../store/ledger.ts";
import { addReview, listReviews, type ReviewedPage, type StoredReview } from "../../store/reviews.ts";
import { type Store, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";

/** Notes that a person has looked through a merchant's data. @throws TillsyncError NOT_FOUND */
export function noteReview(context: Context, merchant: string, { actor, reason: note }: Act): Promise<StoredReview> {
  return transact(context.store, async (tx) => {
    await demandMerchant(tx, merchant);
    const at = context.now();
    const review = await addReview(tx, { merchant, at, actor, note });
    await appendEntries(tx, [toEntry(at, "merchant.reviewed", merchant, { actor, detail: { note } })]);
    return review;
  });
}

/** Who looked through a merchant's data when, the newest first. @throws TillsyncError NOT_FOUND */
export async function listReviewsOf(
  store: Store,
  merchant: string,
  page: ReviewedPage,
): Promise<readonly StoredReview[]> {
  await demandMerchant(store, merchant);
  return listReviews(store, merchant, page);
}

async function demandMerchant(db: Store, merchant: string): Promise<void> {
  const [row] = await findMerchants(db, [merchant]);
  if (row === undefined) throw new TillsyncError("NOT_FOUND", { merchant });
}
