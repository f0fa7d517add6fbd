import { sign } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";
import { check, checkRange } from "../../proto/check.ts";
import type { KeyAndCertificate } from "./authority.ts";
import {
  joinDer,
  toBits,
  toDer,
  toNull,
  toOctets,
  toOid,
  toPem,
  toPositive,
  toSequence,
  toSequenceOf,
  toTagged,
  toTaggedBytes,
  toTime,
  toWhole,
} from "./der.ts";
import { parseRsaKey } from "./rsa-key.ts";

const SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
const CRL_NUMBER = "2.5.29.20";
/** Version 2 is written as 1. */
const VERSION_2 = 1;
/** As `createCertificate` makes them, and some way beyond (RFC 5280 section 4.1.2.2: 20 bytes). */
const SERIAL = /^(?:[0-9a-f]{2}){1,20}$/;
/** What one list may hold: more than a fleet ever revokes within the life of its certificates. */
export const MAX_REVOKED = 1_000_000;

const signAsync = promisify(sign);

export interface RevokedCertificate {
  /** Serial number in lower-case hexadecimal, as records hold it. */
  readonly serial: string;
  /** When it was revoked, in seconds. */
  readonly at: number;
}

export interface RevocationListRequest {
  readonly revoked: readonly RevokedCertificate[];
  /** Number of the list, above that of every list before it. */
  readonly number: number;
  /** Times in seconds: when the list was made, and by when there will be another. Whoever checks does so by his own clock. */
  readonly now: number;
  readonly nextUpdate: number;
}

/**
 * The authority's list of revoked certificates in PEM: a version 2 CRL of RFC 5280 with the list's number and the
 * authority's key identifier, SHA-256 with RSA.
 *
 * @throws TillsyncError FIELD_INVALID for a serial, number or time out of its range; KEY_INVALID
 */
export async function createRevocationList(
  authority: KeyAndCertificate,
  { revoked, number, now, nextUpdate }: RevocationListRequest,
): Promise<string> {
  check(revoked.length <= MAX_REVOKED, "revoked");
  checkRange(number, 0, Number.MAX_SAFE_INTEGER, "number");
  checkRange(nextUpdate, now + 1, Number.MAX_SAFE_INTEGER, "nextUpdate");
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const algorithm = toSequence(toOid(SHA256_WITH_RSA), toNull());
  const tbs = toDer(
    toSequence(
      ...[toWhole(VERSION_2), algorithm, forge.pki.distinguishedNameToAsn1(issuer.subject)],
      ...[toTime(now), toTime(nextUpdate)],
      // An empty list has no such member at all.
      ...(revoked.length === 0 ? [] : [toSequenceOf(revoked.map(toEntry))]),
      toTagged(0, toSequenceOf(toExtensions(issuer, number))),
    ),
  );
  const signature = await signAsync("sha256", tbs, parseRsaKey(authority.key));
  // The signed bytes go in as they are: nothing is encoded twice.
  return toPem("X509 CRL", joinDer(tbs, toDer(algorithm), toDer(toBits(signature))));
}

function toEntry({ serial, at }: RevokedCertificate) {
  check(SERIAL.test(serial), "serial");
  return toSequence(toPositive(Buffer.from(serial, "hex")), toTime(at));
}

function toExtensions(issuer: forge.pki.Certificate, number: number) {
  const keyIdentifier = Buffer.from(issuer.generateSubjectKeyIdentifier().getBytes(), "latin1");
  const authorityKey = toSequence(toTaggedBytes(0, keyIdentifier));
  return [
    toSequence(toOid(AUTHORITY_KEY_IDENTIFIER), toOctets(toDer(authorityKey))),
    toSequence(toOid(CRL_NUMBER), toOctets(toDer(toWhole(number)))),
  ];
}
