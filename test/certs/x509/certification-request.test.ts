import { spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  MAX_REQUEST_BYTES,
  parseBase64,
  parseCertificationRequest,
  parseRequestPem,
} from "../../../certs/x509/certification-request.ts";
import { toDeviceKey } from "../../../certs/x509/identity.ts";
import { generateRsaKey, toRsaKeyPem } from "../../../certs/x509/rsa-key.ts";
import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { TUSN_A } from "../../support/certificates.ts";
import { createRequest, createRequestPem } from "../../support/certification-request.ts";
import { makeFolder } from "../../support/fleet-store.ts";
import { refusalOf } from "../../support/refusal.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const URI = `urn:tusn:${TUSN_A}`;

let key: KeyObject;
let other: KeyObject;

beforeAll(async () => {
  [key, other] = await Promise.all([generateRsaKey(), generateRsaKey()]);
});

const refused = (der: Uint8Array) => refusalOf(() => parseCertificationRequest(der));

describe("a certification request", () => {
  it("tells its key and the names that it asks for", () => {
    const { publicKey, commonName, uris } = parseCertificationRequest(
      createRequest(key, { commonName: TUSN_A, uris: [URI] }),
    );
    expect(toHex(toDeviceKey(publicKey))).toBe(toHex(toDeviceKey(createPublicKey(key))));
    expect([commonName, uris]).toEqual([TUSN_A, [URI]]);
  });

  it("may name nobody", () => {
    expect(parseCertificationRequest(createRequest(key))).toMatchObject({ commonName: "", uris: [] });
  });

  it("may be signed with SHA-384 and SHA-512", () => {
    for (const [suffix, hash] of [
      [12, "sha384"],
      [13, "sha512"],
    ] as const) {
      const der = createRequest(key, { hash, algorithm: `1.2.840.113549.1.1.${suffix}` });
      expect(parseCertificationRequest(der).commonName).toBe("");
    }
  });

  it("is refused where another key than its own signed it", () => {
    const der = createRequest(other, { publicKey: createPublicKey(key) });
    expect(refused(der)).toEqual({ code: "REQUEST_MALFORMED", what: "signature" });
  });

  it("is refused with SHA-1, MD5, and an algorithm that is not the one that signed", () => {
    for (const [suffix, hash] of [
      [5, "sha1"],
      [4, "md5"],
      [12, "sha256"],
      [14, "sha224"],
    ] as const) {
      const der = createRequest(key, { hash, algorithm: `1.2.840.113549.1.1.${suffix}` });
      expect(refused(der), hash).toMatchObject({ code: "REQUEST_MALFORMED" });
    }
  });

  it("is refused for a key that is too weak, too large, or of another kind", () => {
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    const odd = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).privateKey;
    const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey;
    const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const bad of [weak, odd, pss, curve]) {
      expect(refused(createRequest(bad)), bad.asymmetricKeyType).toEqual({ code: "REQUEST_MALFORMED", what: "key" });
    }
  });

  it("is refused with names of other kinds, with characters that no TUSN has, and with two names", () => {
    expect(refused(createRequest(key, { dnsNames: ["localhost"] }))).toMatchObject({ what: "subjectAltName" });
    expect(refused(createRequest(key, { commonName: "终端" }))).toMatchObject({ what: "name" });
    expect(refused(createRequest(key, { commonName: "a\0b" }))).toMatchObject({ what: "name" });
    expect(refused(createRequest(key, { uris: [`${URI}\n`] }))).toMatchObject({ what: "name" });
  });

  it("is refused in another version, and with bytes behind it", () => {
    expect(refused(createRequest(key, { version: 1 }))).toMatchObject({ what: "version" });
    expect(refused(Buffer.concat([createRequest(key), Buffer.alloc(1)]))).toMatchObject({ code: "REQUEST_MALFORMED" });
  });

  it("is refused above its bound before anything is read", () => {
    expect(refused(Buffer.alloc(MAX_REQUEST_BYTES + 1, 0x30))).toEqual({ code: "REQUEST_MALFORMED", what: "length" });
  });

  it("is refused where a length is written in more bytes than it needs", () => {
    const der = Buffer.from(createRequest(key));
    const long = Buffer.concat([Buffer.from([0x30, 0x83, 0x00]), der.subarray(2)]);
    expect(refused(long)).toMatchObject({ code: "REQUEST_MALFORMED" });
  });

  it("with any one bit changed is refused", () => {
    const der = createRequest(key, { commonName: TUSN_A, uris: [URI] });
    for (let bit = 0; bit < der.length * 8; bit += 1) {
      const changed = Buffer.from(der);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refused(changed), `bit ${bit}`).toMatchObject({ code: "REQUEST_MALFORMED" });
    }
  });

  it("of any other bytes is refused, and nothing else happens", () => {
    const der = Buffer.from(createRequest(key, { commonName: TUSN_A }));
    const spliced = fc
      .tuple(fc.nat(der.length), fc.nat(der.length), fc.uint8Array({ maxLength: 40 }))
      .map(([from, to, bytes]) => Buffer.concat([der.subarray(0, from), bytes, der.subarray(to)]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), spliced), (bytes) => {
        if (Buffer.compare(bytes, der) === 0) return;
        expect(refused(bytes)).toMatchObject({ code: "REQUEST_MALFORMED" });
      }),
      { numRuns: 2_000 },
    );
  });

  it("nested as deeply as its bound allows is refused", () => {
    for (const open of [
      [0x30, 0x80],
      [0xa0, 0x80],
      [0x30, 0x82, 0x1f, 0xf0],
    ]) {
      const deep = Buffer.alloc(MAX_REQUEST_BYTES - 8, Buffer.from(open));
      expect(refused(deep)).toMatchObject({ code: "REQUEST_MALFORMED" });
    }
  });
});

