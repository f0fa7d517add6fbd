import { type Kysely, sql } from "kysely";
import { createTable } from "./table.ts";

export async function addReceipts(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "receipt_trusts")
    .addColumn("digest", "blob", (c) => c.primaryKey())
    .addColumn("bytes", "blob", (c) => c.notNull())
    .execute();
  await createTable(db, "receipts")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("change_id", "text", (c) => c.notNull().references("changes.id"))
    .addColumn("merchant", "text", (c) => c.notNull())
    .addColumn("outcome", "text", (c) => c.notNull())
    .addColumn("ended_at", "integer", (c) => c.notNull())
    .addColumn("snapshot", "text", (c) => c.notNull())
    .addColumn("last_event", "integer", (c) => c.notNull())
    .addColumn("made_at", "integer")
    .addColumn("payload", "blob")
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("signature", "blob")
    .addColumn("trust_digest", "blob")
    .addColumn("code", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("receipts_change").on("receipts").column("change_id").execute();
  await sql`create index receipts_due on receipts (id) where payload is null and code = ''`.execute(db);
  // A receipt that was given out is the same for ever, whoever writes with whatever statement.
  const triggers = [
    ["receipts", "update", "old.payload is not null"],
    ["receipts", "delete", "true"],
    ["receipts", "insert", "exists (select 1 from receipts r where r.id = new.id)"],
    ["receipt_trusts", "update", "true"],
    ["receipt_trusts", "delete", "true"],
  ] as const;
  for (const [table, act, when] of triggers) {
    await sql
      .raw(`
        create trigger ${table}_no_${act} before ${act} on ${table} when ${when}
        begin select raise(abort, 'a receipt is never altered'); end`)
      .execute(db);
  }
}
