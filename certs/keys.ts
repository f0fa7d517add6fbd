import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { toDigest, toHex } from "../proto/bytes.ts";
import { TillsyncError } from "../proto/errors.ts";
import { isSoundPoint } from "./keys/point.ts";

const RAW_KEY_BYTES = 32;

/** An Ed25519 public key with its name: SHA-256 of the 32 raw bytes. */
export interface ApproverKey {
  readonly id: string;
  readonly raw: Uint8Array;
  readonly key: KeyObject;
}

/** Hexadecimal SHA-256 of a raw public key. */
export function toKeyId(raw: Uint8Array): string {
  return toHex(toDigest(raw));
}

/**
 * A public key from outside, 64 lower-case hexadecimal digits.
 *
 * @throws TillsyncError KEY_INVALID for another form, for an encoding that is not canonical, and for a point of small
 *   order: under such a key one signature holds for many messages
 */
export function parseApproverKey(hex: string): ApproverKey {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new TillsyncError("KEY_INVALID");
  const raw = Buffer.from(hex, "hex");
  if (!isSoundPoint(raw)) throw new TillsyncError("KEY_INVALID", { expected: "a sound public key" });
  return toApproverKey(raw);
}

/** The public half of a private Ed25519 key. */
export function toPublicKey(privateKey: KeyObject): ApproverKey {
  const der = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return toApproverKey(der.subarray(-RAW_KEY_BYTES));
}

/** A new Ed25519 private key from the system's random source. */
export function createApproverKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

/** @throws TillsyncError KEY_INVALID unless the text is an unencrypted Ed25519 private key, PKCS#8 in PEM */
export function parsePrivateKey(pem: string): KeyObject {
  const key = readPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new TillsyncError("KEY_INVALID", { expected: "ed25519" });
  return key;
}

/** PKCS#8 in PEM, unencrypted: for demo keys and for online keys only. */
export function toPrivateKeyPem(privateKey: KeyObject): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function toApproverKey(raw: Uint8Array): ApproverKey {
  // As a JSON Web Key (RFC 8037 section 2): OpenSSL takes ten times as long to read the same from DER.
  const jwk = { kty: "OKP", crv: "Ed25519", x: Buffer.from(raw).toString("base64url") };
  return { id: toKeyId(raw), raw, key: createPublicKey({ key: jwk, format: "jwk" }) };
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new TillsyncError("KEY_INVALID", {}, cause);
  }
}
