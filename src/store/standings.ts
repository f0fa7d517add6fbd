import type { Tusn } from "../../proto/tusn.ts";
import { SUPERSEDED } from "./certificates.ts";
import type { CertificateRow, TerminalRow } from "./schema.ts";
import { inChunks, type Store } from "./store.ts";

// As much of the records as connecting needs, and no more: it is asked for by every terminal at once after an outage.

export type TerminalStanding = Pick<TerminalRow, "tusn" | "life" | "deviceKey" | "certificateFingerprint">;
export type CertificateStanding = Pick<CertificateRow, "fingerprint" | "tusn" | "deviceKey" | "revokedAt">;
export type RevokedSerial = Pick<CertificateRow, "serial" | "revokedAt">;

export function findStandings(db: Store, tusns: readonly Tusn[]): Promise<readonly TerminalStanding[]> {
  return inChunks(tusns, (chunk) =>
    db
      .selectFrom("terminals")
      .select(["tusn", "life", "deviceKey", "certificateFingerprint"])
      .where("tusn", "in", chunk)
      .execute(),
  );
}

export function findCertificateStandings(
  db: Store,
  fingerprints: readonly Uint8Array[],
): Promise<readonly CertificateStanding[]> {
  return inChunks(fingerprints, (chunk) =>
    db
      .selectFrom("certificates")
      .select(["fingerprint", "tusn", "deviceKey", "revokedAt"])
      .where("fingerprint", "in", chunk)
      .execute(),
  );
}

/**
 * Serial numbers of certificates that are revoked and would still be valid at `now`, in seconds. Those are left out that
 * a renewal took the place of: there is one for every terminal, and the records refuse them all the same.
 */
export function listRevokedSerials(db: Store, now: number): Promise<readonly RevokedSerial[]> {
  return db
    .selectFrom("certificates")
    .select(["serial", "revokedAt"])
    .where("revokedAt", "is not", null)
    .where("revokedWhy", "!=", SUPERSEDED)
    .where("notAfter", ">=", now)
    .orderBy("revokedAt")
    .execute();
}
