import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toEncryptedPem } from "../../certs/keys/encrypted-key.ts";
import {
  type ApproverKey,
  createApproverKey,
  parseApproverKey,
  parsePrivateKey,
  toPrivateKeyPem,
  toPublicKey,
} from "../../certs/keys.ts";
import { toHex, toUtf8 } from "../../proto/bytes.ts";

interface Vector {
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly comment: string;
}

const SPKI_PREFIX = "302a300506032b6570032100";

/** The eight points of small order in canonical encoding, by order: RFC 8032 and "Taming the many EdDSAs", table 1. */
const SMALL_ORDER = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];
/** y = 1 and y = -1 under the wrong sign, and every y from p to 2^255 - 1 under both. */
const NOT_CANONICAL = [
  "0100000000000000000000000000000000000000000000000000000000000080",
  `ec${"ff".repeat(31)}`,
  ...Array.from({ length: 19 }, (_, index) => (0xed + index).toString(16)).flatMap((low) => [
    `${low}${"ff".repeat(30)}7f`,
    `${low}${"ff".repeat(30)}ff`,
  ]),
];

function readVectors<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../vectors/ed25519/${name}.json`, import.meta.url), "utf8"));
}

/** What our code does with a signature by such a key. */
function holds({ key, message, signature }: Vector): boolean {
  let approver: ApproverKey;
  try {
    approver = parseApproverKey(key);
  } catch {
    return false;
  }
  return verify(null, Buffer.from(message, "hex"), approver.key, Buffer.from(signature, "hex"));
}

describe("an approver's public key", () => {
  it("is read back as it was made", () => {
    const key = toPublicKey(createApproverKey());
    expect(parseApproverKey(toHex(key.raw)).id).toBe(key.id);
  });

  it("is refused in any form but 64 small hexadecimal digits", () => {
    const good = toHex(toPublicKey(createApproverKey()).raw);
    for (const bad of [
      "",
      good.slice(2),
      `${good}00`,
      good.replace(/^../, "ZZ"),
      good.replace(/^../, "AB"),
      ` ${good}`,
    ]) {
      expect(() => parseApproverKey(bad), bad).toThrow(expect.objectContaining({ code: "KEY_INVALID" }));
    }
  });

  it.each(SMALL_ORDER)("of small order is refused: %s", (hex) => {
    expect(() => parseApproverKey(hex)).toThrow(expect.objectContaining({ code: "KEY_INVALID" }));
  });

  it.each(NOT_CANONICAL)("in an encoding that is not canonical is refused: %s", (hex) => {
    expect(() => parseApproverKey(hex)).toThrow(expect.objectContaining({ code: "KEY_INVALID" }));
  });

  it("of small order would make one signature hold for any message, were it only for node:crypto", () => {
    const [identity = ""] = SMALL_ORDER;
    const key = createPublicKey({ key: Buffer.from(SPKI_PREFIX + identity, "hex"), format: "der", type: "spki" });
    const signature = Buffer.from(identity + "00".repeat(32), "hex");
    for (const message of ["card A", "card B"]) expect(verify(null, toUtf8(message), key, signature)).toBe(true);
  });
});

describe("a private key without a passphrase", () => {
  it("is read back as it was written", () => {
    const key = createApproverKey();
    expect(toPublicKey(parsePrivateKey(toPrivateKeyPem(key))).id).toBe(toPublicKey(key).id);
  });

  it("has to be one of Ed25519 in PEM", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const encrypted = toEncryptedPem(createApproverKey(), "a passphrase", { n: 2 ** 14, r: 8, p: 1 });
    const pems = [
      privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      publicKey.export({ type: "spki", format: "pem" }).toString(),
      encrypted,
      "",
    ];
    for (const pem of pems) {
      expect(() => parsePrivateKey(pem)).toThrow(expect.objectContaining({ code: "KEY_INVALID" }));
    }
  });
});

describe("a signature", () => {
  it("holds or does not as the Wycheproof vectors ask", () => {
    const vectors = readVectors<Vector & { readonly holds: boolean }>("wycheproof");
    expect(vectors).toHaveLength(151);
    for (const vector of vectors) expect(holds(vector), vector.comment).toBe(vector.holds);
  });

  // The third and fourth hold in the plain equation of RFC 8032 section 5.1.7, and only the holder of the key can make
  // them: the key has a part of small order beside its large one. All others are what somebody else could pass off.
  it("at the edges of the standard holds only where the key's holder made it", () => {
    const vectors = readVectors<Vector>("speccheck");
    expect(vectors.map(holds)).toEqual(vectors.map((_, index) => index === 2 || index === 3));
  });

  it("does not hold with S + L, nor with any one bit changed", () => {
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    const privateKey = createApproverKey();
    const { key } = toPublicKey(privateKey);
    const message = toUtf8("a statement");
    const signature = sign(null, message, privateKey);
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`);
    const above = Buffer.from((s + L).toString(16).padStart(64, "0"), "hex").reverse();
    expect(verify(null, message, key, signature)).toBe(true);
    expect(verify(null, message, key, Buffer.concat([signature.subarray(0, 32), above]))).toBe(false);
    for (let bit = 0; bit < signature.length * 8; bit += 1) {
      const flipped = Buffer.from(signature);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(verify(null, message, key, flipped)).toBe(false);
    }
  });
});
