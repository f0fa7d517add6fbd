import { type Kysely, sql } from "kysely";
import { createTable } from "./table.ts";

/** Merchants' records beside their rows: who owns them, their contacts, every settlement account, and what changed when. */
export async function addRecords(db: Kysely<unknown>): Promise<void> {
  await createTable(db, "merchant_details")
    .addColumn("number", "text", (c) => c.primaryKey().references("merchants.number"))
    .addColumn("owner_kind", "text", (c) => c.notNull())
    .addColumn("principal", "text", (c) => c.notNull())
    .addColumn("contacts", "text", (c) => c.notNull())
    .addColumn("version", "integer", (c) => c.notNull())
    .addColumn("updated_at", "integer", (c) => c.notNull())
    .execute();

  await createTable(db, "merchant_history")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("number", "text", (c) => c.notNull())
    .addColumn("version", "integer", (c) => c.notNull())
    .addColumn("at", "integer", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("change_id", "text", (c) => c.notNull())
    .addColumn("group_name", "text", (c) => c.notNull())
    .addColumn("before", "text", (c) => c.notNull())
    .addColumn("after", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("merchant_history_number").on("merchant_history").columns(["number", "id"]).execute();

  await createBindings(db);

  await createTable(db, "bins")
    .addColumn("bin", "text", (c) => c.primaryKey())
    .addColumn("issuer", "text", (c) => c.notNull())
    .addColumn("card_class", "text", (c) => c.notNull())
    .execute();

  await takeOver(db);
  await guard(db);
}

async function createBindings(db: Kysely<unknown>): Promise<void> {
  let bindings = createTable(db, "bindings")
    .addColumn("id", "integer", (c) => c.primaryKey().autoIncrement())
    .addColumn("merchant", "text", (c) => c.notNull().references("merchants.number"));
  for (const text of ["kind", "bank", "cnaps", "holder", "bin", "last4"]) {
    bindings = bindings.addColumn(text, "text", (c) => c.notNull());
  }
  await bindings
    .addColumn("commitment", "blob", (c) => c.notNull())
    .addColumn("valid_from", "integer")
    .addColumn("valid_until", "integer")
    .addColumn("is_primary", "integer", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("since", "integer")
    .addColumn("until", "integer")
    .addColumn("replaces", "integer", (c) => c.references("bindings.id"))
    .addColumn("change_id", "text", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("bindings_merchant").on("bindings").columns(["merchant", "state"]).execute();
  await sql`create unique index bindings_primary on bindings (merchant) where is_primary = 1`.execute(db);
  await sql`create index bindings_ending on bindings (valid_until) where state = 'in_force'`.execute(db);
}

/** Begins a record for every merchant that is there: what it has now is version 1, whoever brought it. */
async function takeOver(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into merchant_details (number, owner_kind, principal, contacts, version, updated_at)
    select number,
      case when uscc = '' then 'micro' when uscc like '92%' then 'sole_trader' else 'enterprise' end,
      '', '[]', 1, unixepoch()
    from merchants order by number`.execute(db);
  await sql`
    insert into bindings (merchant, kind, bank, cnaps, holder, bin, last4, commitment, is_primary, state, since, change_id)
    select number, kind, bank, cnaps, holder, bin, last4, commitment, 1, 'in_force', unixepoch(), ''
    from merchants order by number`.execute(db);
}

/**
 * What was once so stays readable, whoever writes with whatever statement. `or replace` removes rows without asking the
 * triggers of a removal, so that what would conflict is refused, too.
 */
async function guard(db: Kysely<unknown>): Promise<void> {
  const isPrimaryTaken = "select 1 from bindings b where b.merchant = new.merchant and b.is_primary = 1";
  const triggers: readonly (readonly [act: string, table: string, when: string])[] = [
    ["update", "merchant_history", "true"],
    ["delete", "merchant_history", "true"],
    ["insert", "merchant_history", "exists (select 1 from merchant_history h where h.id = new.id)"],
    ["delete", "bindings", "true"],
    [
      "insert",
      "bindings",
      `exists (select 1 from bindings b where b.id = new.id) or new.is_primary = 1 and exists (${isPrimaryTaken})`,
    ],
    [
      "update",
      "bindings",
      `old.state = 'ended' or new.id <> old.id
        or (new.merchant, new.kind, new.bank, new.cnaps, new.holder, new.bin, new.last4, new.commitment)
          <> (old.merchant, old.kind, old.bank, old.cnaps, old.holder, old.bin, old.last4, old.commitment)
        or new.is_primary = 1 and exists (${isPrimaryTaken} and b.id <> old.id)`,
    ],
  ];
  for (const [act, table, when] of triggers) {
    await sql
      .raw(`
        create trigger ${table}_no_${act} before ${act} on ${table} when ${when}
        begin select raise(abort, 'history is never overwritten'); end`)
      .execute(db);
  }
}
