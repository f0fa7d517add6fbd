import type forge from "node-forge";
import asn1 from "node-forge/lib/asn1.js";

// What RFC 5280, 2986 and 5652 are written in, said shortly. Trees by node-forge, and no meaning.

export type Asn1 = forge.asn1.Asn1;

const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;
const { BITSTRING, INTEGER, NULL, OCTETSTRING, OID, SEQUENCE, SET, UTCTIME, GENERALIZEDTIME } = asn1.Type;

/** Times up to the end of 2049 are written with two digits for the year (RFC 5280 section 4.1.2.5). */
const FIRST_LONG_YEAR = 2_050;
const PEM_LINE = 64;
const SEQUENCE_TAG = 0x30;

/** Any bytes as node-forge has them: one character each. */
export function toForgeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

export function toSequence(...members: readonly Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, SEQUENCE, true, [...members]);
}

/** As many as there are: more than a call takes arguments. */
export function toSequenceOf(members: readonly Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, SEQUENCE, true, members as Asn1[]);
}

export function toSet(...members: readonly Asn1[]): Asn1 {
  return asn1.create(UNIVERSAL, SET, true, [...members]);
}

/** `[tag]` around the members: EXPLICIT around one, IMPLICIT in place of a sequence or set. */
export function toTagged(tag: number, ...members: readonly Asn1[]): Asn1 {
  return asn1.create(CONTEXT_SPECIFIC, tag, true, [...members]);
}

/** `[tag] IMPLICIT` of a primitive type. */
export function toTaggedBytes(tag: number, bytes: Uint8Array): Asn1 {
  return asn1.create(CONTEXT_SPECIFIC, tag, false, toForgeBytes(bytes));
}

/** From the number's shortest form: bytes of a positive one, big-endian. */
export function toPositive(bytes: Uint8Array): Asn1 {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const short = bytes.subarray(from);
  const sign = (short[0] ?? 0) > 0x7f ? "\0" : "";
  return asn1.create(UNIVERSAL, INTEGER, false, sign + toForgeBytes(short.length === 0 ? Buffer.alloc(1) : short));
}

/** A whole number of 0 or more. */
export function toWhole(value: number): Asn1 {
  const hex = value.toString(16);
  return toPositive(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
}

export function toOid(oid: string): Asn1 {
  return asn1.create(UNIVERSAL, OID, false, asn1.oidToDer(oid).getBytes());
}

export function toNull(): Asn1 {
  return asn1.create(UNIVERSAL, NULL, false, "");
}

export function toOctets(bytes: Uint8Array): Asn1 {
  return asn1.create(UNIVERSAL, OCTETSTRING, false, toForgeBytes(bytes));
}

/** A bit string of whole bytes. */
export function toBits(bytes: Uint8Array): Asn1 {
  return asn1.create(UNIVERSAL, BITSTRING, false, `\0${toForgeBytes(bytes)}`);
}

/** UTCTime or GeneralizedTime, whichever RFC 5280 wants. `at` in seconds. */
export function toTime(at: number): Asn1 {
  const date = new Date(at * 1_000);
  return date.getUTCFullYear() < FIRST_LONG_YEAR
    ? asn1.create(UNIVERSAL, UTCTIME, false, asn1.dateToUtcTime(date))
    : asn1.create(UNIVERSAL, GENERALIZEDTIME, false, asn1.dateToGeneralizedTime(date));
}

export function toDer(tree: Asn1): Uint8Array {
  return Buffer.from(asn1.toDer(tree).getBytes(), "latin1");
}

/**
 * The tree of exactly these bytes, which encodes to them again: so they are DER, as far as lengths and tags go. What is in
 * bit and octet strings is left alone.
 *
 * @throws Error where they are not, of whatever kind
 */
export function parseDer(bytes: Uint8Array): Asn1 {
  const text = toForgeBytes(bytes);
  const tree = asn1.fromDer(text, { strict: true, parseAllBytes: true, decodeBitStrings: false });
  if (asn1.toDer(tree).getBytes() !== text) throw new Error("not DER");
  return tree;
}

/** A sequence of parts that are encoded already. */
export function joinDer(...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([SEQUENCE_TAG, body.length]), body]);
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.from([SEQUENCE_TAG, 0x80 | length.length]), length, body]);
}

/** PEM (RFC 7468) under a label such as `X509 CRL`. */
export function toPem(label: string, der: Uint8Array): string {
  const text = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString("base64");
  const lines = text.match(new RegExp(`.{1,${PEM_LINE}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
