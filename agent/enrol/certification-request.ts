import { type KeyObject, sign } from "node:crypto";
import { toTusnUri } from "../../certs/x509/identity.ts";
import { toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { concat, toUtf8 } from "../../proto/bytes.ts";
import type { Tusn } from "../../proto/tusn.ts";

// DER for this one structure and nothing else: the library that the service uses for it would double the agent.

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const NULL = 0x05;
const OID = 0x06;
const UTF8_STRING = 0x0c;
const SEQUENCE = 0x30;
const SET = 0x31;
/** `[0] IMPLICIT` in place of a set, and `[6] IMPLICIT IA5String`: the URI of a GeneralName. */
const ATTRIBUTES = 0xa0;
const URI_NAME = 0x86;

const COMMON_NAME = "550403";
const SUBJECT_ALT_NAME = "551d11";
const EXTENSION_REQUEST = "2a864886f70d01090e";
const SHA256_WITH_RSA = "2a864886f70d01010b";

const PEM_LINE = /.{1,64}/g;

/**
 * A certification request (PKCS#10, RFC 2986) in PEM for the terminal's device key, which signs it with SHA-256: the TUSN
 * as common name and, as `urn:tusn:<TUSN>`, as the one subject alternative name. The same key gives the same bytes.
 */
export function createCertificationRequest(deviceKey: KeyObject, tusn: Tusn): string {
  const info = toValue(
    SEQUENCE,
    toValue(INTEGER, Uint8Array.of(0)),
    toName(tusn),
    toRsaPublicKey(deviceKey).export({ type: "spki", format: "der" }),
    toValue(ATTRIBUTES, toExtensionRequest(tusn)),
  );
  const algorithm = toValue(SEQUENCE, toOid(SHA256_WITH_RSA), toValue(NULL));
  return toPem(toValue(SEQUENCE, info, algorithm, toBits(sign("sha256", info, deviceKey))));
}

function toName(tusn: Tusn): Uint8Array {
  const commonName = toValue(SEQUENCE, toOid(COMMON_NAME), toValue(UTF8_STRING, toUtf8(tusn)));
  return toValue(SEQUENCE, toValue(SET, commonName));
}

function toExtensionRequest(tusn: Tusn): Uint8Array {
  const names = toValue(SEQUENCE, toValue(URI_NAME, toUtf8(toTusnUri(tusn))));
  const extension = toValue(SEQUENCE, toOid(SUBJECT_ALT_NAME), toValue(OCTET_STRING, names));
  return toValue(SEQUENCE, toOid(EXTENSION_REQUEST), toValue(SET, toValue(SEQUENCE, extension)));
}

function toOid(hex: string): Uint8Array {
  return toValue(OID, Buffer.from(hex, "hex"));
}

/** A bit string of whole bytes. */
function toBits(bytes: Uint8Array): Uint8Array {
  return toValue(BIT_STRING, Uint8Array.of(0), bytes);
}

/** Tag, length in its shortest form, content. */
function toValue(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  return concat(Uint8Array.of(tag, ...toLength(content.length)), content);
}

function toLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function toPem(der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(PEM_LINE) ?? [];
  return ["-----BEGIN CERTIFICATE REQUEST-----", ...lines, "-----END CERTIFICATE REQUEST-----", ""].join("\n");
}
