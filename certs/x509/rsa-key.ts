import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { TillsyncError } from "../../proto/errors.ts";

// No node-forge here: the agent's bundle takes this file.

/** Sizes in bits: the least that is accepted, and what an authority's key has, which lives for years. */
export const RSA_BITS = 2_048;
export const AUTHORITY_RSA_BITS = 3_072;
const PUBLIC_EXPONENT = 65_537n;

const generate = promisify(generateKeyPair);

/** A new RSA private key, made off the main thread. */
export async function generateRsaKey(bits: number = RSA_BITS): Promise<KeyObject> {
  const { privateKey } = await generate("rsa", { modulusLength: bits });
  return privateKey;
}

/** PKCS#8 in PEM, unencrypted: the file it goes to is readable by its owner only. */
export function toRsaKeyPem(privateKey: KeyObject): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** @throws TillsyncError KEY_INVALID unless the text is an unencrypted RSA private key in PEM, of RSA_BITS or more */
export function parseRsaKey(pem: string): KeyObject {
  return checkRsaKey(read(() => createPrivateKey(pem)));
}

/** The public half of a private key. */
export function toRsaPublicKey(privateKey: KeyObject): KeyObject {
  return createPublicKey(privateKey);
}

/** @throws TillsyncError KEY_INVALID unless the key is RSA of RSA_BITS or more with exponent 65537 */
export function checkRsaKey(key: KeyObject): KeyObject {
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  const isStrong = modulusLength >= RSA_BITS && publicExponent === PUBLIC_EXPONENT;
  if (key.asymmetricKeyType !== "rsa" || !isStrong) throw new TillsyncError("KEY_INVALID", { bits: modulusLength });
  return key;
}

function read(create: () => KeyObject): KeyObject {
  try {
    return create();
  } catch (cause) {
    throw new TillsyncError("KEY_INVALID", {}, cause);
  }
}
