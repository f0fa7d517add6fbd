import { createCipheriv, createDecipheriv } from "node:crypto";
import { concat } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";

/** DES and triple DES (FIPS 46-3) work on blocks of 8 bytes. Terminals and acquirers still demand them; nothing else here does. */
export const BLOCK_BYTES = 8;
const CIPHER = "des-ede3-ecb";

/**
 * Enciphers whole blocks, each by itself (ECB). A key of 8 bytes is DES, one of 16 is triple DES with two keys.
 *
 * @throws TillsyncError KEY_INVALID
 */
export function encipher(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, toTripleKey(key), null).setAutoPadding(false);
  return concat(cipher.update(blocks), cipher.final());
}

/** The inverse of `encipher`, with the same errors. */
export function decipher(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const cipher = createDecipheriv(CIPHER, toTripleKey(key), null).setAutoPadding(false);
  return concat(cipher.update(blocks), cipher.final());
}

// OpenSSL 3 holds DES only in its legacy provider; triple DES with three equal keys is DES.
function toTripleKey(key: Uint8Array): Uint8Array {
  if (key.length === BLOCK_BYTES) return concat(key, key, key);
  if (key.length === BLOCK_BYTES * 2) return concat(key, key.subarray(0, BLOCK_BYTES));
  throw new TillsyncError("KEY_INVALID", { bytes: key.length });
}
