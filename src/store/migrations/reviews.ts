import { type Kysely, sql } from "kysely";
import { createTable } from "./table.ts";

/** Until when licences are good, who looked at a merchant's data when, and what acquirers have on record. */
export async function addReviews(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("merchant_details").addColumn("licence_valid_until", "integer").execute();

  await createTable(db, "reviews")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("merchant", "text", (c) => c.notNull().references("merchants.number"))
    .addColumn("at", "integer", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("note", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("reviews_merchant").on("reviews").columns(["merchant", "at"]).execute();
  await guard(db);

  await createTable(db, "acquirer_records")
    .addColumn("acquirer", "text", (c) => c.notNull())
    .addColumn("merchant", "text", (c) => c.notNull().references("merchants.number"))
    .addColumn("asked_at", "integer", (c) => c.notNull())
    .addColumn("answered_at", "integer")
    .addColumn("on_record", "text", (c) => c.notNull())
    .addColumn("code", "text", (c) => c.notNull())
    .addColumn("failures", "integer", (c) => c.notNull())
    .addColumn("due_at", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("acquirer_records_key", ["acquirer", "merchant"])
    .execute();
  await db.schema.createIndex("acquirer_records_merchant").on("acquirer_records").column("merchant").execute();
  await db.schema.createIndex("terminals_acquirer").on("terminals").columns(["acquirer", "merchant_number"]).execute();
}

/** As with merchants' history (0004): what was once noted stays, whoever writes with whatever statement. */
async function guard(db: Kysely<unknown>): Promise<void> {
  for (const [act, when] of [
    ["update", "true"],
    ["delete", "true"],
    ["insert", "exists (select 1 from reviews r where r.id = new.id)"],
  ] as const) {
    await sql
      .raw(`
        create trigger reviews_no_${act} before ${act} on reviews when ${when}
        begin select raise(abort, 'history is never overwritten'); end`)
      .execute(db);
  }
}
