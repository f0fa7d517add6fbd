import { createCipheriv, generateKeyPairSync, type KeyObject, scryptSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseEncryptedPem, SCRYPT_COST, toEncryptedPem } from "../../../certs/keys/encrypted-key.ts";
import { type Encrypted, parseEncrypted, toEncryptedDer } from "../../../certs/keys/pbes2.ts";
import { createApproverKey, toPrivateKeyPem, toPublicKey } from "../../../certs/keys.ts";
import { toErrorCode } from "../../../proto/errors.ts";

const PASSPHRASE = "七号门 correct horse";
/** The least a file may have, so that many can be tried. */
const CHEAP = { n: 2 ** 14, r: 8, p: 1 };
const SAMPLE: Encrypted = {
  salt: Buffer.alloc(16, 1),
  cost: CHEAP,
  nonce: Buffer.alloc(12, 2),
  sealed: Buffer.alloc(64, 3),
};

function toPem(der: Uint8Array): string {
  const body = Buffer.from(der).toString("base64");
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${body}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
}

function toDer(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ""), "base64");
}

function toCode(pem: string, passphrase = PASSPHRASE): string {
  try {
    parseEncryptedPem(pem, passphrase);
    return "opened";
  } catch (error) {
    return toErrorCode(error);
  }
}

function expectInvalid(der: Uint8Array): void {
  expect(() => parseEncrypted(der)).toThrow(expect.objectContaining({ code: "KEY_INVALID" }));
}

function isSameKey(a: KeyObject, b: KeyObject): boolean {
  return toPublicKey(a).id === toPublicKey(b).id;
}

describe("an encrypted private key", () => {
  const key = createApproverKey();

  it("opens under its passphrase, at the cost that new keys have", () => {
    const pem = toEncryptedPem(key, PASSPHRASE);
    expect(parseEncrypted(toDer(pem)).cost).toEqual(SCRYPT_COST);
    expect(isSameKey(parseEncryptedPem(pem, PASSPHRASE), key)).toBe(true);
  });

  it("opens where the same passphrase was typed in another normal form", () => {
    const pem = toEncryptedPem(key, "caf\u00e9 au lait, deux", CHEAP);
    expect(isSameKey(parseEncryptedPem(pem, "cafe\u0301 au lait, deux"), key)).toBe(true);
  });

  it("is never the same file twice, and does not hold the key", () => {
    const pems = [1, 2].map(() => toEncryptedPem(key, PASSPHRASE, CHEAP));
    expect(new Set(pems).size).toBe(2);
    const seed = key.export({ type: "pkcs8", format: "der" }).subarray(-32);
    for (const pem of pems) expect(toDer(pem).includes(seed)).toBe(false);
  });

  it("stays shut under another passphrase", () => {
    const pem = toEncryptedPem(key, PASSPHRASE, CHEAP);
    for (const other of ["", "short", `${PASSPHRASE} `, PASSPHRASE.toUpperCase(), "x".repeat(100_000)]) {
      expect(toCode(pem, other)).toBe("PASSPHRASE_WRONG");
    }
  });

  it("stays shut with any one bit changed", () => {
    const der = toDer(toEncryptedPem(key, PASSPHRASE, CHEAP));
    const codes = new Set<string>();
    for (let bit = 0; bit < der.length * 8; bit += 1) {
      const altered = Buffer.from(der);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      // A key derived for every bit would take minutes: a sample of those that are still well-formed has to do.
      const mayOpen = isWellFormed(altered);
      if (!mayOpen) codes.add(toCode(toPem(altered)));
      else if (bit % 97 === 0) codes.add(toCode(toPem(altered)));
    }
    expect([...codes].toSorted()).toEqual(["KEY_INVALID", "PASSPHRASE_WRONG"]);
  });

  it("stays shut where it was cut short or has bytes behind it", () => {
    const der = toDer(toEncryptedPem(key, PASSPHRASE, CHEAP));
    for (let length = 0; length < der.length; length += 1) expectInvalid(der.subarray(0, length));
    expectInvalid(Buffer.concat([der, Buffer.alloc(1)]));
    expectInvalid(Buffer.concat([der, der]));
  });

  it("is not made under a passphrase that is too short, too long or has control characters", () => {
    for (const bad of ["", "eleven char", "é".repeat(11), "x".repeat(257), "tab\tin the middle"]) {
      expect(() => toEncryptedPem(key, bad, CHEAP)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
    expect(() => toEncryptedPem(key, "twelve chars", CHEAP)).not.toThrow();
  });

  it("may not be an unencrypted one, a public one, or two in one file", () => {
    const pem = toEncryptedPem(key, PASSPHRASE, CHEAP);
    const publicPem = toPublicKey(key).key.export({ type: "spki", format: "pem" }).toString();
    for (const bad of [toPrivateKeyPem(key), publicPem, "", "-----BEGIN", pem + pem, ` ${pem}`, "x".repeat(5_000)]) {
      expect(toCode(bad)).toBe("KEY_INVALID");
    }
  });

  it("may not be of another algorithm", () => {
    const others = [
      generateKeyPairSync("x25519").privateKey,
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    ];
    for (const other of others) expect(toCode(toEncryptedPem(other, PASSPHRASE, CHEAP))).toBe("KEY_INVALID");
  });

  it("may not be something else under the right passphrase", () => {
    const { salt, nonce } = SAMPLE;
    const derived = scryptSync(PASSPHRASE.normalize("NFC"), salt, 32, { N: CHEAP.n, r: 8, p: 1 });
    const cipher = createCipheriv("aes-256-gcm", derived, nonce);
    const sealed = Buffer.concat([cipher.update("no key at all"), cipher.final(), cipher.getAuthTag()]);
    expect(toCode(toPem(toEncryptedDer({ ...SAMPLE, sealed })))).toBe("KEY_INVALID");
  });

  it("says nothing of key or passphrase in its errors", () => {
    const pem = toEncryptedPem(key, PASSPHRASE, CHEAP);
    const errors = [() => parseEncryptedPem(pem, "another passphrase"), () => toEncryptedPem(key, "s3cret")].map(
      (act) => {
        try {
          return act();
        } catch (error) {
          return error as Error;
        }
      },
    );
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).cause).toBeUndefined();
      expect(String((error as Error).message)).not.toMatch(/another passphrase|s3cret/);
    }
  });
});

