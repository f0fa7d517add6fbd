import type { asn1 as Asn1 } from "node-forge";
import asn1 from "node-forge/lib/asn1.js";
import { isEqual } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";

// The one structure of an encrypted private key that we write and read: EncryptedPrivateKeyInfo (RFC 5958 section 3)
// with PBES2 (RFC 8018 section 6.2), scrypt (RFC 7914 section 7.1) and AES-256-GCM (RFC 5084 section 3.2). The structure is
// node-forge's business, the cryptography node:crypto's.

const PBES2 = "1.2.840.113549.1.5.13";
const SCRYPT = "1.3.6.1.4.1.11591.4.11";
const AES_256_GCM = "2.16.840.1.101.3.4.1.46";

/** What a file may ask for: at most 256 MiB, and not so little that guessing the passphrase is cheap. */
const MIN_N = 2 ** 14;
const MAX_N = 2 ** 18;
const R = 8;
const MAX_P = 4;
const KEY_BYTES = 32;
const SALT_BYTES: readonly [min: number, max: number] = [16, 64];
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_SEALED_BYTES = 256;

/** Cost of scrypt: N (a power of two), r and p of RFC 7914. Memory is 128 N r bytes. */
export interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

export interface Encrypted {
  readonly salt: Uint8Array;
  readonly cost: ScryptCost;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** Ciphertext with the tag of 16 bytes behind it. */
  readonly sealed: Uint8Array;
}

/** DER of an EncryptedPrivateKeyInfo. */
export function toEncryptedDer({ salt, cost, nonce, sealed }: Encrypted): Buffer {
  const derivation = sequence(
    oid(SCRYPT),
    sequence(octets(salt), integer(cost.n), integer(cost.r), integer(cost.p), integer(KEY_BYTES)),
  );
  const encryption = sequence(oid(AES_256_GCM), sequence(octets(nonce), integer(TAG_BYTES)));
  return toDer(sequence(sequence(oid(PBES2), sequence(derivation, encryption)), octets(sealed)));
}

/**
 * Reads the DER of a hostile file: exactly the structure above, within the bounds.
 *
 * @throws TillsyncError KEY_INVALID
 */
export function parseEncrypted(der: Uint8Array): Encrypted {
  const [algorithm, sealed] = toParts(readDer(der), 2);
  const [pbes2, parameters] = toParts(algorithm, 2);
  const [derivation, encryption] = toParts(parameters, 2);
  const [scrypt, scryptParameters] = toParts(derivation, 2);
  const [cipher, cipherParameters] = toParts(encryption, 2);
  const [salt, n, r, p, keyLength] = toParts(scryptParameters, 5);
  const [nonce, tagLength] = toParts(cipherParameters, 2);
  demand(isSame(pbes2, oid(PBES2)) && isSame(scrypt, oid(SCRYPT)) && isSame(cipher, oid(AES_256_GCM)), "algorithms");
  demand(isSame(keyLength, integer(KEY_BYTES)) && isSame(tagLength, integer(TAG_BYTES)), "lengths");
  const encrypted = {
    salt: toOctets(salt, ...SALT_BYTES),
    cost: toCost(toInteger(n), toInteger(r), toInteger(p)),
    nonce: toOctets(nonce, NONCE_BYTES, NONCE_BYTES),
    sealed: toOctets(sealed, TAG_BYTES + 1, MAX_SEALED_BYTES),
  };
  // One way to write each value: what the reader was lenient about shows here.
  demand(isEqual(toEncryptedDer(encrypted), der), "DER");
  return encrypted;
}

function toCost(n: number, r: number, p: number): ScryptCost {
  const isPowerOfTwo = Number.isInteger(Math.log2(n));
  demand(isPowerOfTwo && n >= MIN_N && n <= MAX_N && r === R && p >= 1 && p <= MAX_P, "scrypt");
  return { n, r, p };
}

function readDer(der: Uint8Array): Asn1.Asn1 {
  try {
    const options = { strict: true, parseAllBytes: true, decodeBitStrings: false };
    return asn1.fromDer(Buffer.from(der).toString("latin1"), options);
  } catch {
    throw invalid("DER");
  }
}

function toParts(node: Asn1.Asn1 | undefined, count: number): readonly (Asn1.Asn1 | undefined)[] {
  if (!Array.isArray(node?.value) || node.value.length !== count) throw invalid("structure");
  return node.value;
}

function toOctets(node: Asn1.Asn1 | undefined, min: number, max: number): Uint8Array {
  const bytes = toBytes(node, asn1.Type.OCTETSTRING);
  demand(bytes.length >= min && bytes.length <= max, "lengths");
  return bytes;
}

function toInteger(node: Asn1.Asn1 | undefined): number {
  const bytes = toBytes(node, asn1.Type.INTEGER);
  demand(bytes.length >= 1 && bytes.length <= 4, "scrypt");
  return bytes.readIntBE(0, bytes.length);
}

function toBytes(node: Asn1.Asn1 | undefined, type: Asn1.Type): Buffer {
  if (node === undefined || node.type !== type || typeof node.value !== "string") throw invalid("structure");
  return Buffer.from(node.value, "latin1");
}

function isSame(node: Asn1.Asn1 | undefined, expected: Asn1.Asn1): boolean {
  return node !== undefined && isEqual(toDer(node), toDer(expected));
}

function sequence(...parts: Asn1.Asn1[]): Asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts);
}

function oid(name: string): Asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(name).getBytes());
}

function integer(value: number): Asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.INTEGER, false, asn1.integerToDer(value).getBytes());
}

function octets(bytes: Uint8Array): Asn1.Asn1 {
  const value = Buffer.from(bytes).toString("latin1");
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, value);
}

function toDer(node: Asn1.Asn1): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), "latin1");
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw invalid(what);
}

function invalid(what: string): TillsyncError {
  return new TillsyncError("KEY_INVALID", { what });
}
