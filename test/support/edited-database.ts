import { CamelCasePlugin, Kysely, sql } from "kysely";
import type { Schema } from "../../src/store/schema.ts";
import { createSqliteDialect } from "../../src/store/sqlite-dialect.ts";
import type { Store } from "../../src/store/store.ts";

// What a database administrator may do to the service's database, one column at a time.

/** One column with the values that somebody writes into it, all rows or one. */
export interface Edit {
  readonly table: string;
  readonly column: string;
  readonly how: string;
}

/** What is empty in this story gets two rows of anything, so that its columns can be edited too. */
export async function fillEmptyTables(store: Store): Promise<void> {
  await sql.raw("pragma foreign_keys = off").execute(store);
  for (const [table, columns] of await listColumns(store)) {
    if ((await readAll(store, table)) !== "[]") continue;
    for (const n of [1, 2]) {
      const values = columns.map(({ type }) => (type === "INTEGER" ? `${n}` : type === "TEXT" ? `'${n}'` : `x'0${n}'`));
      await sql.raw(`insert into ${table} values (${values.join()})`).execute(store);
    }
  }
  await sql.raw("pragma foreign_keys = on").execute(store);
}

/** What keeps rows from being edited is the first thing that an administrator takes away. */
export async function dropTriggers(store: Store): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'trigger'`.execute(store);
  for (const { name } of rows) await sql.raw(`drop trigger ${name}`).execute(store);
}

interface Column {
  readonly name: string;
  readonly type: string;
}

/** Every table with its columns. */
export async function listColumns(
  store: Store,
): Promise<readonly (readonly [table: string, columns: readonly Column[]])[]> {
  const tables = await sql<{ name: string }>`
    select name from sqlite_master
    where type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'`.execute(store);
  const columns = tables.rows.map(async ({ name }) => {
    const { rows } = await sql<Column>`select name, type from pragma_table_info(${name})`.execute(store);
    return [name, rows] as const;
  });
  return Promise.all(columns);
}

/** Every column of every table that there is, with each thing that is done to it. */
export async function listEdits(store: Store): Promise<readonly Edit[]> {
  return (await listColumns(store)).flatMap(([table, columns]) =>
    columns.flatMap(({ name: column, type }) => (HOW[type.toLowerCase()] ?? []).map((how) => ({ table, column, how }))),
  );
}

/** By type: another value, none, and that of another row. */
const SWAPPED = "(select b.{c} from {t} b where b.rowid <> {t}.rowid order by b.rowid limit 1)";
const HOW: Readonly<Record<string, readonly string[]>> = {
  text: ["'x'", "'6228480402564890018'", SWAPPED],
  integer: ["{c} + 1", "0", "4294967295", SWAPPED],
  blob: ["zeroblob(32)", "x''", "substr({c}, 1, length({c}) - 1) || x'00'", SWAPPED],
};

/** As `openStore`, without another look whether the schema is up to date: that takes longer than all the rest. */
export function openCurrent(path: string): Store {
  return new Kysely<Schema>({ dialect: createSqliteDialect(path), plugins: [new CamelCasePlugin()] });
}

export async function readAll(store: Store, table: string): Promise<string> {
  const { rows } = await sql.raw(`select * from ${table}`).execute(store);
  return JSON.stringify(rows);
}
