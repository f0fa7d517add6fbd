import { expect, it } from "vitest";
import { CANARIES, SERVICE_NAME, toAclEntry, toAclHead } from "../../../../broker/acl.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { listAcl } from "../../../../src/app/queries/access.ts";
import { revokeCertificates } from "../../../../src/store/certificates.ts";
import { setIdentity } from "../../../../src/store/fleet.ts";
import { transact } from "../../../../src/store/store.ts";
import {
  enrolFleet,
  openTestFleet,
  type TestFleet,
  toFleetRow,
  toTerminalFields,
} from "../../../support/fleet-store.ts";

async function readParts(fleet: TestFleet, service?: string): Promise<readonly string[]> {
  const parts: string[] = [];
  for await (const part of listAcl(fleet.store, service)) parts.push(part);
  return parts;
}

function quarantine(fleet: TestFleet, tusn: Tusn, releasedAt: number | null) {
  const row = {
    tusn,
    at: fleet.at,
    why: "taken_over" as const,
    sides: "{}",
    counter: null,
    releasedAt,
    releasedBy: "",
    reason: "",
  };
  return fleet.store.insertInto("quarantines").values(row).execute();
}

it("the list of a fleet has each terminal with what it may do now", async () => {
  const fleet = await openTestFleet();
  const tusns = (await enrolFleet(fleet, 8)).map(({ tusn }) => tusn) as Tusn[] & { readonly length: 8 };
  const [active, suspended, quarantined, released, retired, replaced, revoked, last] = tusns as [
    ...[Tusn, Tusn, Tusn, Tusn],
    ...[Tusn, Tusn, Tusn, Tusn],
  ];
  await transact(fleet.store, async (tx) => {
    await setIdentity(tx, active, { life: "active" });
    await setIdentity(tx, suspended, { life: "suspended", lifeBefore: "active" });
    await setIdentity(tx, retired, { life: "retired" });
    await setIdentity(tx, replaced, { life: "replaced" });
    await revokeCertificates(tx, revoked, fleet.at, "lost");
  });
  await quarantine(fleet, quarantined, null);
  await quarantine(fleet, released, fleet.at);
  await importFleet(fleet, [toFleetRow(toTerminalFields(8))]);
  const expected = [
    toAclEntry(active, "full"),
    toAclEntry(suspended, "greeting"),
    toAclEntry(quarantined, "greeting"),
    toAclEntry(released, "full"),
    toAclEntry(last, "full"),
  ];
  expect((await readParts(fleet)).join("")).toBe(toAclHead() + expected.join(""));
});

it("the list of an empty fleet has the service and the canaries, and allows nobody else anything", async () => {
  const text = (await readParts(await openTestFleet(), "fleet-1")).join("");
  expect(text.match(/^user .*$/gm)).toEqual(["fleet-1", ...CANARIES].map((name) => `user ${name}`));
  expect(text).not.toContain(SERVICE_NAME);
});

it("the list of a large fleet comes in parts, each terminal once", async () => {
  const fleet = await openTestFleet();
  const rows = Array.from({ length: 2_500 }, (_, n) => toFleetRow(toTerminalFields(n)));
  await importFleet(fleet, rows);
  await fleet.store
    .updateTable("terminals")
    .set({ certificateFingerprint: new Uint8Array(32), deviceKey: new Uint8Array(294) })
    .execute();
  const parts = await readParts(fleet);
  expect(parts).toHaveLength(1 + Math.ceil(rows.length / 1_000));
  const users = parts
    .slice(1)
    .join("")
    .match(/^user .*$/gm);
  expect(users).toEqual(rows.map(({ terminal }) => `user ${terminal.tusn}`));
});
