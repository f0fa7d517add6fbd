import type { Insertable, Selectable } from "kysely";
import type { AcquirerRecordRow, ReviewedRow } from "./reviews-schema.ts";
import type { Store, Tx } from "./store.ts";

// Who reviewed what, and what acquirers answered.

export type StoredReview = Selectable<ReviewedRow>;

export async function addReview(tx: Tx, row: Insertable<ReviewedRow>): Promise<StoredReview> {
  return tx.insertInto("reviews").values(row).returningAll().executeTakeFirstOrThrow();
}

export interface ReviewedPage {
  /** Only what is older than the row of this id. */
  readonly before?: number;
  readonly limit: number;
}

/** Of one merchant, the newest first. */
export function listReviews(
  db: Store,
  merchant: string,
  { before, limit }: ReviewedPage,
): Promise<readonly StoredReview[]> {
  return db
    .selectFrom("reviews")
    .selectAll()
    .where("merchant", "=", merchant)
    .$if(before !== undefined, (rows) => rows.where("id", "<", Number(before)))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

export async function findAcquirerRecord(
  db: Store,
  acquirer: string,
  merchant: string,
): Promise<AcquirerRecordRow | undefined> {
  return db
    .selectFrom("acquirerRecords")
    .selectAll()
    .where("acquirer", "=", acquirer)
    .where("merchant", "=", merchant)
    .executeTakeFirst();
}

/** Adds a row; one that is there already is replaced. */
export async function putAcquirerRecord(tx: Tx, row: AcquirerRecordRow): Promise<void> {
  const { acquirer: _, merchant: __, ...told } = row;
  await tx
    .insertInto("acquirerRecords")
    .values(row)
    .onConflict((conflict) => conflict.columns(["acquirer", "merchant"]).doUpdateSet(told))
    .execute();
}

/**
 * Merchants whose terminals are at this acquirer and of which it is to be asked by `now`: never asked, due again, or asked
 * before their present account came into force. At most `limit`: those that were never asked first, then the longest due.
 */
export async function listDueMerchants(
  db: Store,
  acquirer: string,
  now: number,
  limit: number,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("terminals")
    .innerJoin("bindings", (join) =>
      join.onRef("bindings.merchant", "=", "terminals.merchantNumber").on("bindings.isPrimary", "=", 1),
    )
    .leftJoin("acquirerRecords", (join) =>
      join
        .onRef("acquirerRecords.merchant", "=", "terminals.merchantNumber")
        .onRef("acquirerRecords.acquirer", "=", "terminals.acquirer"),
    )
    .select("terminals.merchantNumber")
    .where("terminals.acquirer", "=", acquirer)
    .where("terminals.life", "not in", ["retired", "replaced"])
    .where((row) =>
      row.or([
        row("acquirerRecords.dueAt", "is", null),
        row("acquirerRecords.dueAt", "<=", now),
        row.and([row("acquirerRecords.code", "=", ""), row("acquirerRecords.askedAt", "<", row.ref("bindings.since"))]),
      ]),
    )
    .groupBy("terminals.merchantNumber")
    .orderBy((row) => row.fn.coalesce("acquirerRecords.dueAt", row.lit(0)))
    .orderBy("terminals.merchantNumber")
    .limit(limit)
    .execute();
  return rows.map(({ merchantNumber }) => merchantNumber);
}
