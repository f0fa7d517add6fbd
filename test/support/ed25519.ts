import { createHash } from "node:crypto";

// Ed25519 (RFC 8032 section 5.1) by the book and not in constant time: only so can a test make the keys and signatures
// that no honest program makes.

const P = 2n ** 255n - 19n;
/** Order of the base point. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * invert(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

/** In affine coordinates. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export const NEUTRAL: Point = { x: 0n, y: 1n };
const BASE = decodePoint(Buffer.from(`58${"66".repeat(31)}`, "hex"));

function mod(value: bigint, modulus = P): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function invert(value: bigint): bigint {
  return power(value, P - 2n);
}

export function add(a: Point, b: Point): Point {
  return toAffine(addExtended(toExtended(a), toExtended(b)));
}

export function multiply(scalar: bigint, point: Point): Point {
  let [result, double] = [toExtended(NEUTRAL), toExtended(point)];
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = addExtended(result, double);
    double = addExtended(double, double);
  }
  return toAffine(result);
}

/** x = X / Z, y = Y / Z, x y = T / Z (section 5.1.4): no division until the end. */
interface Extended extends Point {
  readonly z: bigint;
  readonly t: bigint;
}

function toExtended({ x, y }: Point): Extended {
  return { x, y, z: 1n, t: mod(x * y) };
}

function toAffine({ x, y, z }: Extended): Point {
  const inverse = invert(z);
  return { x: mod(x * inverse), y: mod(y * inverse) };
}

function addExtended(p: Extended, q: Extended): Extended {
  const a = mod((p.y - p.x) * (q.y - q.x));
  const b = mod((p.y + p.x) * (q.y + q.x));
  const c = mod(2n * D * p.t * q.t);
  const d = mod(2n * p.z * q.z);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return { x: mod(e * f), y: mod(g * h), t: mod(e * h), z: mod(f * g) };
}

export function toBase(scalar: bigint): Point {
  return multiply(mod(scalar, L), BASE);
}

/** The canonical encoding, 32 bytes. */
export function encodePoint({ x, y }: Point): Buffer {
  return toLittleEndian(y + (x & 1n) * 2n ** 255n);
}

/** Throws where no point of the curve has this y. */
export function decodePoint(bytes: Uint8Array): Point {
  const encoded = fromLittleEndian(bytes);
  const y = mod(encoded % 2n ** 255n);
  const square = mod((y * y - 1n) * invert(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x) !== square) throw new Error("not on the curve");
  return { x: (x & 1n) === encoded >> 255n ? x : mod(-x), y };
}

/** 32 bytes, the least one first. */
export function toLittleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

/** What a message is multiplied with: SHA-512 over R, A and the message. */
export function toChallenge(r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint {
  return mod(fromLittleEndian(sha512(r, a, message)), L);
}

/** Secret scalar and nonce prefix of a 32-byte private key (section 5.1.5). */
export function expand(secret: Uint8Array): { readonly scalar: bigint; readonly prefix: Uint8Array } {
  const digest = sha512(secret);
  const low = Buffer.from(digest.subarray(0, 32));
  low.writeUInt8(low.readUInt8(0) & 0xf8, 0);
  low.writeUInt8((low.readUInt8(31) & 0x7f) | 0x40, 31);
  return { scalar: fromLittleEndian(low), prefix: digest.subarray(32) };
}

/** What goes into a signature besides the private key. */
export interface Making {
  /** Encoding of A that verifiers have. */
  readonly publicKey: Uint8Array;
  /** Encoding of R, and its discrete logarithm as far as the base point goes. */
  readonly r: Uint8Array;
  readonly nonce: bigint;
}

/** R and S = nonce + challenge * scalar. */
export function makeSignature(scalar: bigint, message: Uint8Array, { publicKey, r, nonce }: Making): Buffer {
  const s = mod(nonce + toChallenge(r, publicKey, message) * scalar, L);
  return Buffer.concat([r, toLittleEndian(s)]);
}

/** As section 5.1.6 has it. */
export function signByTheBook(secret: Uint8Array, message: Uint8Array): Buffer {
  const { scalar, prefix } = expand(secret);
  const nonce = mod(fromLittleEndian(sha512(prefix, message)), L);
  const publicKey = encodePoint(toBase(scalar));
  return makeSignature(scalar, message, { publicKey, r: encodePoint(toBase(nonce)), nonce });
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  return parts.reduce((hash, part) => hash.update(part), createHash("sha512")).digest();
}
