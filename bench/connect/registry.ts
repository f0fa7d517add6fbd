import { createPublicKey } from "node:crypto";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { addCertificate } from "../../src/store/certificates.ts";
import { putMerchants } from "../../src/store/fleet.ts";
import { inChunks, openStore, transact } from "../../src/store/store.ts";
import type { BenchFleetCertificates } from "./certificates.ts";

const MERCHANT = "822391058121070";
const DAY_S = 86_400;

/** Writes a database in which all these terminals are enrolled and active. */
export async function writeRegistry(file: string, fleet: BenchFleetCertificates, now: number): Promise<void> {
  const store = await openStore(file);
  const deviceKey = createPublicKey(fleet.deviceKey).export({ type: "spki", format: "der" });
  await transact(store, async (tx) => {
    await putMerchants(tx, [
      {
        ...{
          number: MERCHANT,
          name: "闽江春茶楼",
          shortName: "闽江春茶楼",
          licenceNo: "",
          taxNo: "",
          uscc: "",
          mcc: "5812",
        },
        ...{ kind: "card", bank: "", cnaps: "", holder: "", bin: "", last4: "", commitment: new Uint8Array(32) },
      },
    ]);
    const rows = fleet.terminals.map(({ tusn, certificate }, index) => ({
      ...{ tusn, maker: "000003", model: "N7", certificateNo: "P3100", place: "", merchantNumber: MERCHANT },
      ...{ terminalNo: String(index).padStart(8, "0"), acquirer: "48220000", deviceKey, issuedSequence: 0 },
      ...{ certificateFingerprint: toDigest(certificate), life: "active" as const, lifeBefore: "" as const },
      ...{ verdict: "verified-crypto" as const, provenAt: now, replaces: "", replacedBy: "" },
    }));
    await inChunks(rows, (chunk) => tx.insertInto("terminals").values(chunk).execute());
    for (const { tusn, certificate } of fleet.terminals) {
      const fingerprint = toDigest(certificate);
      await addCertificate(tx, {
        ...{ fingerprint, tusn, serial: toHex(fingerprint).slice(0, 32), deviceKey: toDigest(deviceKey) },
        ...{ bytes: certificate, notAfter: now + DAY_S, issuedAt: now, revokedAt: null, revokedWhy: "" },
      });
    }
  });
  await store.destroy();
}
