import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { toPrivateKeyPem } from "../../certs/keys.ts";
import {
  createCardKey,
  createSuite,
  openCardNumber,
  parseCardKey,
  sealCardNumber,
  toRawCardKey,
  verifyRecipient,
} from "../../certs/seal.ts";
import { signMessage } from "../../certs/signatures.ts";
import { MAX_SEALED_BYTES } from "../../proto/bounds.ts";
import { toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { toCardKeyBytes } from "../../proto/card-key.ts";
import type { Recipient } from "../../proto/delivery.ts";
import type { Directive } from "../../proto/directive.ts";
import { PAYLOAD_TYPES, toPreAuthEncoding } from "../../proto/dsse.ts";
import { toBinding } from "../../proto/settlement.ts";
import { parseTusn } from "../../proto/tusn.ts";

const TUSN = parseTusn("00000304N7NL01933217");
const OTHER_TUSN = parseTusn("00000304N7NL01933218");
const NUMBER = "6228480402564890018";
const SALT = randomBytes(16);
const SETTLEMENT = { kind: "card", bank: "中国工商银行", cnaps: "102100099996", holder: "王丽", accountNo: NUMBER };
const BINDING = toBinding(SETTLEMENT, SALT);
const KEY = createCardKey();
const FOR = { tusn: TUSN, commitment: BINDING.commitment };
const INVALID = expect.objectContaining({ code: "SEAL_INVALID" });

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const seal = (number = NUMBER) => sealCardNumber(toRawCardKey(KEY), { number, salt: SALT }, FOR);
const open = (sealed: Uint8Array, change: Partial<{ tusn: typeof TUSN; binding: typeof BINDING }> = {}) =>
  openCardNumber(KEY, sealed, { tusn: TUSN, binding: BINDING, ...change });

/** Every X25519 public key of small order (RFC 7748; the canonical ones, and those that reduce to 0 and 1). */
const SMALL_ORDER = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
  `${"00".repeat(31)}80`,
];

describe("the suite that card numbers are sealed with", () => {
  const vector = JSON.parse(readFileSync("test/vectors/rfc9180/base-x25519-sha256-aes256gcm.json", "utf8"));
  const [{ aad, pt, ct }] = vector.encryptions;
  const suite = createSuite();

  it("is the one of the published vector, and opens what it holds", async () => {
    expect([suite.kem.id, suite.kdf.id, suite.aead.id]).toEqual([vector.kem_id, vector.kdf_id, vector.aead_id]);
    const recipientKey = await suite.kem.deserializePrivateKey(bytes(vector.skRm));
    const recipient = await suite.createRecipientContext({
      recipientKey,
      enc: bytes(vector.enc),
      info: bytes(vector.info),
    });
    expect(toHex(new Uint8Array(await recipient.open(bytes(ct), bytes(aad))))).toBe(pt);
    for (const { exporter_context, L, exported_value } of vector.exports) {
      expect(toHex(new Uint8Array(await recipient.export(bytes(exporter_context), L)))).toBe(exported_value);
    }
  });

  it("seals to the very bytes of the published vector under its ephemeral key", async () => {
    const recipientPublicKey = await suite.kem.deserializePublicKey(bytes(vector.pkRm));
    const ekm = {
      privateKey: await suite.kem.deserializePrivateKey(bytes(vector.skEm)),
      publicKey: await suite.kem.deserializePublicKey(bytes(vector.pkEm)),
    };
    const sender = await suite.createSenderContext({ recipientPublicKey, info: bytes(vector.info), ekm });
    expect(toHex(new Uint8Array(sender.enc))).toBe(vector.enc);
    expect(toHex(new Uint8Array(await sender.seal(bytes(pt), bytes(aad))))).toBe(ct);
  });
});

