import { createPublicKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { issueTerminalCertificate } from "../../../../certs/x509/authority.ts";
import { generateRsaKey, toRsaPublicKey } from "../../../../certs/x509/rsa-key.ts";
import { enrolTerminal } from "../../../../src/app/enrolment/record-device.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { loadCertificates, TUSN_A, TUSN_B } from "../../../support/certificates.ts";
import { openTestFleet, readLedgerKinds, type TestFleet, toFleetRow } from "../../../support/fleet-store.ts";

async function openImported(): Promise<TestFleet> {
  const fleet = await openTestFleet();
  await importFleet(fleet, [toFleetRow({ tusn: TUSN_A })]);
  return fleet;
}

async function issue(tusn = TUSN_A, deviceKey?: Parameters<typeof toRsaPublicKey>[0]): Promise<string> {
  const { authority, deviceKey: shared } = await loadCertificates();
  const publicKey = toRsaPublicKey(deviceKey ?? shared);
  return issueTerminalCertificate(authority, { tusn, publicKey, days: 30, now: new Date() });
}

function readTerminal(fleet: TestFleet) {
  return fleet.store.selectFrom("terminals").selectAll().where("tusn", "=", TUSN_A).executeTakeFirstOrThrow();
}

describe("enrolTerminal", () => {
  it("records the device key and the certificate, with a ledger entry", async () => {
    const fleet = await openImported();
    await enrolTerminal(fleet, TUSN_A, await issue());
    const { deviceKey, certificateFingerprint } = await readTerminal(fleet);
    const { deviceKey: expected } = await loadCertificates();
    const key = createPublicKey({ key: Buffer.from(deviceKey ?? []), format: "der", type: "spki" });
    expect(key.equals(toRsaPublicKey(expected))).toBe(true);
    expect(certificateFingerprint).toHaveLength(32);
    expect(await readLedgerKinds(fleet)).toEqual(["fleet.imported", "terminal.enrolled"]);
  });

  it("takes a renewed certificate for the same key", async () => {
    const fleet = await openImported();
    await enrolTerminal(fleet, TUSN_A, await issue());
    const before = await readTerminal(fleet);
    await enrolTerminal(fleet, TUSN_A, await issue());
    const after = await readTerminal(fleet);
    expect(after.deviceKey).toEqual(before.deviceKey);
    expect(after.certificateFingerprint).not.toEqual(before.certificateFingerprint);
  });

  it("refuses another key for an enrolled terminal", async () => {
    const fleet = await openImported();
    await enrolTerminal(fleet, TUSN_A, await issue());
    const before = await readTerminal(fleet);
    const other = await issue(TUSN_A, await generateRsaKey());
    await expect(enrolTerminal(fleet, TUSN_A, other)).rejects.toThrow(
      expect.objectContaining({ code: "STATE_CONFLICT" }),
    );
    expect(await readTerminal(fleet)).toEqual(before);
  });

  it("refuses another terminal's certificate, text that is none, and a terminal not on record", async () => {
    const fleet = await openImported();
    const foreign = await issue(TUSN_B);
    await expect(enrolTerminal(fleet, TUSN_A, foreign)).rejects.toThrow(
      expect.objectContaining({ code: "CERTIFICATE_INVALID" }),
    );
    await expect(enrolTerminal(fleet, TUSN_A, "none")).rejects.toThrow(
      expect.objectContaining({ code: "CERTIFICATE_INVALID" }),
    );
    await expect(enrolTerminal(fleet, TUSN_B, foreign)).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect((await readTerminal(fleet)).deviceKey).toBeNull();
  });
});
