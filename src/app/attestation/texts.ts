import { X509Certificate } from "node:crypto";
import { toRedacted } from "../../../proto/redaction.ts";

// Values from rows as an attestation tells them.

const MAX_CHARACTERS = 2_000;

/** A free text: no card number, and no longer than an attestation takes. */
export function toTold(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_CHARACTERS));
  return toRedacted(
    characters
      .slice(0, MAX_CHARACTERS)
      .join("")
      .replace(/\p{Surrogate}/gu, ""),
  );
}

/** A certificate in DER or PEM; undefined for a row that somebody has edited. */
export function findCertificate(bytes: Uint8Array | string): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

/** Subject or issuer in one line. */
export function toNameLine(name: string): string {
  return toTold(name.replaceAll("\n", ", "));
}

/** Seconds of a certificate's time. */
export function toCertificateTime(text: string): number {
  return Math.max(0, Math.floor(Date.parse(text) / 1_000) || 0);
}
