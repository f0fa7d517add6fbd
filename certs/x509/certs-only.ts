import { parseDer, toDer, toOid, toSequence, toSet, toTagged, toWhole } from "./der.ts";

const SIGNED_DATA = "1.2.840.113549.1.7.2";
const DATA = "1.2.840.113549.1.7.1";
const VERSION_1 = 1;

/**
 * Certificates as EST hands them over (RFC 7030 sections 4.1.3 and 4.2.3): a CMS SignedData in DER that nobody signed and
 * that holds nothing else.
 *
 * @param certificates X.509 in DER that we or OpenSSL have made
 */
export function createCertsOnly(certificates: readonly Uint8Array[]): Uint8Array {
  const signedData = toSequence(
    toWhole(VERSION_1),
    toSet(),
    toSequence(toOid(DATA)),
    toTagged(0, ...certificates.map(parseDer)),
    toSet(),
  );
  return toDer(toSequence(toOid(SIGNED_DATA), toTagged(0, signedData)));
}
