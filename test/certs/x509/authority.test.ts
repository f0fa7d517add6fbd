import { spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueServerCertificate, issueTerminalCertificate } from "../../../certs/x509/authority.ts";
import { createCertificate } from "../../../certs/x509/certificate.ts";
import { toDeviceKey, toTusn } from "../../../certs/x509/identity.ts";
import { generateRsaKey, parseRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../../certs/x509/rsa-key.ts";
import { toHex } from "../../../proto/bytes.ts";
import { loadCertificates, longAgo, type TestCertificates, TUSN_A } from "../../support/certificates.ts";
import { discard, makeScratch } from "../../support/scratch.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const code = (name: string) => expect.objectContaining({ code: name });

let certificates: TestCertificates;
let root: X509Certificate;
let folder: string;

beforeAll(async () => {
  certificates = await loadCertificates();
  root = new X509Certificate(certificates.authority.certificate);
  folder = makeScratch("x509");
});

afterAll(() => discard(folder));

describe("an authority", () => {
  it("is self-signed, with a key of 3,072 bits that may sign certificates and nothing below another authority", () => {
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.checkIssued(root)).toBe(true);
    expect(root.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(root.checkPrivateKey(createPrivateKey(certificates.authority.key))).toBe(true);
  });
});

describe("a terminal certificate", () => {
  it("chains to its authority and names its terminal and device key", async () => {
    const { certificate } = await certificates.terminal(TUSN_A);
    const leaf = new X509Certificate(certificate);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(leaf.subjectAltName).toBe(`URI:urn:tusn:${TUSN_A}`);
    expect(toTusn(leaf)).toBe(TUSN_A);
    expect(toHex(toDeviceKey(leaf.publicKey))).toBe(toHex(toDeviceKey(createPublicKey(certificates.deviceKey))));
  });

  it("does not verify under another authority", async () => {
    const { certificate } = await certificates.terminal(TUSN_A, { authority: certificates.foreignAuthority });
    expect(new X509Certificate(certificate).verify(root.publicKey)).toBe(false);
  });

  it("is valid from an hour before it is made until its days are over", async () => {
    const now = new Date("2026-03-01T12:00:00Z");
    const { certificate } = await certificates.terminal(TUSN_A, { now });
    const leaf = new X509Certificate(certificate);
    expect(new Date(leaf.validFrom).toISOString()).toBe("2026-03-01T11:00:00.000Z");
    expect(new Date(leaf.validTo).toISOString()).toBe("2026-03-31T12:00:00.000Z");
  });

  it("has a positive serial of 16 bytes, another one each time", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => certificates.terminal(TUSN_A, {})));
    const serials = made.map(({ certificate }) => new X509Certificate(certificate).serialNumber);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new Set(serials).size).toBe(20);
  });

  it("is refused for a key that is not RSA of 2,048 bits or more", async () => {
    const request = { tusn: TUSN_A, days: 30, now: new Date() };
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    const oddExponent = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).publicKey;
    const edwards = generateKeyPairSync("ed25519").publicKey;
    for (const publicKey of [weak, oddExponent, edwards]) {
      const issued = issueTerminalCertificate(certificates.authority, { ...request, publicKey });
      await expect(issued).rejects.toThrow(code("KEY_INVALID"));
    }
  });
});

