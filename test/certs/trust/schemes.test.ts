import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isSignedBy, parseRoleKey, type Scheme } from "../../../certs/trust/schemes.ts";
import { createSigner, type Signer } from "../../support/tuf-repository.ts";

const SCHEMES: readonly Scheme[] = ["ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256"];
const SIGNERS = Object.fromEntries(SCHEMES.map((scheme) => [scheme, createSigner(scheme)])) as Record<Scheme, Signer>;
const BYTES = Buffer.from("what is signed");

function withCode(code: string) {
  return expect.objectContaining({ code });
}

function toPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

describe.each(SCHEMES)("a key of %s", (scheme) => {
  const signer = SIGNERS[scheme];
  const key = parseRoleKey(signer.entry, SCHEMES);
  const signature = Buffer.from(signer.sign(BYTES), "hex");

  it("verifies what it signed, and nothing that differs in a bit", () => {
    expect(isSignedBy(key, BYTES, signature)).toBe(true);
    expect(isSignedBy(key, Buffer.from("what is sigmed"), signature)).toBe(false);
    for (let at = 0; at < signature.length; at += 5) {
      const flipped = Buffer.from(signature);
      flipped[at] = (flipped[at] as number) ^ 1;
      expect(isSignedBy(key, BYTES, flipped), `byte ${at}`).toBe(false);
    }
  });

  it("verifies no signature that is none", () => {
    const strange = [
      Buffer.alloc(0),
      Buffer.alloc(1),
      Buffer.alloc(64),
      Buffer.alloc(256),
      signature.subarray(1),
      Buffer.concat([signature, Buffer.alloc(1)]),
    ];
    for (const each of strange) expect(isSignedBy(key, BYTES, each)).toBe(false);
  });

  it("verifies no other scheme's signature: the key says how, never the signature", () => {
    for (const other of SCHEMES.filter((each) => each !== scheme)) {
      expect(isSignedBy(key, BYTES, Buffer.from(SIGNERS[other].sign(BYTES), "hex"))).toBe(false);
    }
  });

  it("is refused where its scheme is not among those allowed", () => {
    const others = SCHEMES.filter((each) => each !== scheme);
    expect(() => parseRoleKey(signer.entry, others)).toThrow(withCode("KEY_INVALID"));
    expect(() => parseRoleKey(signer.entry, [])).toThrow(withCode("KEY_INVALID"));
  });

  it("is refused under another type, or with another scheme's key", () => {
    for (const other of SCHEMES.filter((each) => each !== scheme)) {
      const foreign = SIGNERS[other].entry;
      const { keytype } = foreign as { keytype: string };
      for (const entry of [
        { ...signer.entry, keytype },
        { ...foreign, scheme },
        { ...foreign, scheme, keytype: (signer.entry as { keytype: string }).keytype },
      ]) {
        expect(() => parseRoleKey(entry, SCHEMES)).toThrow(withCode("KEY_INVALID"));
      }
    }
  });
});

describe("a key record", () => {
  it("keeps members it does not know, and one key has one id whatever they say", () => {
    const entry = SIGNERS["ecdsa-sha2-nistp256"].entry;
    const older = { ...entry, keytype: "ecdsa-sha2-nistp256", keyid_hash_algorithms: ["md5"] };
    expect(parseRoleKey(older, SCHEMES).id).toBe(parseRoleKey(entry, SCHEMES).id);
  });

  it("that is none is refused", () => {
    const { entry } = SIGNERS["rsassa-pss-sha256"];
    for (const bad of [undefined, null, [], "key", {}, { ...entry, keyval: "x" }]) {
      expect(() => parseRoleKey(bad, SCHEMES)).toThrow(withCode("TRUST_INVALID"));
    }
    const { keyval } = entry as { keyval: { public: string } };
    const long = keyval.public + "\n".repeat(5_000);
    for (const value of [1, "", "zz", long, "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"]) {
      expect(() => parseRoleKey({ ...entry, keyval: { public: value } }, SCHEMES)).toThrow(withCode("KEY_INVALID"));
    }
  });

  it("with a private key in it is refused", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const entry = { ...SIGNERS["ecdsa-sha2-nistp256"].entry, keyval: { public: pem } };
    expect(() => parseRoleKey(entry, SCHEMES)).toThrow(withCode("KEY_INVALID"));
  });

  it("with another curve, a weak RSA key, or an RSA key for encryption padding only is refused", () => {
    const curve = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey;
    const short = generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey;
    const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2_048 }).publicKey;
    const { "ecdsa-sha2-nistp256": ec, "rsassa-pss-sha256": rsa } = SIGNERS;
    for (const [signer, key] of [
      [ec, curve],
      [ec, short],
      [rsa, short],
      [rsa, pss],
      [rsa, curve],
    ] as const) {
      const entry = { ...signer.entry, keyval: { public: toPem(key) } };
      expect(() => parseRoleKey(entry, SCHEMES)).toThrow(withCode("KEY_INVALID"));
    }
  });

  it("of RSA does not verify signatures with the older padding", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const key = parseRoleKey({ ...SIGNERS["rsassa-pss-sha256"].entry, keyval: { public: toPem(publicKey) } }, SCHEMES);
    expect(isSignedBy(key, BYTES, sign("sha256", BYTES, privateKey))).toBe(false);
  });
});
