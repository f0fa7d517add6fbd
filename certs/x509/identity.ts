import type { KeyObject, X509Certificate } from "node:crypto";
import { toDigest } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { isTusn, type Tusn } from "../../proto/tusn.ts";

// No node-forge here: the agent's bundle takes this file.

const TUSN_URN = "urn:tusn:";

/**
 * Node quotes a name that holds anything unusual and joins names by ", ", so that a match over the whole text means
 * exactly one name, which is this URI.
 */
const SOLE_TUSN_NAME = /^URI:urn:tusn:([0-9A-Z]+)$/;

/** The subject alternative name, a URI, that says which terminal a certificate is for. */
export function toTusnUri(tusn: Tusn): string {
  return `${TUSN_URN}${tusn}`;
}

/**
 * The terminal that a certificate names. Says nothing of who issued it: verify the chain first.
 *
 * @throws TillsyncError CERTIFICATE_INVALID unless its only subject alternative name is `urn:tusn:<TUSN>`
 */
export function toTusn(certificate: X509Certificate): Tusn {
  const tusn = SOLE_TUSN_NAME.exec(certificate.subjectAltName ?? "")?.[1];
  if (tusn === undefined || !isTusn(tusn)) throw new TillsyncError("CERTIFICATE_INVALID");
  return tusn;
}

/** Name of a device key: SHA-256 of its SubjectPublicKeyInfo in DER. */
export function toDeviceKey(publicKey: KeyObject): Uint8Array {
  return toDigest(publicKey.export({ type: "spki", format: "der" }));
}
