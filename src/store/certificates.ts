import type { Tusn } from "../../proto/tusn.ts";
import type { CertificateRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Certificates that our authority issued to terminals.

/** Why a certificate is revoked that newer ones for the same key have taken the place of. */
export const SUPERSEDED = "superseded";

export async function addCertificate(tx: Tx, row: CertificateRow): Promise<void> {
  await tx
    .insertInto("certificates")
    .values(row)
    .onConflict((conflict) => conflict.column("fingerprint").doNothing())
    .execute();
}

export function findCertificates(db: Store, fingerprints: readonly Uint8Array[]): Promise<readonly CertificateRow[]> {
  return inChunks(fingerprints, (chunk) =>
    db.selectFrom("certificates").selectAll().where("fingerprint", "in", chunk).execute(),
  );
}

/** Of one terminal, oldest first. */
export function listCertificates(db: Store, tusn: Tusn): Promise<readonly CertificateRow[]> {
  return db.selectFrom("certificates").selectAll().where("tusn", "=", tusn).orderBy("issuedAt").execute();
}

/** Of these terminals, of each the oldest first. */
export function listCertificatesOf(db: Store, tusns: readonly Tusn[]): Promise<readonly CertificateRow[]> {
  return inChunks(tusns, (chunk) =>
    db.selectFrom("certificates").selectAll().where("tusn", "in", chunk).orderBy("issuedAt").execute(),
  );
}

/** Those that are revoked and would still be valid at `now`, in seconds: without their bytes, for they may be many. */
export function listRevoked(db: Store, now: number): Promise<readonly Pick<CertificateRow, "serial" | "revokedAt">[]> {
  return db
    .selectFrom("certificates")
    .select(["serial", "revokedAt"])
    .where("revokedAt", "is not", null)
    .where("notAfter", ">=", now)
    .orderBy("revokedAt")
    .execute();
}

/** Revokes every certificate of a terminal that is not revoked yet. @returns how many */
export async function revokeCertificates(tx: Tx, tusn: Tusn, revokedAt: number, revokedWhy: string): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable("certificates")
    .set({ revokedAt, revokedWhy })
    .where("tusn", "=", tusn)
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Revokes those of a terminal that are not to be kept and not revoked yet. @returns how many */
export async function supersedeCertificates(
  tx: Tx,
  tusn: Tusn,
  kept: readonly Uint8Array[],
  revokedAt: number,
): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable("certificates")
    .set({ revokedAt, revokedWhy: SUPERSEDED })
    .where("tusn", "=", tusn)
    .where("fingerprint", "not in", kept)
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** The newest certificate of a terminal for this key that is not revoked. */
export async function findNewestCertificate(
  db: Store,
  tusn: Tusn,
  deviceKey: Uint8Array,
): Promise<CertificateRow | undefined> {
  return await db
    .selectFrom("certificates")
    .selectAll()
    .where("tusn", "=", tusn)
    .where("deviceKey", "=", deviceKey)
    .where("revokedAt", "is", null)
    .orderBy("issuedAt", "desc")
    .orderBy("fingerprint")
    .executeTakeFirst();
}

/**
 * Whether this key may not be this terminal's any more, or never was to be: it was issued a certificate as another
 * terminal, one of its own was revoked, or the terminal was parted from it.
 */
export async function isSpentKey(db: Store, tusn: Tusn, deviceKey: Uint8Array): Promise<boolean> {
  const issued = await db
    .selectFrom("certificates")
    .select("tusn")
    .where("deviceKey", "=", deviceKey)
    .where((row) => {
      const isRevoked = row("revokedWhy", "not in", ["", SUPERSEDED]);
      return row.or([row("tusn", "!=", tusn), isRevoked]);
    })
    .limit(1)
    .executeTakeFirst();
  if (issued !== undefined) return true;
  const parted = await db
    .selectFrom("unbindings")
    .select("tusn")
    .where("tusn", "=", tusn)
    .where("deviceKey", "=", deviceKey)
    .where("doneAt", "is not", null)
    .limit(1)
    .executeTakeFirst();
  return parted !== undefined;
}