describe("a sealed card number", () => {
  it("opens to the number, on the terminal it was sealed for", async () => {
    const sealed = await seal();
    expect(sealed.length).toBe(32 + 16 + NUMBER.length + 16);
    expect(await open(sealed)).toBe(NUMBER);
  });

  it("may be a corporate account's, and the longest fits", async () => {
    const accountNo = "1".repeat(32);
    const binding = toBinding({ ...SETTLEMENT, kind: "account", accountNo }, SALT);
    const to = { tusn: TUSN, commitment: binding.commitment };
    const sealed = await sealCardNumber(toRawCardKey(KEY), { number: accountNo, salt: SALT }, to);
    expect(sealed.length).toBeLessThanOrEqual(MAX_SEALED_BYTES);
    expect(await open(sealed, { binding })).toBe(accountNo);
  });

  it("is different every time and shows nothing of the number", async () => {
    const [one, two] = [await seal(), await seal()];
    expect(one).not.toEqual(two);
    for (const sealed of [one, two]) expect(Buffer.from(sealed).includes(NUMBER.slice(6, -4))).toBe(false);
  });

  it("with any one bit flipped does not open", async () => {
    const sealed = await seal();
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = Uint8Array.from(sealed);
      flipped[bit >> 3] = Number(flipped[bit >> 3]) ^ (1 << (bit & 7));
      await expect(open(flipped), `bit ${bit}`).rejects.toThrow(INVALID);
    }
  });

  it("cut short or with more behind it does not open", async () => {
    const sealed = await seal();
    for (let length = 0; length < sealed.length; length += 1) {
      await expect(open(sealed.subarray(0, length)), `${length}`).rejects.toThrow(INVALID);
    }
    await expect(open(Buffer.concat([sealed, Buffer.alloc(1)]))).rejects.toThrow(INVALID);
    await expect(open(new Uint8Array(MAX_SEALED_BYTES + 1))).rejects.toThrow(INVALID);
  });

  it("opens under no other terminal's key", async () => {
    const options = { tusn: TUSN, binding: BINDING };
    await expect(openCardNumber(createCardKey(), await seal(), options)).rejects.toThrow(INVALID);
  });

  it("is good for no other TUSN and no other commitment", async () => {
    const sealed = await seal();
    await expect(open(sealed, { tusn: OTHER_TUSN })).rejects.toThrow(INVALID);
    const other = toBinding(SETTLEMENT, randomBytes(16));
    await expect(open(sealed, { binding: other })).rejects.toThrow(INVALID);
  });

  it("that does not bear out the digits that people read is refused", async () => {
    const sealed = await seal();
    await expect(open(sealed, { binding: { ...BINDING, last4: "0019" } })).rejects.toThrow(INVALID);
    await expect(open(sealed, { binding: { ...BINDING, bin: "622849" } })).rejects.toThrow(INVALID);
  });

  it("made by someone else is held against the signed commitment", async () => {
    // Whoever knows the card key can seal anything for this terminal and this commitment.
    const suite = createSuite();
    const recipientPublicKey = await suite.kem.deserializePublicKey(toRawCardKey(KEY));
    const aad = Buffer.concat([toUtf8(TUSN), BINDING.commitment]);
    for (const content of [
      Buffer.concat([SALT, toUtf8("6228480402564891018")]),
      Buffer.concat([randomBytes(16), toUtf8(NUMBER)]),
      Buffer.concat([SALT, toUtf8(`${NUMBER}\0`)]),
      Buffer.from(SALT),
      Buffer.alloc(0),
    ]) {
      const info = toUtf8("tillsync card number v1");
      const { enc, ct } = await suite.seal({ recipientPublicKey, info }, content, aad);
      await expect(open(Buffer.concat([Buffer.from(enc), Buffer.from(ct)]))).rejects.toThrow(INVALID);
    }
  });

  it("never shows the number in its refusal", async () => {
    const error = await open(await seal(), { binding: { ...BINDING, last4: "0019" } }).catch((thrown) => thrown);
    expect(`${error.stack} ${JSON.stringify(error.fields)} ${error.cause}`).not.toContain(NUMBER.slice(6, -4));
  });
});

describe("sealing", () => {
  it.each([
    ["another number", { number: "6228480402564891018", salt: SALT }],
    ["another salt", { number: NUMBER, salt: randomBytes(16) }],
    ["a salt of another length", { number: NUMBER, salt: SALT.subarray(1) }],
    ["no number", { number: "", salt: SALT }],
    ["more than digits", { number: `${NUMBER} `, salt: SALT }],
  ])("%s than the commitment's is refused", async (_, opening) => {
    await expect(sealCardNumber(toRawCardKey(KEY), opening, FOR)).rejects.toThrow(INVALID);
  });

  it.each(SMALL_ORDER)("to the key %s, under which everybody could read it, is refused", async (hex) => {
    await expect(sealCardNumber(bytes(hex), { number: NUMBER, salt: SALT }, FOR)).rejects.toThrow(INVALID);
  });

  it("to a key of another length is refused", async () => {
    for (const length of [0, 31, 33]) {
      await expect(sealCardNumber(new Uint8Array(length).fill(9), { number: NUMBER, salt: SALT }, FOR)).rejects.toThrow(
        INVALID,
      );
    }
  });
});

