import type { Kysely } from "kysely";
import { createTable } from "./table.ts";

/** Requests by their idempotency keys, and what the API lists in pages. */
export async function addApi(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "idempotency")
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("digest", "blob", (c) => c.notNull())
    .addColumn("at", "integer", (c) => c.notNull())
    .addColumn("status", "integer")
    .addColumn("etag", "text", (c) => c.notNull())
    .addColumn("body", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("idempotency_key", ["actor", "key"])
    .execute();
  await db.schema.createIndex("idempotency_at").on("idempotency").column("at").execute();
  await db.schema.createIndex("releases_published").on("releases").columns(["published_at", "id"]).execute();
}
