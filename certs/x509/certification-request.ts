import { createPublicKey, type KeyObject, verify } from "node:crypto";
import asn1 from "node-forge/lib/asn1.js";
import { TillsyncError } from "../../proto/errors.ts";
import { type Asn1, parseDer, toDer } from "./der.ts";
import { RSA_BITS } from "./rsa-key.ts";

// PKCS#10 (RFC 2986) as it comes from anybody. node-forge tells the members apart, and its reading counts only where it
// encodes to the very bytes that came; keys and signatures are OpenSSL's matter.

/** A request of a key of 4,096 bits with a name or two is a quarter of that. */
export const MAX_REQUEST_BYTES = 8_192;
/** The same as text. */
export const MAX_REQUEST_PEM_CHARACTERS = 12_288;
/** A device key's bytes and signatures have their bounds in the protocol. */
const MAX_RSA_BITS = 4_096;
const PUBLIC_EXPONENT = 65_537n;

const COMMON_NAME = "2.5.4.3";
const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
const SUBJECT_ALT_NAME = "2.5.29.17";
/** SHA-256, 384 and 512 with RSASSA-PKCS1-v1_5. */
const HASHES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
};
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;
const { BITSTRING, BOOLEAN, INTEGER, NULL, OCTETSTRING, OID, SEQUENCE, SET, UTF8, PRINTABLESTRING, IA5STRING } =
  asn1.Type;
const URI_NAME = 6;
const MAX_NAME_CHARACTERS = 256;

/** What a request asks for, once its own key has signed it. Names are what somebody wrote: nothing proves them. */
export interface CertificationRequest {
  /** RSA of 2,048 to 4,096 bits with exponent 65537. */
  readonly publicKey: KeyObject;
  /** Empty where the subject has none. */
  readonly commonName: string;
  /** URIs of the subject alternative name that it asks for; there may be no names of other kinds. */
  readonly uris: readonly string[];
}

/**
 * A certification request whose own key signed it, with SHA-256 or longer.
 *
 * @throws TillsyncError REQUEST_MALFORMED for anything else, whatever the bytes are
 */
export function parseCertificationRequest(der: Uint8Array): CertificationRequest {
  demand(der.length <= MAX_REQUEST_BYTES, "length");
  try {
    return readRequest(parseDer(der));
  } catch (cause) {
    throw cause instanceof TillsyncError ? cause : new TillsyncError("REQUEST_MALFORMED", {}, cause);
  }
}

/** The DER bytes of a request in PEM (RFC 7468), and nothing beside it. @throws TillsyncError REQUEST_MALFORMED */
export function parseRequestPem(pem: string): Uint8Array {
  demand(pem.length <= MAX_REQUEST_PEM_CHARACTERS, "length");
  const [, begin, body = "", end] = PEM.exec(pem) ?? [];
  demand(begin !== undefined && begin === end, "pem");
  return parseBase64(body);
}

const PEM = /^\s*-----BEGIN ((?:NEW )?CERTIFICATE REQUEST)-----\r?\n([A-Za-z0-9+/=\s]*)-----END ([A-Z ]+)-----\s*$/;

/** Bytes from base64 with white space anywhere, as EST has it (RFC 8951). @throws TillsyncError REQUEST_MALFORMED */
export function parseBase64(text: string): Uint8Array {
  demand(text.length <= MAX_REQUEST_PEM_CHARACTERS, "length");
  const packed = text.replace(/\s/g, "");
  const bytes = Buffer.from(packed, "base64");
  demand(packed !== "" && bytes.toString("base64") === packed, "base64");
  return bytes;
}

function readRequest(tree: Asn1): CertificationRequest {
  const [info, algorithm, signature] = toMembers(tree, SEQUENCE, 3);
  const [version, subject, spki, attributes] = toMembers(info, SEQUENCE, 4);
  demand(toBytes(version, INTEGER) === "\0", "version");
  const publicKey = createPublicKey({ key: Buffer.from(toDer(spki as Asn1)), format: "der", type: "spki" });
  checkKey(publicKey);
  const bits = toBytes(signature, BITSTRING);
  demand(bits.startsWith("\0"), "signature");
  const value = Buffer.from(bits.slice(1), "latin1");
  // The whole encodes to what came, and so its parts are the bytes that were signed.
  demand(verify(toHash(algorithm), toDer(info as Asn1), publicKey, value), "signature");
  return { publicKey, commonName: readCommonName(subject), uris: readUris(attributes) };
}

function checkKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): void {
  const { modulusLength = 0, publicExponent } = asymmetricKeyDetails ?? {};
  demand(asymmetricKeyType === "rsa", "key");
  demand(modulusLength >= RSA_BITS && modulusLength <= MAX_RSA_BITS && publicExponent === PUBLIC_EXPONENT, "key");
}

function toHash(algorithm: Asn1 | undefined): string {
  const [oid, parameters, ...others] = toMembers(algorithm, SEQUENCE);
  const hash = HASHES[toOidText(oid)];
  demand(others.length === 0 && toBytes(parameters, NULL) === "" && hash !== undefined, "algorithm");
  return hash as string;
}

function readCommonName(subject: Asn1 | undefined): string {
  const names = toMembers(subject, SEQUENCE)
    .flatMap((set) => toMembers(set, SET))
    .map((attribute) => toMembers(attribute, SEQUENCE, 2))
    .filter(([oid]) => toOidText(oid) === COMMON_NAME)
    .map(([, value]) => toText(value));
  demand(names.length <= 1, "subject");
  return names[0] ?? "";
}

function readUris(attributes: Asn1 | undefined): readonly string[] {
  const found = toTagged(attributes, 0)
    .map((attribute) => toMembers(attribute, SEQUENCE, 2))
    .filter(([oid]) => toOidText(oid) === EXTENSION_REQUEST)
    .flatMap(([, values]) => toMembers(values, SET, 1))
    .flatMap((extensions) => toMembers(extensions, SEQUENCE))
    .map((extension) => toMembers(extension, SEQUENCE))
    .filter(([oid]) => toOidText(oid) === SUBJECT_ALT_NAME);
  demand(found.length <= 1, "subjectAltName");
  return found.flatMap(([, ...rest]) => {
    const [isCritical] = rest;
    const value = isCritical?.type === BOOLEAN ? rest[1] : isCritical;
    const names = parseDer(Buffer.from(toBytes(value, OCTETSTRING), "latin1"));
    return toMembers(names, SEQUENCE).map(toUri);
  });
}

function toUri({ tagClass, type, value }: Asn1): string {
  demand(tagClass === CONTEXT_SPECIFIC && type === URI_NAME && typeof value === "string", "subjectAltName");
  return toName(value as string);
}

function toText(node: Asn1 | undefined): string {
  const isText = node !== undefined && [UTF8, PRINTABLESTRING, IA5STRING].includes(node.type);
  demand(isText && node.tagClass === UNIVERSAL && typeof node.value === "string", "subject");
  return toName(node?.value as string);
}

/** Whoever writes other characters than these names nothing of ours. */
function toName(text: string): string {
  demand(text.length <= MAX_NAME_CHARACTERS && /^[\x20-\x7e]*$/.test(text), "name");
  return text;
}

function toOidText(node: Asn1 | undefined): string {
  return asn1.derToOid(toBytes(node, OID));
}

function toMembers(node: Asn1 | undefined, type: number, count?: number): readonly Asn1[] {
  const isRight = node !== undefined && node.tagClass === UNIVERSAL && node.type === type && Array.isArray(node.value);
  demand(isRight && (count === undefined || node.value.length === count), "structure");
  return node?.value as Asn1[];
}

function toTagged(node: Asn1 | undefined, tag: number): readonly Asn1[] {
  const isRight = node?.tagClass === CONTEXT_SPECIFIC && node.type === tag && Array.isArray(node.value);
  demand(isRight, "structure");
  return node?.value as Asn1[];
}

function toBytes(node: Asn1 | undefined, type: number): string {
  const isRight = node?.tagClass === UNIVERSAL && node.type === type && typeof node.value === "string";
  demand(isRight, "structure");
  return node?.value as string;
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new TillsyncError("REQUEST_MALFORMED", { what });
}
