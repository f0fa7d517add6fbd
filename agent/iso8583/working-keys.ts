import { concat, isEqual } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { BLOCK_BYTES, decipher, encipher } from "./des.ts";
import { Reader } from "./reader.ts";

/** Keys for one day's trading, given by the acquirer at sign-in. */
export interface WorkingKeys {
  /** PIN key, 16 bytes. */
  readonly pik: Uint8Array;
  /** MAC key, 8 bytes (DES) or 16 bytes (triple DES). */
  readonly mak: Uint8Array;
}

const KEY_BYTES = 16;
const CHECK_VALUE_BYTES = 4;
const ZEROS = new Uint8Array(BLOCK_BYTES);

/**
 * Field 62 of a sign-in answer for double-length keys (sign-in with 003 in field 60): PIK 16 | check value 4 | MAK 16 |
 * check value 4, 40 bytes. Keys are enciphered under the terminal's master key; a MAK of 8 bytes is filled up with 0x00
 * after enciphering. A check value is the first 4 bytes of a zero block enciphered under the key.
 *
 * @throws TillsyncError KEY_INVALID
 */
export function toField62(tmk: Uint8Array, keys: WorkingKeys): Uint8Array {
  const filler = new Uint8Array(KEY_BYTES - keys.mak.length);
  return concat(
    encipher(tmk, keys.pik),
    toCheckValue(keys.pik),
    encipher(tmk, keys.mak),
    filler,
    toCheckValue(keys.mak),
  );
}

/**
 * Deciphers the working keys and checks both check values.
 *
 * @throws TillsyncError ISO_MALFORMED, ISO_FIELD_INVALID where a check value does not hold, KEY_INVALID
 */
export function parseField62(tmk: Uint8Array, field62: Uint8Array): WorkingKeys {
  const reader = new Reader(field62);
  const pik = decipher(tmk, reader.take(KEY_BYTES));
  const pikCheck = reader.take(CHECK_VALUE_BYTES);
  const enciphered = reader.take(KEY_BYTES);
  const makCheck = reader.take(CHECK_VALUE_BYTES);
  reader.verifyEnd();
  const isSingle = isEqual(enciphered.subarray(BLOCK_BYTES), ZEROS);
  const mak = decipher(tmk, isSingle ? enciphered.subarray(0, BLOCK_BYTES) : enciphered);
  if (!isEqual(toCheckValue(pik), pikCheck) || !isEqual(toCheckValue(mak), makCheck)) {
    throw new TillsyncError("ISO_FIELD_INVALID", { field: 62 });
  }
  return { pik, mak };
}

function toCheckValue(key: Uint8Array): Uint8Array {
  return encipher(key, ZEROS).subarray(0, CHECK_VALUE_BYTES);
}
