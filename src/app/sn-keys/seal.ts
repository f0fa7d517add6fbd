import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { concat, toUtf8 } from "../../../proto/bytes.ts";
import { computeKcv, SN_KEY_BYTES } from "../../../proto/cryptogram.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { SnKeyRow } from "../../store/schema.ts";
import { type Keyring, toKey } from "./key-file.ts";

// AES-256-GCM (NIST SP 800-38D). What is sealed says for whom and under which key: a row under another TUSN or another
// key id does not open.

const CIPHER = "aes-256-gcm";
export const SEAL_NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_BYTES = SN_KEY_BYTES + TAG_BYTES;
/** Not part of a TUSN or a key id, so that no two pairs of them read the same. */
const DIVIDER = "\n";

export interface SnKey {
  readonly tusn: Tusn;
  /** SM4 key, 16 bytes. */
  readonly key: Uint8Array;
  /** Seconds. */
  readonly addedAt: number;
}

/** The row under the current key. `nonce` is 12 fresh random bytes. */
export function sealSnKey(keyring: Keyring, { tusn, key, addedAt }: SnKey, nonce: Uint8Array): SnKeyRow {
  const keyId = keyring.current;
  const cipher = createCipheriv(CIPHER, toKey(keyring, keyId), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(toContext(tusn, keyId));
  const sealed = concat(cipher.update(key), cipher.final(), cipher.getAuthTag());
  return { tusn, keyId, nonce, sealed, kcv: computeKcv(key), addedAt };
}

/** @throws TillsyncError KEY_FILE_INVALID where the file lacks its key; SN_KEY_INVALID where the row was altered */
export function openSnKey(keyring: Keyring, row: SnKeyRow): Uint8Array {
  const opening = toKey(keyring, row.keyId);
  const { tusn, keyId, nonce, sealed, kcv } = row;
  try {
    if (nonce.length !== SEAL_NONCE_BYTES || sealed.length !== SEALED_BYTES) throw new Error("length");
    const decipher = createDecipheriv(CIPHER, opening, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(toContext(tusn, keyId)).setAuthTag(sealed.subarray(SN_KEY_BYTES));
    const key = concat(decipher.update(sealed.subarray(0, SN_KEY_BYTES)), decipher.final());
    if (computeKcv(key) !== kcv) throw new Error("check value");
    return key;
  } catch {
    throw new TillsyncError("SN_KEY_INVALID", { terminal: tusn, what: "altered" });
  }
}

/** Constant-time. */
export function isSameKey(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function toContext(tusn: Tusn, keyId: string): Uint8Array {
  return toUtf8(["tillsync sn key", tusn, keyId].join(DIVIDER));
}