describe("the structure of an encrypted key", () => {
  it("is read back as it was written", () => {
    expect(toEncryptedDer(parseEncrypted(toEncryptedDer(SAMPLE)))).toEqual(toEncryptedDer(SAMPLE));
  });

  it("names PBES2, scrypt and AES-256-GCM by their identifiers", () => {
    const der = toEncryptedDer(SAMPLE).toString("hex");
    expect(der).toContain("06092a864886f70d01050d");
    expect(der).toContain("06092b06010401da47040b");
    expect(der).toContain("060960864801650304012e");
  });

  it("may ask for no more memory and time than its bounds, and for no less than keeps guessing dear", () => {
    const costs = [
      { n: 2 ** 13, r: 8, p: 1 },
      { n: 2 ** 19, r: 8, p: 1 },
      { n: 2 ** 30, r: 8, p: 1 },
      { n: 2 ** 17 + 1, r: 8, p: 1 },
      { n: 0, r: 8, p: 1 },
      { n: -(2 ** 17), r: 8, p: 1 },
      { n: 2 ** 17, r: 16, p: 1 },
      { n: 2 ** 17, r: 1, p: 1 },
      { n: 2 ** 17, r: 8, p: 0 },
      { n: 2 ** 17, r: 8, p: 5 },
    ];
    for (const cost of costs) expectInvalid(toEncryptedDer({ ...SAMPLE, cost }));
  });

  it("bounds salt, nonce and ciphertext", () => {
    const parts: readonly Partial<Encrypted>[] = [
      { salt: Buffer.alloc(15) },
      { salt: Buffer.alloc(65) },
      { nonce: Buffer.alloc(11) },
      { nonce: Buffer.alloc(13) },
      { sealed: Buffer.alloc(16) },
      { sealed: Buffer.alloc(257) },
    ];
    for (const part of parts) expectInvalid(toEncryptedDer({ ...SAMPLE, ...part }));
  });

  it("has no other algorithm, tag length or key length", () => {
    const hex = toEncryptedDer(SAMPLE).toString("hex");
    const swaps: readonly (readonly [from: string, to: string])[] = [
      ["2a864886f70d01050d", "2a864886f70d01050c"],
      ["2b06010401da47040b", "2b06010401da47040c"],
      ["60864801650304012e", "60864801650304012a"],
      ["020110", "02010c"],
      ["020120", "020110"],
    ];
    for (const [from, to] of swaps) {
      expect(hex).toContain(from);
      expectInvalid(Buffer.from(hex.replace(from, to), "hex"));
    }
  });

  it("is refused in long-form lengths and with padded integers", () => {
    const hex = toEncryptedDer(SAMPLE).toString("hex");
    expectInvalid(Buffer.from(hex.replace("020101", "02020001"), "hex"));
    expectInvalid(Buffer.from(`3083${hex.slice(4).padStart(4, "0")}`, "hex"));
    expectInvalid(Buffer.from("3080".repeat(1_000), "hex"));
  });
});

function isWellFormed(der: Uint8Array): boolean {
  try {
    parseEncrypted(der);
    return true;
  } catch {
    return false;
  }
}
