import { type Kysely, sql } from "kysely";
import { createTable } from "./table.ts";

export async function addRestore(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "restores")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("restored_at", "integer", (c) => c.notNull())
    .addColumn("backup_at", "integer", (c) => c.notNull())
    .addColumn("ledger_size", "integer", (c) => c.notNull())
    .addColumn("ledger_root", "blob", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .execute();
  await createTable(db, "unsettled")
    .addColumn("tusn", "text", (c) => c.primaryKey().references("terminals.tusn"))
    .execute();
  // Whichever way a terminal comes on record: a sequence that was used before the restore must never be used again.
  await sql`
    create trigger terminals_unsettled after insert on terminals when exists (select 1 from restores)
    begin insert into unsettled (tusn) values (new.tusn); end`.execute(db);
}
