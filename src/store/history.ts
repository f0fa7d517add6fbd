import type { Insertable } from "kysely";
import type { HistoryRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// What happened to terminals' identities. Nothing here changes or removes a row.

export async function addHistory(tx: Tx, rows: readonly Insertable<HistoryRow>[]): Promise<void> {
  await inChunks(rows, (chunk) => tx.insertInto("history").values(chunk).execute());
}

/** Of one terminal, oldest first. */
export function listHistory(db: Store, tusn: string): Promise<readonly Selected[]> {
  return db.selectFrom("history").selectAll().where("tusn", "=", tusn).orderBy("id").execute();
}

/** At most `limit` rows after `id`, in order: what other processes did since. */
export function listHistoryAfter(db: Store, id: number, limit: number): Promise<readonly Selected[]> {
  return db.selectFrom("history").selectAll().where("id", ">", id).orderBy("id").limit(limit).execute();
}

/** The highest id; 0 where there is no row. */
export async function findLastHistory(db: Store): Promise<number> {
  const last = await db
    .selectFrom("history")
    .select((row) => row.fn.max("id").as("id"))
    .executeTakeFirst();
  return last?.id ?? 0;
}

/** A row as it is read. */
export type Selected = Omit<HistoryRow, "id"> & { readonly id: number };
