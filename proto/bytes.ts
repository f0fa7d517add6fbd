import { hash } from "node:crypto";

export const DIGEST_BYTES = 32;
export const SALT_BYTES = 16;
export const NONCE_BYTES = 16;

/** SHA-256 (FIPS 180-4). */
export function toDigest(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}

/** Whether two byte strings are the same. Not constant-time: for public values only. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** UTF-8 bytes of a text. */
export function toUtf8(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

/** The byte strings one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
