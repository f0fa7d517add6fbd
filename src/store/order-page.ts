import type { OrderState } from "../domain/acquirers/order.ts";
import type { AcquirerOrderRow } from "./acquirers-schema.ts";
import type { Store } from "./store.ts";

export interface OrderPage {
  readonly change?: string;
  readonly state?: OrderState;
  /** Of these merchants only. */
  readonly merchants?: readonly string[];
  /** The last one of the page before. */
  readonly after?: Pick<AcquirerOrderRow, "createdAt" | "requestNo">;
  readonly limit: number;
}

/** Orders to acquirers, the newest first. */
export async function listOrderPage(db: Store, page: OrderPage): Promise<readonly AcquirerOrderRow[]> {
  const { change, state, merchants, after, limit } = page;
  if (merchants?.length === 0) return [];
  let query = db.selectFrom("acquirerOrders").selectAll();
  if (change !== undefined) query = query.where("change", "=", change);
  if (state !== undefined) query = query.where("state", "=", state);
  if (merchants !== undefined) query = query.where("merchant", "in", [...merchants]);
  if (after !== undefined) {
    const { createdAt, requestNo } = after;
    query = query.where((row) =>
      row.or([
        row("createdAt", "<", createdAt),
        row.and([row("createdAt", "=", createdAt), row("requestNo", "<", requestNo)]),
      ]),
    );
  }
  return query.orderBy("createdAt", "desc").orderBy("requestNo", "desc").limit(limit).execute();
}
