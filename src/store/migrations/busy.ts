import type { Kysely } from "kysely";

/** Why a terminal would not take a profile, as it says in its hello. */
export async function addBusy(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("reported").addColumn("busy", "text").execute();
}
