import { type KeyObject, X509Certificate } from "node:crypto";
import { toDeviceKey, toTusn } from "../../certs/x509/identity.ts";
import { isEqual } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Authorities in one file: the present one, and those that come and go. */
export const MAX_AUTHORITIES = 16;

/** What a certificate must be to be this terminal's. */
export interface Expected {
  readonly tusn: Tusn;
  readonly publicKey: KeyObject;
  readonly authorities: readonly X509Certificate[];
  /** Seconds. */
  readonly now: number;
}

/** The certificates of a PEM file of authorities. @throws TillsyncError CERTIFICATE_INVALID */
export function parseAuthorities(pem: string): readonly X509Certificate[] {
  const found = (pem.match(PEM_CERTIFICATE) ?? []).map(parseCertificate);
  const isFine = found.length > 0 && found.length <= MAX_AUTHORITIES && found.every(({ ca }) => ca);
  if (!isFine) throw new TillsyncError("CERTIFICATE_INVALID", { what: "no authorities" });
  return found;
}

/** @throws TillsyncError CERTIFICATE_INVALID */
export function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new TillsyncError("CERTIFICATE_INVALID", { what: "unreadable" }, cause);
  }
}

/**
 * A certificate that is good for this terminal now: for its key and its TUSN, issued by an authority that was named on
 * the terminal, and within its time.
 *
 * @throws TillsyncError CERTIFICATE_INVALID naming what is wrong
 */
export function verifyCertificate(pem: string, { tusn, publicKey, authorities, now }: Expected): X509Certificate {
  const certificate = parseCertificate(pem);
  check(isEqual(toDeviceKey(certificate.publicKey), toDeviceKey(publicKey)), "another key");
  check(toTusn(certificate) === tusn, "another terminal");
  const isIssuer = (authority: X509Certificate) =>
    certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  check(authorities.some(isIssuer), "another authority");
  const { notBefore, notAfter } = toTerm(certificate);
  check(notBefore <= now, "not valid yet");
  check(now < notAfter, "expired");
  return certificate;
}

/** From when until when a certificate is valid, in seconds. */
export function toTerm(certificate: X509Certificate): { readonly notBefore: number; readonly notAfter: number } {
  return { notBefore: Date.parse(certificate.validFrom) / 1_000, notAfter: Date.parse(certificate.validTo) / 1_000 };
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new TillsyncError("CERTIFICATE_INVALID", { what });
}
