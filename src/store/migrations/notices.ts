import { type Kysely, sql } from "kysely";
import { createTable } from "./table.ts";

export async function addNotices(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "notices")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("change_id", "text", (c) => c.notNull().references("changes.id"))
    .addColumn("event_id", "integer", (c) => c.notNull())
    .addColumn("event", "text", (c) => c.notNull())
    .addColumn("channel", "text", (c) => c.notNull())
    .addColumn("audience", "text", (c) => c.notNull())
    .addColumn("recipient", "text", (c) => c.notNull())
    .addColumn("content", "text", (c) => c.notNull())
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("attempts", "integer", (c) => c.notNull())
    .addColumn("due_at", "integer")
    .addColumn("delivered_at", "integer")
    .addColumn("code", "text", (c) => c.notNull())
    .addUniqueConstraint("notices_once", ["event_id", "channel", "recipient"])
    .execute();
  await db.schema.createIndex("notices_change").on("notices").column("change_id").execute();
  await db.schema.createIndex("notices_due").on("notices").column("due_at").execute();
  await createTable(db, "notice_cursor")
    .addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("event", "integer", (c) => c.notNull())
    .execute();
  await sql`insert into notice_cursor (id, event) values (1, 0)`.execute(db);
}
