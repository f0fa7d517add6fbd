import { expect, it } from "vitest";
import { toSealedAccountJson } from "../../../../certs/acquirer/seal.ts";
import { placeOrder } from "../../../../src/app/acquirers/orders.ts";
import { findOrder } from "../../../../src/store/acquirer-orders.ts";
import { transact } from "../../../../src/store/store.ts";
import { MERCHANT, openSettling } from "../../../support/acquirers.ts";

it("placing an order refuses what was sealed for one that was placed before, whatever became of it", async () => {
  const { fleet, order } = await openSettling("lakala");
  const { requestNo, wanted, before, sealed } = order();
  if (sealed === undefined) throw new Error("not sealed");
  const place = (change: string) =>
    transact(fleet.store, (tx) =>
      placeOrder(tx, fleet.at, {
        ...{ requestNo, change, purpose: "change", acquirer: "A1", merchant: MERCHANT, wanted, before },
        sealed: toSealedAccountJson(sealed),
      }),
    );
  await place("C-1");
  await expect(place("C-2")).rejects.toMatchObject({ code: "STATE_CONFLICT", fields: { order: requestNo } });
  await fleet.store.updateTable("acquirerOrders").set({ state: "failed", dueAt: null }).execute();
  await expect(place("C-2")).rejects.toMatchObject({ code: "SEAL_INVALID", fields: { part: "request" } });
  expect(await findOrder(fleet.store, requestNo)).toMatchObject({ change: "C-1", state: "failed" });
});
