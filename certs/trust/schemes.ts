import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { parseApproverKey } from "../keys.ts";
import { toRecord } from "./json.ts";

// Signature schemes of the TUF specification 1.0, section 4.2. The scheme is a property of the key, never of a signature.

export type Scheme = "ed25519" | "ecdsa-sha2-nistp256" | "rsassa-pss-sha256";

/** Shorter RSA keys are within reach of those who can pay; longer ones only cost time. Bits. */
const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 8_192;
const MAX_PEM_CHARACTERS = 4_096;
/** Both name one thing; the second is what older repositories write. */
const ECDSA_TYPES: readonly unknown[] = ["ecdsa", "ecdsa-sha2-nistp256"];

/**
 * A public key of a role. `raw`: the 32 bytes of an Ed25519 key, the SubjectPublicKeyInfo of another; `id`: SHA-256 of
 * that in hexadecimal, so that one key has one id whatever a file calls it.
 */
export interface RoleKey {
  readonly id: string;
  readonly raw: Uint8Array;
  readonly key: KeyObject;
}

/** @throws TillsyncError KEY_INVALID, TRUST_INVALID unless the record of a key of one of these schemes */
export function parseRoleKey(entry: unknown, schemes: readonly Scheme[]): RoleKey {
  const { keytype, scheme, keyval } = toRecord(entry, "key");
  const value = toRecord(keyval, "key")["public"];
  const allowed = schemes.find((candidate) => candidate === scheme);
  if (typeof value !== "string" || value.length > MAX_PEM_CHARACTERS) throw toFault(schemes);
  if (allowed === "ed25519" && keytype === "ed25519") return parseApproverKey(value);
  if (allowed === "ecdsa-sha2-nistp256" && ECDSA_TYPES.includes(keytype)) return toKey(value, isP256);
  if (allowed === "rsassa-pss-sha256" && keytype === "rsa") return toKey(value, isRsa);
  throw toFault(schemes);
}

/** Whether the signature holds; false for what has not even the form of one. */
export function isSignedBy({ key }: RoleKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  switch (key.asymmetricKeyType) {
    case "ed25519":
      return verify(null, bytes, key, signature);
    case "ec":
      return verify("sha256", bytes, { key, dsaEncoding: "der" }, signature);
    default:
      return verify("sha256", bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING }, signature);
  }
}

function toKey(pem: string, isKind: (key: KeyObject) => boolean): RoleKey {
  const key = readPem(pem);
  if (!isKind(key)) throw new TillsyncError("KEY_INVALID");
  const raw = key.export({ type: "spki", format: "der" });
  return { id: toHex(toDigest(raw)), raw, key };
}

function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
}

function isRsa(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === "rsa" && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS;
}

/** A private key has a public half, which is not what a file of public keys should hold. */
function readPem(pem: string): KeyObject {
  if (!pem.startsWith("-----BEGIN PUBLIC KEY-----")) throw new TillsyncError("KEY_INVALID", { expected: "PEM" });
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new TillsyncError("KEY_INVALID", {}, cause);
  }
}

function toFault(schemes: readonly Scheme[]): TillsyncError {
  return new TillsyncError("KEY_INVALID", { expected: schemes.join(" or ") });
}
