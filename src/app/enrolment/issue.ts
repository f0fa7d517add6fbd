import { X509Certificate } from "node:crypto";
import { issueTerminalCertificate, type KeyAndCertificate } from "../../../certs/x509/authority.ts";
import { type CertificationRequest, parseCertificationRequest } from "../../../certs/x509/certification-request.ts";
import { toTusnUri } from "../../../certs/x509/identity.ts";
import { toDigest } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { CertificateRow } from "../../store/schema.ts";
import type { DeviceKey } from "./facts.ts";

/** A terminal that asks again so soon gets the certificate that it was issued last: its answer was lost. */
export const REISSUE_S = 3_600;

export interface Issuer {
  readonly authority: KeyAndCertificate;
  readonly certificateDays: number;
}

/** A terminal's request, read. */
export interface ReadRequest {
  readonly request: CertificationRequest;
  readonly key: DeviceKey;
}

/**
 * A request in DER by whoever says that he is this terminal. Names are not demanded; those that there are have to be its.
 *
 * @throws TillsyncError REQUEST_MALFORMED
 */
export function readRequest(tusn: Tusn, der: Uint8Array): ReadRequest {
  const request = parseCertificationRequest(der);
  const isItsOwn =
    (request.commonName === "" || request.commonName === tusn) && request.uris.every((uri) => uri === toTusnUri(tusn));
  if (!isItsOwn) throw new TillsyncError("REQUEST_MALFORMED", { what: "name" });
  const spki = request.publicKey.export({ type: "spki", format: "der" });
  return { request, key: { spki, digest: toDigest(spki) } };
}

/** A new certificate, which counts for nothing before it is on record. */
export async function issue(
  { authority, certificateDays }: Issuer,
  tusn: Tusn,
  { request }: ReadRequest,
  now: number,
): Promise<X509Certificate> {
  const at = new Date(now * 1_000);
  const { publicKey } = request;
  const pem = await issueTerminalCertificate(authority, { tusn, publicKey, days: certificateDays, now: at });
  return new X509Certificate(pem);
}

/** Whether the certificate is so new that it is handed out again. */
export function isFresh(certificate: CertificateRow | undefined, now: number): certificate is CertificateRow {
  return certificate !== undefined && now - certificate.issuedAt < REISSUE_S && certificate.notAfter > now;
}
