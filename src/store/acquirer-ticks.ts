import type { AcquirerTickRow } from "./acquirers-schema.ts";
import type { Store, Tx } from "./store.ts";

// Steps of checklists that people have done.

/** In the order in which they were done. */
export function listTicks(db: Store, requestNo: string): Promise<readonly AcquirerTickRow[]> {
  return db.selectFrom("acquirerTicks").selectAll().where("requestNo", "=", requestNo).orderBy("at").execute();
}

/** The newest tick of this step in any order of the merchant at the acquirer. */
export function findNewestTick(
  db: Store,
  acquirer: string,
  merchant: string,
  step: string,
): Promise<AcquirerTickRow | undefined> {
  return db
    .selectFrom("acquirerTicks")
    .innerJoin("acquirerOrders", "acquirerOrders.requestNo", "acquirerTicks.requestNo")
    .selectAll("acquirerTicks")
    .where("acquirerOrders.acquirer", "=", acquirer)
    .where("acquirerOrders.merchant", "=", merchant)
    .where("acquirerTicks.step", "=", step)
    .orderBy("acquirerTicks.at", "desc")
    .orderBy("acquirerOrders.createdAt", "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function addTick(tx: Tx, row: AcquirerTickRow): Promise<void> {
  await tx.insertInto("acquirerTicks").values(row).execute();
}
