import { rmSync } from "node:fs";
import { afterAll } from "vitest";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { LocalKeysVerifier } from "../../../../src/app/verifiers/local-keys.ts";
import { ManualVerifier } from "../../../../src/app/verifiers/manual.ts";
import { recordEnquiry } from "../../../../src/app/verifiers/record.ts";
import { describeVerifier } from "../../../contract/verifier.ts";
import { TUSN_A } from "../../../support/certificates.ts";
import { makeFolder, openTestFleet, toFleetRow } from "../../../support/fleet-store.ts";
import { askRegistry, bundleRegistry, startRegistry } from "../../../support/registry.ts";
import { discard, makeScratch } from "../../../support/scratch.ts";
import { importCsv, makeKeyFile, SN_KEY } from "../../../support/sn-keys.ts";

const folder = makeScratch("registry");
afterAll(() => discard(folder));

describeVerifier("local SN keys", { judges: true, failsWith: "KEY_FILE_INVALID" }, async () => {
  const fleet = await openTestFleet();
  const keyFile = makeKeyFile();
  await importCsv(fleet, keyFile, [`${TUSN_A},${SN_KEY}`]);
  return { verifier: new LocalKeysVerifier(fleet, keyFile), breakIt: async () => rmSync(keyFile) };
});

describeVerifier("a registry over HTTPS", { judges: true, failsWith: "VERIFIER_FAILED" }, async () => {
  const { log } = await openTestFleet();
  const registry = await startRegistry(await bundleRegistry(folder));
  return { verifier: await askRegistry(registry.port, { log }), breakIt: () => registry.close() };
});

describeVerifier("the record of enquiries", { judges: false, failsWith: "STORE_FAILED" }, async () => {
  const fleet = await openTestFleet();
  await importFleet(fleet, [toFleetRow({ tusn: TUSN_A })]);
  const enquiry = { channel: "hotline", case: "95016-1", by: "wang", on: "2027-01-10", found: "genuine" };
  await recordEnquiry(fleet, makeFolder(), { tusn: TUSN_A, ...enquiry });
  return { verifier: new ManualVerifier(fleet), breakIt: () => fleet.store.schema.dropTable("verdicts").execute() };
});
