import { createCipheriv } from "node:crypto";
import { concat, toUtf8 } from "./bytes.ts";
import { check, checkText } from "./check.ts";
import type { Tusn } from "./tusn.ts";

// The SN cryptogram: how a terminal shows that it holds the SM4 key that its maker filed with its TUSN. 32 bits only, and
// folding by XOR lets other pairs of TUSN and factor give the same: so the verifier chooses the factor, looks the key up
// by the TUSN, compares the factor whole, limits attempts, and never relies on a cryptogram alone.

const BLOCK_BYTES = 16;
export const SN_KEY_BYTES = 16;
/** Digits of the factors that we choose. */
export const FACTOR_DIGITS = 10;
/** Seconds for which a factor is good. */
export const FACTOR_LIFE_S = 60;
export const FACTOR = /^\d{6,10}$/;
export const CRYPTOGRAM = /^[0-9A-F]{8}$/;

/**
 * The proof of a TUSN over a factor: 8 upper-case hexadecimal digits.
 *
 * @param snKey SM4 key (GB/T 32907), 16 bytes
 * @param factor 6 to 10 decimal digits
 * @throws TillsyncError FIELD_INVALID
 */
export function computeCryptogram(snKey: Uint8Array, tusn: Tusn, factor: string): string {
  checkText(factor, FACTOR, "factor");
  const folded = toUtf8(
    Buffer.from(fold(toUtf8(`${tusn}${factor}`)))
      .toString("hex")
      .toUpperCase(),
  );
  const first = encipher(snKey, folded.subarray(0, BLOCK_BYTES));
  const second = encipher(snKey, xor(first, folded.subarray(BLOCK_BYTES)));
  return Buffer.from(second).toString("hex").toUpperCase().slice(0, 8);
}

/** Key check value of an SN key: the first four bytes of its encipherment of zeros, upper-case hexadecimal. */
export function computeKcv(snKey: Uint8Array): string {
  return Buffer.from(encipher(snKey, new Uint8Array(BLOCK_BYTES)))
    .toString("hex")
    .toUpperCase()
    .slice(0, 8);
}

/** XOR of all blocks, the last one padded on the right with zeros. */
function fold(bytes: Uint8Array): Uint8Array {
  let folded: Uint8Array = new Uint8Array(BLOCK_BYTES);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    folded = xor(folded, concat(block, new Uint8Array(BLOCK_BYTES - block.length)));
  }
  return folded;
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ (b[index] as number));
}

function encipher(snKey: Uint8Array, block: Uint8Array): Uint8Array {
  check(snKey.length === SN_KEY_BYTES, "sn_key");
  const cipher = createCipheriv("sm4-ecb", snKey, null).setAutoPadding(false);
  return concat(cipher.update(block), cipher.final());
}
