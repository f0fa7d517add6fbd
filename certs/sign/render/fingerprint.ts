import { toDigest, toHex } from "../../../proto/bytes.ts";

/** 40 digits are 132 bits. */
const DIGITS = 40;
const DIGITS_PER_GROUP = 5;

/** SHA-256 of the bytes as groups of decimal digits, the same in every language, for two people on the telephone. */
export function toFingerprint(bytes: Uint8Array): string {
  return toDigits(toDigest(bytes));
}

/** The same of a digest that is there already, such as a device key's name. */
export function toDigits(digest: Uint8Array): string {
  const number = BigInt(`0x${toHex(digest)}`) % 10n ** BigInt(DIGITS);
  const digits = number.toString().padStart(DIGITS, "0");
  return (digits.match(new RegExp(`.{${DIGITS_PER_GROUP}}`, "g")) ?? []).join(" ");
}
