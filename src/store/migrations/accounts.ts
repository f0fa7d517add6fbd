import { type Kysely, sql } from "kysely";
import { createTable } from "./table.ts";

/** People's accounts, their sessions, and programs' API keys. */
export async function addAccounts(db: Kysely<unknown>): Promise<void> {
  let accounts = createTable(db, "accounts").addColumn("name", "text", (c) => c.primaryKey());
  for (const text of ["role", "display_name", "person", "state", "hash", "former_hashes"]) {
    accounts = accounts.addColumn(text, "text", (c) => c.notNull());
  }
  await accounts
    .addColumn("must_change", "integer", (c) => c.notNull())
    .addColumn("failures", "integer", (c) => c.notNull())
    .addColumn("locked_at", "integer")
    .addColumn("totp", "blob")
    .addColumn("totp_next", "blob")
    .addColumn("last_step", "integer", (c) => c.notNull())
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("last_login_at", "integer")
    .addColumn("mac", "blob", (c) => c.notNull())
    .execute();

  await createTable(db, "account_merchants")
    .addColumn("holder", "text", (c) => c.notNull())
    .addColumn("merchant_number", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("account_merchants_key", ["holder", "merchant_number"])
    .execute();

  await createTable(db, "sessions")
    .addColumn("digest", "blob", (c) => c.primaryKey())
    .addColumn("account", "text", (c) => c.notNull())
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("last_seen", "integer", (c) => c.notNull())
    .addColumn("mac", "blob", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("sessions_account").on("sessions").column("account").execute();

  await createTable(db, "api_keys")
    .addColumn("name", "text", (c) => c.primaryKey())
    .addColumn("digest", "blob", (c) => c.notNull().unique())
    .addColumn("role", "text", (c) => c.notNull())
    .addColumn("created_by", "text", (c) => c.notNull())
    .addColumn("created_at", "integer", (c) => c.notNull())
    .addColumn("expires_at", "integer", (c) => c.notNull())
    .addColumn("revoked_at", "integer")
    .addColumn("mac", "blob", (c) => c.notNull())
    .execute();

  await createTable(db, "account_strangers")
    .addColumn("id", "integer", (c) => c.primaryKey())
    .addColumn("count", "integer", (c) => c.notNull())
    .addColumn("told_at", "integer", (c) => c.notNull())
    .execute();
  await sql`insert into account_strangers (id, count, told_at) values (1, 0, 0)`.execute(db);
}
