import { CamelCasePlugin, DEFAULT_MIGRATION_TABLE, Kysely, Migrator, sql, type Transaction } from "kysely";
import { TillsyncError } from "../../proto/errors.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { Schema } from "./schema.ts";
import { createSqliteDialect } from "./sqlite-dialect.ts";

/** The open database. Functions that must run with others in one transaction take a `Tx`. */
export type Store = Kysely<Schema>;
export type Tx = Transaction<Schema>;

/** Rows in one statement; keeps the number of bound values under SQLite's bound of 32,766. */
const ROWS_PER_STATEMENT = 1_000;

/**
 * Opens the database file, making or bringing it up to date first. Several processes may have it open.
 *
 * @throws TillsyncError STORE_FAILED, SCHEMA_TOO_NEW
 */
export async function openStore(path: string): Promise<Store> {
  const store = new Kysely<Schema>({ dialect: createSqliteDialect(path), plugins: [new CamelCasePlugin()] });
  try {
    await verifyNotNewer(store);
    await migrate(store);
    return store;
  } catch (error) {
    await store.destroy();
    throw error;
  }
}

/**
 * Runs `work` in one transaction: durable as a whole when it resolves, nothing of it where it rejects. Inside, only `tx`
 * may be used: `store` would wait for this very transaction.
 *
 * @throws TillsyncError STORE_FAILED
 */
export function transact<T>(store: Store, work: (tx: Tx) => Promise<T>): Promise<T> {
  return store.transaction().execute(work);
}

/** Runs `work` over the items, at most ROWS_PER_STATEMENT at a time, and gives all results in order. */
export async function inChunks<T, R>(
  items: readonly T[],
  work: (chunk: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += ROWS_PER_STATEMENT) {
    for (const result of await work(items.slice(start, start + ROWS_PER_STATEMENT))) results.push(result);
  }
  return results;
}

async function verifyNotNewer(store: Store): Promise<void> {
  const tables = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' and name = ${DEFAULT_MIGRATION_TABLE}`.execute(store);
  if (tables.rows.length === 0) return;
  const applied = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(store);
  const unknown = applied.rows.find(({ name }) => !Object.hasOwn(MIGRATIONS, name));
  if (unknown !== undefined) throw new TillsyncError("SCHEMA_TOO_NEW", { migration: unknown.name });
}

async function migrate(store: Store): Promise<void> {
  const migrator = new Migrator({ db: store, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof TillsyncError ? error : new TillsyncError("STORE_FAILED", {}, error);
}
