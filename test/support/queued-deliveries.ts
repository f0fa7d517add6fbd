import { toDeliveryBytes } from "../../proto/delivery.ts";
import { readEvidence } from "../../src/app/dispatch/evidence.ts";
import { toVerifiedDelivery } from "../../src/app/dispatch/verified-delivery.ts";
import { VerifiedReleases } from "../../src/app/dispatch/verified-release.ts";
import { toHashes } from "../../src/store/ledger.ts";
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
  const toEvidence = await readEvidence(fleet.store, rows);
  const deliveries: Uint8Array[] = [];
  for (const row of rows) {
    const verified = await releases.read(row.releaseId, fleet.approvers.policy);
    deliveries.push(toVerifiedDelivery(row, verified, toEvidence(row), fleet.at));
  }
  return deliveries;
}

/** A way back that nobody ordered, as whoever holds the service's database could send it. */
export async function readReserved(fleet: TestFleet): Promise<Uint8Array> {
  const row = await fleet.store
    .selectFrom("deployments")
    .selectAll()
    .where("state", "=", "reserved")
    .executeTakeFirstOrThrow();
  const { statementBytes, signatures } = await new VerifiedReleases(fleet.store).read(
    row.releaseId,
    fleet.approvers.policy,
  );
  const { leafIndex: index, path, directive, nonce } = row;
  const none = new Uint8Array(0);
  return toDeliveryBytes({
    ...{ statement: statementBytes, signatures, index, directive, nonce, sealed: none },
    path: toHashes(path),
  });
}