describe("a recipient", () => {
  let device: KeyObject;
  let recipient: Recipient;
  let directive: Directive;

  const toSpki = (key: KeyObject) => createPublicKey(key).export({ type: "spki", format: "der" });
  const toProof = (key: KeyObject, tusn = TUSN, cardKey = toRawCardKey(KEY)) =>
    signMessage(key, PAYLOAD_TYPES.cardKey, toCardKeyBytes(tusn, cardKey));

  beforeAll(() => {
    device = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
    const deviceKey = toSpki(device);
    recipient = { index: 0, deviceKey, cardKey: toRawCardKey(KEY), proof: toProof(device) };
    directive = {
      tusn: TUSN,
      deviceKey: toDigest(deviceKey),
      sequence: 1,
      baseDigest: new Uint8Array(0),
      profile: new Uint8Array(0),
      notBefore: 1,
      notAfter: 2,
      onFail: "rollback",
      salt: SALT,
      restores: new Uint8Array(0),
    };
  });

  it("is one where the device key that the directive names vouches for the card key", () => {
    expect(() => verifyRecipient(recipient, directive)).not.toThrow();
  });

  it("with any one bit of key, card key or proof flipped is none", () => {
    for (const part of ["deviceKey", "cardKey", "proof"] as const) {
      for (let at = 0; at < recipient[part].length; at += 1) {
        const flipped = Uint8Array.from(recipient[part]);
        flipped[at] = Number(flipped[at]) ^ (1 << (at % 8));
        expect(() => verifyRecipient({ ...recipient, [part]: flipped }, directive), `${part} ${at}`).toThrow(INVALID);
      }
    }
  });

  it("is none for another terminal's TUSN or device key", () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
    expect(() => verifyRecipient(recipient, { ...directive, tusn: OTHER_TUSN })).toThrow(INVALID);
    expect(() => verifyRecipient(recipient, { ...directive, deviceKey: toDigest(toSpki(other)) })).toThrow(INVALID);
    expect(() => verifyRecipient({ ...recipient, proof: toProof(other) }, directive)).toThrow(INVALID);
    expect(() => verifyRecipient({ ...recipient, deviceKey: toSpki(other), proof: toProof(other) }, directive)).toThrow(
      INVALID,
    );
  });

  it("is none where the device key signed the same bytes as another kind of message", () => {
    const encoding = toPreAuthEncoding(PAYLOAD_TYPES.hello, toCardKeyBytes(TUSN, recipient.cardKey));
    expect(() => verifyRecipient({ ...recipient, proof: sign("sha256", encoding, device) }, directive)).toThrow(
      INVALID,
    );
  });

  it.each(SMALL_ORDER)("with the card key %s is none, whoever vouches for it", (hex) => {
    const cardKey = bytes(hex);
    expect(() => verifyRecipient({ ...recipient, cardKey, proof: toProof(device, TUSN, cardKey) }, directive)).toThrow(
      INVALID,
    );
  });

  it("with a weak or another kind of device key is none", () => {
    for (const key of [
      generateKeyPairSync("rsa", { modulusLength: 1_024 }).privateKey,
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    ]) {
      const deviceKey = toSpki(key);
      const named = { ...directive, deviceKey: toDigest(deviceKey) };
      expect(() => verifyRecipient({ ...recipient, deviceKey, proof: toProof(key) }, named)).toThrow(INVALID);
    }
    const noise = randomBytes(64);
    const named = { ...directive, deviceKey: toDigest(noise) };
    expect(() => verifyRecipient({ ...recipient, deviceKey: noise }, named)).toThrow(INVALID);
  });
});

describe("a card key", () => {
  it("is read from the PEM it was written to", () => {
    const key = parseCardKey(toPrivateKeyPem(KEY));
    expect(toRawCardKey(key)).toEqual(toRawCardKey(KEY));
    expect(toRawCardKey(createPublicKey(KEY))).toEqual(toRawCardKey(KEY));
    expect(toRawCardKey(KEY)).toHaveLength(32);
  });

  it("is refused where it is of another kind, or no key", () => {
    const other = generateKeyPairSync("ed25519").privateKey;
    for (const pem of [toPrivateKeyPem(other), "", "-----BEGIN PRIVATE KEY-----\n"]) {
      expect(() => parseCardKey(pem)).toThrow(expect.objectContaining({ code: "KEY_INVALID" }));
    }
  });
});
