import { timingSafeEqual } from "node:crypto";
import { toHex } from "../../proto/bytes.ts";
import { BLOCK_BYTES, encipher } from "./des.ts";

/** Field 64: 8 upper-case hexadecimal characters. */
export const MAC_BYTES = 8;

/**
 * The MAC of UnionPay terminals: data padded with 0x00 and folded into one block by XOR, that block as 16 upper-case
 * hexadecimal characters, the first 8 enciphered, XOR the last 8, enciphered, first 8 hexadecimal characters.
 *
 * @param key the working key (MAK), 8 bytes (DES) or 16 bytes (triple DES)
 * @throws TillsyncError KEY_INVALID
 */
export function toMac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const hex = toHexText(fold(data));
  const first = encipher(key, hex.subarray(0, BLOCK_BYTES));
  const second = encipher(key, xor(first, hex.subarray(BLOCK_BYTES)));
  return toHexText(second).subarray(0, MAC_BYTES);
}

/** Whether a MAC is there and equal to the expected one, in constant time. */
export function isMac(mac: Uint8Array | undefined, expected: Uint8Array): boolean {
  return mac !== undefined && mac.length === expected.length && timingSafeEqual(mac, expected);
}

function fold(data: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  return block.map((_, column) => {
    let folded = 0;
    for (let i = column; i < data.length; i += BLOCK_BYTES) folded ^= data[i] as number;
    return folded;
  });
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] as number));
}

function toHexText(bytes: Uint8Array): Uint8Array {
  return Buffer.from(toHex(bytes).toUpperCase(), "latin1");
}
