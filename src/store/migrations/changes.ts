import { type Kysely, sql } from "kysely";
import { createTable } from "./table.ts";

const OPEN = "'draft', 'submitted', 'rejected', 'approved', 'releasing'";

export async function addChanges(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "changes")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("merchant", "text", (c) => c.notNull().references("merchants.number"))
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("group_name", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("revision", "integer", (c) => c.notNull())
    .addColumn("base_version", "integer", (c) => c.notNull())
    .addColumn("requester", "text", (c) => c.notNull())
    .addColumn("reason_code", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("recovery", "integer", (c) => c.notNull())
    .addColumn("content", "text", (c) => c.notNull())
    .addColumn("pack", "text", (c) => c.notNull())
    .addColumn("fee_fen", "integer", (c) => c.notNull())
    .addColumn("release_id", "blob")
    .addColumn("approval", "text", (c) => c.notNull())
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("updated_at", "integer", (c) => c.notNull())
    .addColumn("submitted_at", "integer")
    .addColumn("published_at", "integer")
    .addColumn("recorded_at", "integer")
    .addColumn("ended_at", "integer")
    .addColumn("code", "text", (c) => c.notNull())
    .execute();
  // Two people who begin at once: the database lets one of them.
  await sql`create unique index changes_open on changes (merchant, group_name)
    where state in (${sql.raw(OPEN)})`.execute(db);
  await db.schema.createIndex("changes_state").on("changes").columns(["state", "updated_at"]).execute();
  await db.schema.createIndex("changes_merchant").on("changes").columns(["merchant", "created_at"]).execute();
  await db.schema.createIndex("changes_release").on("changes").column("release_id").execute();

  await createTable(db, "change_events")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("change_id", "text", (c) => c.notNull().references("changes.id"))
    .addColumn("at", "integer", (c) => c.notNull())
    .addColumn("event", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("comment", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("change_events_change").on("change_events").column("change_id").execute();

  await createTable(db, "attachments")
    .addColumn("change_id", "text", (c) => c.notNull().references("changes.id"))
    .addColumn("digest", "blob", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("type", "text", (c) => c.notNull())
    .addColumn("size", "integer", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("at", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("attachments_key", ["change_id", "digest"])
    .execute();

  await createTable(db, "change_tasks")
    .addColumn("change_id", "text", (c) => c.notNull().references("changes.id"))
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("done_at", "integer")
    .addColumn("done_by", "text", (c) => c.notNull())
    .addColumn("note", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("change_tasks_key", ["change_id", "kind"])
    .execute();

  await createTable(db, "policy_packs")
    .addColumn("acquirer", "text", (c) => c.notNull())
    .addColumn("model", "text", (c) => c.notNull())
    .addColumn("version", "integer", (c) => c.notNull())
    .addColumn("text", "text", (c) => c.notNull())
    .addColumn("loaded_at", "integer", (c) => c.notNull())
    .addColumn("loaded_by", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("policy_packs_key", ["acquirer", "model", "version"])
    .execute();
}