describe("a request's text", () => {
  it("is PEM under either label, and nothing beside it", () => {
    const pem = createRequestPem(key, { commonName: TUSN_A });
    const der = parseRequestPem(pem);
    expect(parseCertificationRequest(der).commonName).toBe(TUSN_A);
    expect(parseRequestPem(pem.replaceAll("CERTIFICATE REQ", "NEW CERTIFICATE REQ"))).toEqual(der);
    for (const bad of ["", pem.slice(1), `x${pem}`, pem.replaceAll("REQUEST", "X"), pem + pem, pem.repeat(20)]) {
      expect(() => parseRequestPem(bad)).toThrow(TillsyncError);
    }
  });

  it("is base64 in lines of any length", () => {
    expect(Buffer.from(parseBase64("AAEC\r\nAw==\n"))).toEqual(Buffer.from([0, 1, 2, 3]));
    for (const bad of ["", "AAE", "AAEC*", "AB=="]) expect(() => parseBase64(bad), bad).toThrow(TillsyncError);
  });
});

describe.runIf(hasOpenssl)("openssl", () => {
  it("makes requests that are read", () => {
    const folder = makeFolder();
    const file = join(folder, "device.key");
    writeFileSync(file, toRsaKeyPem(key), { mode: 0o600 });
    const subject = ["-subj", `/CN=${TUSN_A}`, "-addext", `subjectAltName=URI:${URI}`];
    const made = spawnSync("openssl", ["req", "-new", "-key", file, ...subject], { encoding: "utf8" });
    expect(made.status, made.stderr).toBe(0);
    const { commonName, uris } = parseCertificationRequest(parseRequestPem(made.stdout));
    expect([commonName, uris]).toEqual([TUSN_A, [URI]]);
  });

  it("verifies those that the tests make", () => {
    const input = createRequestPem(key, { commonName: TUSN_A, uris: [URI] });
    const verified = spawnSync("openssl", ["req", "-verify", "-noout", "-text"], { input, encoding: "utf8" });
    expect(verified.stderr).toContain("verify OK");
    expect(verified.stdout).toContain(`URI:${URI}`);
  });
});
