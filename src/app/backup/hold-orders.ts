import { listOpenOrders } from "../../store/acquirer-orders.ts";
import type { Tx } from "../../store/store.ts";
import { takeStep } from "../acquirers/take-step.ts";
import { noteOrder } from "../changes/runner.ts";

/** Orders looked at in one statement. */
const AT_ONCE = 500;

/**
 * Holds every order to an acquirer that has not ended: after the backup it may have been carried out, and superseded by what
 * nobody knows any more. Those of changes that were submitted by then are held as they are placed, by `OrderRunner`.
 *
 * @returns how many are held
 */
export async function holdOrders(tx: Tx, at: number): Promise<number> {
  let held = 0;
  for (let after = ""; ; ) {
    const orders = await listOpenOrders(tx, after, AT_ONCE);
    const last = orders.at(-1);
    if (last === undefined) return held;
    after = last.requestNo;
    for (const order of orders) {
      const { row, alarm } = await takeStep(tx, order, { type: "held" }, at);
      await noteOrder(tx, at, row, alarm);
    }
    held += orders.length;
  }
}
