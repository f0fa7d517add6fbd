import { ORDER_ENDS } from "../domain/acquirers/order.ts";
import type { AcquirerOrderRow } from "./acquirers-schema.ts";
import type { Store, Tx } from "./store.ts";

// Orders to acquirers. A merchant has one at an acquirer that has not ended, at most: `placeOrder` sees to it.

export async function addOrder(tx: Tx, row: AcquirerOrderRow): Promise<void> {
  await tx.insertInto("acquirerOrders").values(row).execute();
}

export function findOrder(db: Store, requestNo: string): Promise<AcquirerOrderRow | undefined> {
  return db.selectFrom("acquirerOrders").selectAll().where("requestNo", "=", requestNo).executeTakeFirst();
}

/** All of one change, oldest first. */
export function listOrdersOf(db: Store, change: string): Promise<readonly AcquirerOrderRow[]> {
  return db
    .selectFrom("acquirerOrders")
    .selectAll()
    .where("change", "=", change)
    .orderBy("createdAt")
    .orderBy("requestNo")
    .execute();
}

/** All of one merchant at one acquirer, newest first. */
export function listOrdersAt(db: Store, acquirer: string, merchant: string): Promise<readonly AcquirerOrderRow[]> {
  return db
    .selectFrom("acquirerOrders")
    .selectAll()
    .where("acquirer", "=", acquirer)
    .where("merchant", "=", merchant)
    .orderBy("createdAt", "desc")
    .orderBy("requestNo", "desc")
    .execute();
}

/** Newest first. */
export function listOrders(db: Store, limit: number): Promise<readonly AcquirerOrderRow[]> {
  return db
    .selectFrom("acquirerOrders")
    .selectAll()
    .orderBy("createdAt", "desc")
    .orderBy("requestNo", "desc")
    .limit(limit)
    .execute();
}

/** Those that something is to be done about by now, the longest due first. */
export function findDueOrders(db: Store, now: number, limit: number): Promise<readonly AcquirerOrderRow[]> {
  return db
    .selectFrom("acquirerOrders")
    .selectAll()
    .where("dueAt", "<=", now)
    .orderBy("dueAt")
    .orderBy("requestNo")
    .limit(limit)
    .execute();
}

/** Those that have not ended, behind `after`, in order of their numbers. */
export function listOpenOrders(db: Store, after: string, limit: number): Promise<readonly AcquirerOrderRow[]> {
  return db
    .selectFrom("acquirerOrders")
    .selectAll()
    .where("state", "not in", [...ORDER_ENDS])
    .where("requestNo", ">", after)
    .orderBy("requestNo")
    .limit(limit)
    .execute();
}

/** What may change of an order. */
export type OrderProgressRow = Pick<
  AcquirerOrderRow,
  | "state"
  | "reference"
  | "code"
  | "words"
  | "requests"
  | "follows"
  | "dueAt"
  | "overdueAt"
  | "onRecord"
  | "sealed"
  | "updatedAt"
>;

export async function putOrder(tx: Tx, requestNo: string, row: OrderProgressRow): Promise<void> {
  const { state, reference, code, words, requests, follows, dueAt, overdueAt, onRecord, sealed, updatedAt } = row;
  const told = { state, reference, code, words, requests, follows, dueAt, overdueAt, onRecord, sealed, updatedAt };
  await tx.updateTable("acquirerOrders").set(told).where("requestNo", "=", requestNo).execute();
}
