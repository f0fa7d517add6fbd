import type { AuditorRow } from "./schema.ts";
import type { Store, Tx } from "./store.ts";

// Who may use the look-up for auditors.

/** False where the name is taken, also by one that was revoked. */
export async function addAuditor(tx: Tx, row: AuditorRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("auditors")
    .values(row)
    .onConflict((conflict) => conflict.column("name").doNothing())
    .executeTakeFirst();
  return Number(numInsertedOrUpdatedRows) === 1;
}

export function findAuditor(db: Store, name: string): Promise<AuditorRow | undefined> {
  return db.selectFrom("auditors").selectAll().where("name", "=", name).executeTakeFirst();
}

/** In order of name. */
export function listAuditors(db: Store): Promise<readonly AuditorRow[]> {
  return db.selectFrom("auditors").selectAll().orderBy("name").execute();
}

/** False where there is none of that name, or it was revoked before. */
export async function revokeAuditor(tx: Tx, name: string, revokedAt: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("auditors")
    .set({ revokedAt })
    .where("name", "=", name)
    .where("revokedAt", "is", null)
    .executeTakeFirst();
  return Number(numUpdatedRows) === 1;
}
