import type { ProfileRow, ReleaseRow, SignatureRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Releases with their signatures, and the profiles they carry.

export async function addRelease(tx: Tx, release: ReleaseRow, signatures: readonly SignatureRow[]): Promise<void> {
  await tx.insertInto("releases").values(release).execute();
  await tx.insertInto("signatures").values(signatures).execute();
}

export function findReleases(db: Store, ids: readonly Uint8Array[]): Promise<readonly ReleaseRow[]> {
  return inChunks(ids, (chunk) => db.selectFrom("releases").selectAll().where("id", "in", chunk).execute());
}

export function findSignatures(db: Store, releaseIds: readonly Uint8Array[]): Promise<readonly SignatureRow[]> {
  return inChunks(releaseIds, (chunk) =>
    db.selectFrom("signatures").selectAll().where("releaseId", "in", chunk).orderBy("keyId").execute(),
  );
}

/** A profile is named by its digest, so one that is there already is the same. */
export async function addProfiles(tx: Tx, rows: readonly ProfileRow[]): Promise<void> {
  await inChunks(rows, (chunk) =>
    tx
      .insertInto("profiles")
      .values(chunk)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}

export function findProfiles(db: Store, digests: readonly Uint8Array[]): Promise<readonly ProfileRow[]> {
  return inChunks(digests, (chunk) => db.selectFrom("profiles").selectAll().where("digest", "in", chunk).execute());
}
