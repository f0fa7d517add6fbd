import { DEFAULT_MIGRATION_TABLE, sql } from "kysely";
import { TillsyncError } from "../../proto/errors.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openStore, type Store } from "./store.ts";

/**
 * Writes what the database holds at one moment into another file, over a connection of its own: whoever writes meanwhile,
 * in this process or another, waits for nothing. What was deleted is not in it. Not durable when it resolves.
 *
 * @param into an empty file: it keeps its mode
 * @throws TillsyncError STORE_FAILED, SCHEMA_TOO_NEW
 */
export async function writeSnapshot(database: string, into: string): Promise<void> {
  const store = await openStore(database);
  try {
    await sql`vacuum into ${into}`.execute(store);
  } finally {
    await store.destroy();
  }
}

/** Name of the last migration that was applied. */
export async function findLastMigration(store: Store): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name desc limit 1`.execute(store);
  return rows[0]?.name ?? "";
}

/** @throws TillsyncError SCHEMA_TOO_NEW where this version does not know the migration */
export function verifyKnownMigration(migration: string): void {
  if (!Object.hasOwn(MIGRATIONS, migration)) throw new TillsyncError("SCHEMA_TOO_NEW", { migration });
}

/**
 * Reads the whole file: every page, every index, every reference from table to table.
 *
 * @throws TillsyncError BACKUP_INVALID, STORE_FAILED
 */
export async function verifyIntegrity(store: Store): Promise<void> {
  const { rows } = await sql<{ integrityCheck: string }>`pragma integrity_check(1)`.execute(store);
  const isSound = rows.length === 1 && rows[0]?.integrityCheck === "ok";
  if (!isSound) throw new TillsyncError("BACKUP_INVALID", { expected: "a sound database" });
  const broken = await sql`select 1 from pragma_foreign_key_check limit 1`.execute(store);
  if (broken.rows.length > 0) throw new TillsyncError("BACKUP_INVALID", { expected: "references that hold" });
}
