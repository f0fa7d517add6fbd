import { X509Certificate } from "node:crypto";
import { toTusn } from "../../../certs/x509/identity.ts";
import { isEqual, toDigest } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { judgeRenewal } from "../../domain/enrolment.ts";
import { findCertificates, findNewestCertificate } from "../../store/certificates.ts";
import { findTerminals } from "../../store/fleet.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toHolder } from "./facts.ts";
import { type Issuer, isFresh, issue, readRequest } from "./issue.ts";
import { recordDevice } from "./record-device.ts";

/**
 * A new certificate for the device key of a terminal that shows the one it has, whose chain and possession the caller has
 * verified in the TLS handshake. The certificate that it shows stays good until it expires, every older one is revoked: so
 * a terminal never has more than two. Asked again within REISSUE_S, the terminal gets the newest that it has.
 *
 * @throws TillsyncError REQUEST_MALFORMED, also for another key than the certificate's; CERTIFICATE_INVALID,
 *   CERTIFICATE_UNKNOWN, CERTIFICATE_REVOKED, TERMINAL_RETIRED, TERMINAL_SUSPENDED, TERMINAL_QUARANTINED
 */
export async function renewCertificate(
  context: Context,
  issuer: Issuer,
  shown: X509Certificate,
  request: Uint8Array,
): Promise<X509Certificate> {
  const tusn = toTusn(shown);
  const read = readRequest(tusn, request);
  const spki = shown.publicKey.export({ type: "spki", format: "der" });
  if (!isEqual(read.key.spki, spki)) throw new TillsyncError("REQUEST_MALFORMED", { what: "key" });
  const look = async (tx: Tx): Promise<X509Certificate | undefined> => {
    const now = context.now();
    await verifyRenewable(tx, now, shown);
    const newest = await findNewestCertificate(tx, tusn, read.key.digest);
    return isFresh(newest, now) ? new X509Certificate(newest.bytes) : undefined;
  };
  const again = await transact(context.store, look);
  if (again !== undefined) return again;
  const made = await issue(issuer, tusn, read, context.now());
  return await transact(context.store, async (tx) => {
    const other = await look(tx);
    if (other !== undefined) return other;
    await recordDevice(tx, context.now(), tusn, made, [toDigest(shown.raw)]);
    return made;
  });
}

/** @throws TillsyncError as `renewCertificate` */
async function verifyRenewable(tx: Tx, now: number, shown: X509Certificate): Promise<void> {
  const tusn = toTusn(shown);
  const [terminal] = await findTerminals(tx, [tusn]);
  const fingerprint = toDigest(shown.raw);
  const row = (await findCertificates(tx, [fingerprint])).find((found) => found.tusn === tusn);
  const code = judgeRenewal({
    now,
    life: terminal?.life ?? "retired",
    isQuarantined: (await findQuarantined(tx, [tusn])).length > 0,
    holder: toHolder(terminal?.deviceKey, shown.publicKey.export({ type: "spki", format: "der" })),
    ...(row === undefined ? {} : { certificate: { notAfter: row.notAfter, isRevoked: row.revokedAt !== null } }),
  });
  if (code !== undefined) throw new TillsyncError(code);
}
