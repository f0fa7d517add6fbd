import { timingSafeEqual } from "node:crypto";
import { toDigest, toUtf8 } from "../../../proto/bytes.ts";
import type { Context } from "../context.ts";

// One-time tokens as people read, type and copy them. A service keeps their digests only.

/** 32 digits without those that look like others: I, L, O and U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BITS = 5;
const GROUPS = 7;
const GROUP = 4;
const CHARACTERS = GROUPS * GROUP;
/** 140 bits of chance in all. */
const RANDOM_BYTES = Math.ceil((CHARACTERS * BITS) / 8);
/** Longer text is no token, with however many spaces and hyphens. */
const MAX_CHARACTERS = 128;

/** Seven groups of four characters, such as `7K2M-…`. */
export function createToken({ randomBytes }: Pick<Context, "randomBytes">): string {
  let bits = BigInt(`0x${Buffer.from(randomBytes(RANDOM_BYTES)).toString("hex")}`);
  let text = "";
  for (let count = 0; count < CHARACTERS; count += 1) {
    text += ALPHABET[Number(bits & 31n)];
    bits >>= BigInt(BITS);
  }
  return (text.match(new RegExp(`.{${GROUP}}`, "g")) ?? []).join("-");
}

/** What is kept of a token, however it was typed: in small letters, without hyphens, with O for 0 or I and L for 1. */
export function toTokenDigest(token: string): Uint8Array {
  const typed = token.slice(0, MAX_CHARACTERS).toUpperCase().replace(/[\s-]/g, "");
  return toDigest(toUtf8(typed.replaceAll("O", "0").replace(/[IL]/g, "1")));
}

/** In constant time; against nothing it takes as long. */
export function isToken(digest: Uint8Array, kept: Uint8Array | undefined): boolean {
  const isEqual = timingSafeEqual(digest, kept ?? toDigest(digest));
  return isEqual && kept !== undefined;
}
