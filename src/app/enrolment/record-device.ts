import { X509Certificate } from "node:crypto";
import { toTusn } from "../../../certs/x509/identity.ts";
import { checkRsaKey } from "../../../certs/x509/rsa-key.ts";
import { isEqual, toDigest } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { addCertificate, supersedeCertificates } from "../../store/certificates.ts";
import { findTerminals, setDevice } from "../../store/fleet.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";

/**
 * Records which device key is the terminal's, from a certificate that our own authority issued (the caller's matter).
 * From then on messages count only when signed with that key. A new certificate for the same key is a renewal; another
 * key is refused: two devices may not be one terminal.
 *
 * @throws TillsyncError CERTIFICATE_INVALID, KEY_INVALID, NOT_FOUND; STATE_CONFLICT where another key is enrolled
 */
export async function enrolTerminal(context: Context, tusn: Tusn, certificatePem: string): Promise<void> {
  const certificate = readCertificate(certificatePem);
  await transact(context.store, (tx) => recordDevice(tx, context.now(), tusn, certificate));
}

/**
 * The same, in the transaction of what led to it.
 *
 * @param kept fingerprints of the certificates that stay good beside the new one; all of them where absent
 * @throws TillsyncError as `enrolTerminal`
 */
export async function recordDevice(
  tx: Tx,
  now: number,
  tusn: Tusn,
  certificate: X509Certificate,
  kept?: readonly Uint8Array[],
): Promise<void> {
  if (toTusn(certificate) !== tusn) throw new TillsyncError("CERTIFICATE_INVALID", { expected: tusn });
  const deviceKey = checkRsaKey(certificate.publicKey).export({ type: "spki", format: "der" });
  const fingerprint = toDigest(certificate.raw);
  const [terminal] = await findTerminals(tx, [tusn]);
  if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
  if (terminal.deviceKey !== null && !isEqual(terminal.deviceKey, deviceKey)) {
    throw new TillsyncError("STATE_CONFLICT", { terminal: tusn, state: "enrolled" });
  }
  await setDevice(tx, tusn, deviceKey, fingerprint);
  await addCertificate(tx, {
    ...{ fingerprint, tusn, serial: certificate.serialNumber.toLowerCase(), deviceKey: toDigest(deviceKey) },
    ...{ bytes: certificate.raw, notAfter: toSeconds(certificate.validTo), issuedAt: now },
    ...{ revokedAt: null, revokedWhy: "" },
  });
  const superseded = kept === undefined ? 0 : await supersedeCertificates(tx, tusn, [fingerprint, ...kept], now);
  const kind = terminal.deviceKey === null ? "enrolled" : "renewed";
  const detail = superseded === 0 ? {} : { detail: { superseded } };
  await noteHappenings(tx, now, [{ tusn, kind, actor: "service", digest: fingerprint, ...detail }]);
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new TillsyncError("CERTIFICATE_INVALID", {}, cause);
  }
}

function toSeconds(date: string): number {
  return Math.floor(Date.parse(date) / 1_000);
}
