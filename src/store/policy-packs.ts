import type { PolicyPackRow } from "./changes-schema.ts";
import type { Store, Tx } from "./store.ts";

// Policy packs as they were loaded; none is ever altered or removed.

/** @returns whether it was added; false where there is one of that version */
export async function addPack(tx: Tx, row: PolicyPackRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("policyPacks")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** By acquirer, model and version. */
export function listPacks(db: Store): Promise<readonly PolicyPackRow[]> {
  return db.selectFrom("policyPacks").selectAll().orderBy("acquirer").orderBy("model").orderBy("version").execute();
}
