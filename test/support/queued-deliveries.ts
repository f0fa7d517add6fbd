import { toVerifiedDelivery } from "../../src/app/dispatch/verified-delivery.ts";
import { VerifiedReleases } from "../../src/app/dispatch/verified-release.ts";
import type { TestFleet } from "./fleet-store.ts";

/** The deliveries that wait in the outbox, in order of TUSN, as the dispatcher would send them. */
export async function readDeliveries(fleet: TestFleet): Promise<readonly Uint8Array[]> {
  const releases = new VerifiedReleases(fleet.store);
  const rows = await fleet.store
    .selectFrom("outbox")
    .innerJoin("deployments", (join) =>
      join.onRef("deployments.tusn", "=", "outbox.tusn").onRef("deployments.sequence", "=", "outbox.sequence"),
    )
    .selectAll("deployments")
    .orderBy("deployments.tusn")
    .execute();
  const deliveries: Uint8Array[] = [];
  for (const row of rows) {
    deliveries.push(toVerifiedDelivery(row, await releases.read(row.releaseId, fleet.approvers.policy)));
  }
  return deliveries;
}
