import { spawnSync } from "node:child_process";
import type { KeyObject } from "node:crypto";
import forge from "node-forge";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificationRequest } from "../../../agent/enrol/certification-request.ts";
import { toPem } from "../../../certs/x509/der.ts";
import { generateRsaKey, toRsaPublicKey } from "../../../certs/x509/rsa-key.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { TUSN_A } from "../../support/certificates.ts";

let key: KeyObject;
beforeAll(async () => {
  key = await generateRsaKey();
});

function openssl(pem: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync("openssl", ["req", ...args], { input: pem, encoding: "utf8" });
  return stdout + stderr;
}

describe("a certification request", () => {
  it("is what OpenSSL takes for one, signed with its own key, with the TUSN in both places", () => {
    const text = openssl(createCertificationRequest(key, TUSN_A), "-verify", "-text", "-nameopt", "RFC2253");
    expect(text).toMatch(/verify OK/);
    expect(text).toMatch(/Version: 1 \(0x0\)/);
    expect(text).toContain(`Subject: CN=${TUSN_A}`);
    expect(text).toContain(`URI:urn:tusn:${TUSN_A}`);
    expect(text).toContain("Signature Algorithm: sha256WithRSAEncryption");
    expect(text).toContain("Public-Key: (2048 bit)");
  });

  it("that is altered is refused by OpenSSL", () => {
    const pem = createCertificationRequest(key, TUSN_A);
    const der = Buffer.from(pem.replace(/-----.+-----/g, ""), "base64");
    der.write("9", der.indexOf(TUSN_A) + TUSN_A.length - 1);
    expect(openssl(toPem("CERTIFICATE REQUEST", der), "-verify", "-noout")).toMatch(/verify failure/);
  });

  it("is what node-forge takes for one too", () => {
    const request = forge.pki.certificationRequestFromPem(createCertificationRequest(key, TUSN_A));
    expect(request.verify()).toBe(true);
    expect(request.version).toBe(0);
    expect(request.subject.attributes).toMatchObject([{ name: "commonName", value: TUSN_A }]);
    const { extensions } = request.getAttribute({ name: "extensionRequest" }) as unknown as { extensions: object[] };
    expect(extensions).toMatchObject([
      { name: "subjectAltName", altNames: [{ type: 6, value: `urn:tusn:${TUSN_A}` }] },
    ]);
    const spki = toRsaPublicKey(key).export({ type: "spki", format: "pem" }).toString();
    const named = forge.pki.publicKeyToPem(request.publicKey as forge.pki.PublicKey);
    expect(named.replace(/\s/g, "")).toBe(spki.replace(/\s/g, ""));
  });

  it("has the same bytes for the same key, however often it is made", () => {
    expect(createCertificationRequest(key, TUSN_A)).toBe(createCertificationRequest(key, TUSN_A));
  });

  it("holds for a TUSN of any length, and for larger keys", async () => {
    for (let serial = 1; serial <= 42; serial += 1) {
      const tusn = parseTusn(`00000304${"A".repeat(serial)}`);
      const request = forge.pki.certificationRequestFromPem(createCertificationRequest(key, tusn), true);
      expect(request.verify(), tusn).toBe(true);
      expect(request.subject.getField("CN").value).toBe(tusn);
    }
    const large = createCertificationRequest(await generateRsaKey(4_096), TUSN_A);
    expect(openssl(large, "-verify", "-noout", "-text")).toMatch(/verify OK/);
  });
});
