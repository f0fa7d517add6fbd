import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createRevocationList, type RevocationListRequest } from "../../../certs/x509/revocation-list.ts";
import { loadCertificates, type TestCertificates, TUSN_A, TUSN_B } from "../../support/certificates.ts";
import { makeFolder } from "../../support/fleet-store.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const NOW = Math.floor(Date.now() / 1_000);
const DAY_S = 86_400;

let certificates: TestCertificates;

beforeAll(async () => {
  certificates = await loadCertificates();
});

function create(change: Partial<RevocationListRequest> = {}): Promise<string> {
  const request = { revoked: [], number: 1, now: NOW, nextUpdate: NOW + DAY_S, ...change };
  return createRevocationList(certificates.authority, request);
}

const toSerial = (pem: string) => new X509Certificate(pem).serialNumber.toLowerCase();

describe("a revocation list", () => {
  it.each([
    ["a serial that is no hexadecimal", { revoked: [{ serial: "xyz", at: NOW }] }],
    ["a serial that is too long", { revoked: [{ serial: "40".repeat(21), at: NOW }] }],
    ["an empty serial", { revoked: [{ serial: "", at: NOW }] }],
    ["a negative number", { number: -1 }],
    ["an end before its beginning", { nextUpdate: NOW }],
  ] as const)("is not made with %s", async (_, change) => {
    await expect(create(change)).rejects.toMatchObject({ code: "FIELD_INVALID" });
  });

  it("holds as many as a fleet may ever revoke", async () => {
    const revoked = Array.from({ length: 20_000 }, (_, n) => ({ serial: `4${String(n).padStart(31, "0")}`, at: NOW }));
    const pem = await create({ revoked });
    expect(pem).toMatch(/^-----BEGIN X509 CRL-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END X509 CRL-----\n$/);
    expect(pem.length).toBeGreaterThan(20_000 * 30);
  });
});

describe.runIf(hasOpenssl)("openssl", () => {
  function save(name: string, text: string): string {
    const file = join(makeFolder(), name);
    writeFileSync(file, text);
    return file;
  }

  function check(crl: string, authority = certificates.authority.certificate) {
    const args = ["crl", "-in", save("crl.pem", crl), "-noout", "-verify", "-text"];
    return spawnSync("openssl", [...args, "-CAfile", save("ca.pem", authority)], { encoding: "utf8" });
  }

  function verify(leaf: string, crl: string) {
    const files = ["-CAfile", save("ca.pem", certificates.authority.certificate), "-CRLfile", save("crl.pem", crl)];
    const args = ["verify", "-x509_strict", "-crl_check", ...files, save("leaf.pem", leaf)];
    return spawnSync("openssl", args, { encoding: "utf8" });
  }

  it("agrees that the authority signed it, and what it says", async () => {
    const revoked = [{ serial: "00ff", at: Date.UTC(2026, 0, 2) / 1_000 }];
    const { stdout, stderr } = check(await create({ revoked, number: 300 }));
    expect(stderr).toContain("verify OK");
    expect(stdout).toContain("Version 2 (0x1)");
    expect(stdout).toContain("sha256WithRSAEncryption");
    expect(stdout).toMatch(/X509v3 CRL Number: \s+300/);
    expect(stdout).toMatch(/X509v3 Authority Key Identifier: \s+[0-9A-F]{2}:/);
    expect(stdout).toMatch(/Serial Number: FF\s+Revocation Date: Jan {2}2 00:00:00 2026 GMT/);
  });

  it("agrees that another authority did not", async () => {
    expect(check(await create(), certificates.foreignAuthority.certificate).stderr).not.toContain("verify OK");
  });

  it("agrees which certificates it revokes", async () => {
    const [a, b] = await Promise.all([certificates.terminal(TUSN_A), certificates.terminal(TUSN_B)]);
    const crl = await create({ revoked: [{ serial: toSerial(a.certificate), at: NOW }] });
    expect(verify(a.certificate, crl).stderr).toContain("certificate revoked");
    expect(verify(b.certificate, crl)).toMatchObject({ status: 0 });
  });

  it("agrees that an empty list revokes nothing, and that times beyond 2049 are right", async () => {
    const { certificate } = await certificates.terminal(TUSN_A);
    const crl = await create({ nextUpdate: Date.UTC(2060, 5, 1) / 1_000 });
    expect(verify(certificate, crl)).toMatchObject({ status: 0 });
    expect(check(crl).stdout).toContain("Next Update: Jun  1 00:00:00 2060 GMT");
  });
});
