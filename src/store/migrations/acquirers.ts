import type { Kysely } from "kysely";
import { createTable } from "./table.ts";

const TEXTS = ["change", "purpose", "acquirer", "merchant", "wanted", "before", "sealed", "reverses", "state"] as const;
const TOLD = ["reference", "code", "words", "on_record"] as const;

export async function addAcquirers(db: Kysely<unknown>): Promise<void> {
  let orders = createTable(db, "acquirer_orders").addColumn("request_no", "text", (c) => c.primaryKey());
  for (const text of [...TEXTS, ...TOLD]) orders = orders.addColumn(text, "text", (c) => c.notNull());
  await orders
    .addColumn("requests", "integer", (c) => c.notNull())
    .addColumn("follows", "integer", (c) => c.notNull())
    .addColumn("due_at", "integer")
    .addColumn("overdue_at", "integer")
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("updated_at", "integer", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("acquirer_orders_due").on("acquirer_orders").column("due_at").execute();
  await db.schema.createIndex("acquirer_orders_change").on("acquirer_orders").column("change").execute();
  await db.schema.createIndex("acquirer_orders_merchant").on("acquirer_orders").column("merchant").execute();

  await createTable(db, "acquirer_ticks")
    .addColumn("request_no", "text", (c) => c.notNull().references("acquirer_orders.request_no"))
    .addColumn("step", "text", (c) => c.notNull())
    .addColumn("person", "text", (c) => c.notNull())
    .addColumn("at", "integer", (c) => c.notNull())
    .addColumn("evidence", "blob")
    .addColumn("noted", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("acquirer_ticks_key", ["request_no", "step"])
    .execute();
}
