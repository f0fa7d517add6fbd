import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  type KeyObject,
  randomBytes,
  scryptSync,
} from "node:crypto";
import { TillsyncError } from "../../proto/errors.ts";
import { checkPassphrase, isPassphrase, toPassphraseBytes } from "./passphrase.ts";
import { type Encrypted, parseEncrypted, type ScryptCost, toEncryptedDer } from "./pbes2.ts";

/** 128 MiB and about half a second on a laptop (OWASP's figure for scrypt). */
export const SCRYPT_COST: ScryptCost = { n: 2 ** 17, r: 8, p: 1 };
/** An Ed25519 key so wrapped has about 300 bytes. */
export const MAX_KEY_FILE_BYTES = 4_096;

const CIPHER = "aes-256-gcm";
const CIPHER_KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const PEM =
  /^-----BEGIN ENCRYPTED PRIVATE KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END ENCRYPTED PRIVATE KEY-----\r?\n?$/;
const PEM_LINE = /.{1,64}/g;

/**
 * An Ed25519 private key as PKCS#8 "ENCRYPTED PRIVATE KEY" in PEM (RFC 5958 section 3): PBES2 with scrypt and
 * AES-256-GCM, the tag behind the ciphertext.
 *
 * @throws TillsyncError CONFIG_INVALID for a passphrase that may not be used
 */
export function toEncryptedPem(privateKey: KeyObject, passphrase: string, cost: ScryptCost = SCRYPT_COST): string {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const key = deriveKey(toPassphraseBytes(checkPassphrase(passphrase)), salt, cost);
  const plain = privateKey.export({ type: "pkcs8", format: "der" });
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  key.fill(0);
  plain.fill(0);
  const lines = toEncryptedDer({ salt, cost, nonce, sealed }).toString("base64").match(PEM_LINE) ?? [];
  return ["-----BEGIN ENCRYPTED PRIVATE KEY-----", ...lines, "-----END ENCRYPTED PRIVATE KEY-----", ""].join("\n");
}

/**
 * Opens such a key. What a hostile file may ask of memory and time is bounded before anything is derived.
 *
 * @throws TillsyncError KEY_INVALID for any other file, an unencrypted key among them; PASSPHRASE_WRONG for another
 *   passphrase and for a file that was altered
 */
export function parseEncryptedPem(pem: string, passphrase: string): KeyObject {
  const encrypted = parseEncrypted(readPem(pem));
  // No key was ever made with such a one, and nothing without bound is hashed.
  if (!isPassphrase(passphrase)) throw new TillsyncError("PASSPHRASE_WRONG");
  const plain = decrypt(encrypted, toPassphraseBytes(passphrase));
  try {
    const key = readPkcs8(plain);
    if (key.asymmetricKeyType !== "ed25519") throw new TillsyncError("KEY_INVALID", { expected: "ed25519" });
    return key;
  } finally {
    plain.fill(0);
  }
}

function readPem(pem: string): Buffer {
  const body = pem.length <= MAX_KEY_FILE_BYTES ? PEM.exec(pem)?.[1] : undefined;
  if (body === undefined) throw new TillsyncError("KEY_INVALID", { expected: "ENCRYPTED PRIVATE KEY in PEM" });
  return Buffer.from(body, "base64");
}

function decrypt({ salt, cost, nonce, sealed }: Encrypted, passphrase: Buffer): Buffer {
  const key = deriveKey(passphrase, salt, cost);
  try {
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    // Without a cause: nothing that was half decrypted may hang on an error.
    throw new TillsyncError("PASSPHRASE_WRONG");
  } finally {
    key.fill(0);
  }
}

function deriveKey(passphrase: Buffer, salt: Uint8Array, { n, r, p }: ScryptCost): Buffer {
  // Node refuses at exactly what scrypt needs (RFC 7914 section 2: 128 r N, and 128 r p beside it).
  const maxmem = 128 * r * (n + p + 2);
  const key = scryptSync(passphrase, salt, CIPHER_KEY_BYTES, { N: n, r, p, maxmem });
  passphrase.fill(0);
  return key;
}

function readPkcs8(der: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } catch {
    throw new TillsyncError("KEY_INVALID", { expected: "ed25519" });
  }
}
