import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertsOnly } from "../../../certs/x509/certs-only.ts";
import { loadCertificates, type TestCertificates, TUSN_A } from "../../support/certificates.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

let certificates: TestCertificates;

beforeAll(async () => {
  certificates = await loadCertificates();
});

describe.runIf(hasOpenssl)("certificates alone, as openssl reads them", () => {
  const print = (der: Uint8Array) =>
    spawnSync("openssl", ["pkcs7", "-inform", "DER", "-print_certs"], { input: der, encoding: "utf8" });

  it("are the very certificates, in order", async () => {
    const leaf = new X509Certificate((await certificates.terminal(TUSN_A)).certificate);
    const root = new X509Certificate(certificates.authority.certificate);
    const { status, stdout } = print(createCertsOnly([leaf.raw, root.raw]));
    expect(status).toBe(0);
    const found = stdout.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    expect(found.map((pem) => new X509Certificate(pem).fingerprint256)).toEqual([
      leaf.fingerprint256,
      root.fingerprint256,
    ]);
  });

  it("may be one", () => {
    const root = new X509Certificate(certificates.authority.certificate);
    expect(print(createCertsOnly([root.raw])).stdout).toContain("Tillsync test authority");
  });
});