describe("a server certificate", () => {
  it("chains to its authority and is good for its names and addresses only", () => {
    const leaf = new X509Certificate(certificates.server.certificate);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(leaf.checkHost("localhost")).toBe("localhost");
    expect(leaf.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(leaf.checkHost("example.org")).toBeUndefined();
    expect(leaf.checkIP("127.0.0.2")).toBeUndefined();
  });
});

describe("the identity of a terminal", () => {
  const names: readonly (readonly [string, readonly object[]])[] = [
    ["no name at all", []],
    ["a DNS name", [{ type: 2, value: `urn:tusn:${TUSN_A}` }]],
    [
      "two TUSNs",
      [
        { type: 6, value: `urn:tusn:${TUSN_A}` },
        { type: 6, value: "urn:tusn:00000304N7NL00072365" },
      ],
    ],
    [
      "a TUSN and a DNS name",
      [
        { type: 6, value: `urn:tusn:${TUSN_A}` },
        { type: 2, value: "localhost" },
      ],
    ],
    ["another URN", [{ type: 6, value: `urn:uuid:${TUSN_A}` }]],
    ["what is no TUSN", [{ type: 6, value: "urn:tusn:9999999998" }]],
    ["a topic wildcard", [{ type: 6, value: "urn:tusn:+" }]],
    ["a TUSN with a second name injected", [{ type: 6, value: `urn:tusn:${TUSN_A}, URI:urn:tusn:${TUSN_A}` }]],
    ["a TUSN with a NUL", [{ type: 6, value: `urn:tusn:${TUSN_A}\0` }]],
    ["a TUSN with a line break", [{ type: 6, value: `urn:tusn:${TUSN_A}\n` }]],
  ];

  it.each(names)("is not read from a certificate with %s", async (_, altNames) => {
    const certificate = await createCertificate({
      subject: TUSN_A,
      publicKey: toRsaPublicKey(certificates.deviceKey),
      issuer: certificates.authority.certificate,
      signingKey: parseRsaKey(certificates.authority.key),
      days: 1,
      now: new Date(),
      extensions: altNames.length === 0 ? [] : [{ name: "subjectAltName", altNames }],
    });
    expect(() => toTusn(new X509Certificate(certificate))).toThrow(code("CERTIFICATE_INVALID"));
  });
});

describe("an RSA key", () => {
  it("comes back from PEM as it went", async () => {
    const key = await generateRsaKey();
    expect(parseRsaKey(toRsaKeyPem(key)).equals(key)).toBe(true);
  });

  it("is refused as PEM where it is malformed, of another kind or too weak", () => {
    const edwards = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    for (const pem of ["", "-----BEGIN PRIVATE KEY-----", edwards, toRsaKeyPem(weak)]) {
      expect(() => parseRsaKey(pem)).toThrow(code("KEY_INVALID"));
    }
  });
});

describe("openssl", () => {
  it.runIf(process.env["TILLSYNC_REQUIRE_ALL"] === "1")("is on the machine where everything must be checked", () => {
    expect(hasOpenssl).toBe(true);
  });

  describe.runIf(hasOpenssl)("agrees", () => {
    function openssl(...args: readonly string[]) {
      return spawnSync("openssl", args, { encoding: "utf8" });
    }

    function save(name: string, pem: string): string {
      const path = join(folder, name);
      writeFileSync(path, pem);
      return path;
    }

    function verify(purpose: "sslclient" | "sslserver", pem: string) {
      const authority = save("authority.pem", certificates.authority.certificate);
      const leaf = save("leaf.pem", pem);
      return openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", authority, leaf);
    }

    it("that both kinds of certificate are strictly valid for their purpose", async () => {
      const terminal = await certificates.terminal(TUSN_A);
      expect(verify("sslclient", terminal.certificate)).toMatchObject({ status: 0 });
      expect(verify("sslserver", certificates.server.certificate)).toMatchObject({ status: 0 });
    });

    it("that neither is valid for the other's purpose", async () => {
      const terminal = await certificates.terminal(TUSN_A);
      expect(verify("sslserver", terminal.certificate).stderr).toContain("unsuitable certificate purpose");
      expect(verify("sslclient", certificates.server.certificate).stderr).toContain("unsuitable certificate purpose");
    });

    it("that an expired and a foreign certificate are not valid", async () => {
      const expired = await certificates.terminal(TUSN_A, { now: longAgo() });
      const foreign = await certificates.terminal(TUSN_A, { authority: certificates.foreignAuthority });
      expect(verify("sslclient", expired.certificate).stderr).toContain("certificate has expired");
      expect(verify("sslclient", foreign.certificate).status).not.toBe(0);
    });

    it("what a certificate says", async () => {
      const { certificate } = await certificates.terminal(TUSN_A);
      const text = openssl("x509", "-noout", "-text", "-in", save("leaf.pem", certificate)).stdout;
      expect(text).toContain("Version: 3 (0x2)");
      expect(text).toContain("Signature Algorithm: sha256WithRSAEncryption");
      expect(text).toMatch(/X509v3 Basic Constraints: critical\s+CA:FALSE/);
      expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature/);
      expect(text).toMatch(/X509v3 Extended Key Usage:\s+TLS Web Client Authentication/);
      expect(text).toMatch(new RegExp(`X509v3 Subject Alternative Name:\\s+URI:urn:tusn:${TUSN_A}`));
      const authority = openssl("x509", "-noout", "-text", "-in", save("ca.pem", certificates.authority.certificate));
      expect(authority.stdout).toMatch(/X509v3 Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
      expect(authority.stdout).toMatch(/X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign/);
    });

    it("that a server certificate names its server", async () => {
      const other = await issueServerCertificate(certificates.authority, {
        publicKey: toRsaPublicKey(certificates.deviceKey),
        name: "fleet",
        dnsNames: ["fleet.example"],
        ipAddresses: ["192.0.2.7", "2001:db8::7"],
        days: 1,
        now: new Date(),
      });
      const text = openssl("x509", "-noout", "-text", "-in", save("other.pem", other)).stdout;
      expect(text).toContain("DNS:fleet.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7");
    });
  });
});
