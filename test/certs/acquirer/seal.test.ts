import {
  constants,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  privateDecrypt,
  randomBytes,
} from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ChangeFacts } from "../../../certs/acquirer/lakala-body.ts";
import { parseChangeFacts, toChangeFactsJson } from "../../../certs/acquirer/lakala-body.ts";
import { isTextSignature, parsePlatformKey, signText } from "../../../certs/acquirer/rsa.ts";
import {
  parseSealedAccount,
  type SealedAccount,
  sealAccount,
  toSealedAccountJson,
} from "../../../certs/acquirer/seal.ts";
import { toUtf8 } from "../../../proto/bytes.ts";
import { NEW_NUMBER, OLD_NUMBER, toCard } from "../../support/acquirers.ts";
import { loadSharedKeys } from "../../support/shared-keys.ts";

const CARD = toCard();
const FACTS: ChangeFacts = {
  ...{ request: "CHG00000001", organisation: "1", member: "merCupNo", merchant: "82258405511" },
  ...{ callback: "https://tillsync.example/none", clearingBank: "", settlePeriod: "", timestamp: "1800000000000" },
};
const padding = constants.RSA_PKCS1_OAEP_PADDING;

async function loadKeys() {
  const [pem] = (await loadSharedKeys()).deviceKeys;
  return { privateKey: createPrivateKey(pem), publicKey: createPublicKey(pem) };
}

const decode = ({ ciphertext }: SealedAccount) => Buffer.from(ciphertext, "base64");

describe("an account's number sealed for an acquirer", () => {
  it("is read by WeChat Pay's key alone, as RSA-OAEP with SHA-1", async () => {
    const { privateKey, publicKey } = await loadKeys();
    const sealed = sealAccount(CARD, CARD.binding, { scheme: "wechatpay", id: "PUB_KEY_ID_1", key: publicKey });
    const opened = privateDecrypt({ key: privateKey, padding, oaepHash: "sha1" }, decode(sealed));
    expect(opened.toString("latin1")).toBe(NEW_NUMBER);
    expect(sealed).toMatchObject({ key: "PUB_KEY_ID_1", request: "" });
  });

  it("for a webhook comes with its salt, and opens for its own commitment alone", async () => {
    const { privateKey, publicKey: key } = await loadKeys();
    const sealed = sealAccount(CARD, CARD.binding, { scheme: "webhook", id: "k1", key });
    const open = (oaepLabel: Uint8Array) =>
      privateDecrypt({ key: privateKey, padding, oaepHash: "sha256", oaepLabel }, decode(sealed));
    expect(open(CARD.binding.commitment)).toEqual(Buffer.concat([CARD.salt, Buffer.from(NEW_NUMBER)]));
    expect(() => open(toCard().binding.commitment)).toThrow();
  });

  it("for Lakala is the whole request, under SM4", () => {
    const key = randomBytes(16);
    const sealed = sealAccount(CARD, CARD.binding, { scheme: "lakala", id: "SM4-1", key, facts: FACTS });
    const decipher = createDecipheriv("sm4-ecb", key, null);
    const body = JSON.parse(Buffer.concat([decipher.update(decode(sealed)), decipher.final()]).toString("utf8"));
    expect(body).toMatchObject({ ver: "1.0.0", reqId: "CHG00000001", timestamp: FACTS.timestamp });
    expect(body.reqData).toEqual({
      ...{ version: "1.0", orderNo: "CHG00000001", orgCode: "1", merCupNo: "82258405511" },
      ...{ openningBankCode: "103100000026", openningBankName: "农业银行", clearingBankCode: "103100000026" },
      ...{ acctNo: NEW_NUMBER, acctName: "张伟", acctTypeCode: "58", retUrl: FACTS.callback },
    });
    expect(sealed.request).toBe("CHG00000001");
    const full = { ...FACTS, clearingBank: "308584000013", settlePeriod: "D1" };
    const other = sealAccount(CARD, CARD.binding, { scheme: "lakala", id: "SM4-1", key, facts: full });
    expect(other.ciphertext).not.toBe(sealed.ciphertext);
    expect(() =>
      sealAccount(CARD, CARD.binding, { scheme: "lakala", id: "SM4-1", key: randomBytes(8), facts: FACTS }),
    ).toThrow("KEY_INVALID");
  });

  it("is never that of another binding", async () => {
    const { publicKey: key } = await loadKeys();
    const sealKey = { scheme: "webhook", id: "k1", key } as const;
    const { binding } = CARD;
    expect(() => sealAccount(CARD, toCard().binding, sealKey)).toThrow("SEAL_INVALID");
    expect(() => sealAccount(toCard(OLD_NUMBER), binding, sealKey)).toThrow("SEAL_INVALID");
    // The commitment is right, and the digits that people saw are not.
    expect(() => sealAccount(CARD, { ...binding, last4: "9999" }, sealKey)).toThrow("SEAL_INVALID");
    expect(() => sealAccount({ ...CARD, number: "12" }, binding, sealKey)).toThrow("SEAL_INVALID");
    expect(() => sealAccount(CARD, binding, { ...sealKey, id: "k 1" })).toThrow("FIELD_INVALID");
  });

  it("is a file that is read back as it was written, and refused in any other form", async () => {
    const { publicKey: key } = await loadKeys();
    const sealed = sealAccount(CARD, CARD.binding, { scheme: "webhook", id: "k1", key });
    expect(parseSealedAccount(toSealedAccountJson(sealed))).toEqual(sealed);
    for (const bad of [
      { ...sealed, scheme: "other" },
      { ...sealed, key: "" },
      { ...sealed, request: "../.." },
      { ...sealed, commitment: "00" },
      { ...sealed, ciphertext: "no base64 at all" },
      { ...sealed, ciphertext: "" },
      { ...sealed, number: NEW_NUMBER },
    ]) {
      expect(() => parseSealedAccount(toUtf8(JSON.stringify(bad)))).toThrow("FIELD_INVALID");
    }
  });
});

describe("the facts of a request to Lakala", () => {
  it("are read back as they were written, and refused in any other form", () => {
    expect(parseChangeFacts(toUtf8(toChangeFactsJson(FACTS)))).toEqual(FACTS);
    for (const bad of [{ member: "orgCode" }, { callback: "javascript:" }, { clearingBank: "1" }, { timestamp: "1" }]) {
      expect(() => parseChangeFacts(toUtf8(JSON.stringify({ ...FACTS, ...bad })))).toThrow("FIELD_INVALID");
    }
  });
});

describe("RSA signatures as acquirers make them", () => {
  it("are RSASSA-PKCS1-v1_5 with SHA-256, in base64", async () => {
    const { privateKey, publicKey } = await loadKeys();
    const signature = signText(privateKey, "文本\n");
    expect(isTextSignature(publicKey, "文本\n", signature)).toBe(true);
    expect(isTextSignature(publicKey, "文本", signature)).toBe(false);
    expect(isTextSignature(publicKey, "文本\n", "")).toBe(false);
  });

  it("are verified with a public key or a certificate, never with what is a private key", async () => {
    const { server, deviceKeys } = await loadSharedKeys();
    expect(parsePlatformKey(server.certificate).asymmetricKeyType).toBe("rsa");
    expect(() => parsePlatformKey(deviceKeys[0])).toThrow("KEY_INVALID");
    expect(() => parsePlatformKey("nothing")).toThrow("KEY_INVALID");
  });
});
