import { sql } from "kysely";
import type { MerchantRow } from "./schema.ts";
import type { Store, Tx } from "./store.ts";

// What an import has read and judged so far, in temporary tables of this one connection: a file of their own that the
// system removes by itself, whatever the process dies of. No account number is ever in them.

/** Memory for pages of the temporary tables and, while an import runs, of the database; the rest is on disk. */
const CACHE_KIB = 32_768;
const USUAL_CACHE_KIB = 2_000;

/** A row that is sound by itself and fits all rows before it. */
export interface StagedDevice {
  /** Line of the file. */
  readonly line: number;
  /** TUSN or legacy serial number. */
  readonly serial: string;
  readonly isLegacy: 0 | 1;
  readonly maker: string;
  readonly model: string;
  readonly certificateNo: string;
  readonly place: string;
  readonly terminalNo: string;
  readonly acquirer: string;
  readonly merchantNumber: string;
}

/** A merchant as the first of its rows tells it. */
export interface StagedMerchant extends Omit<MerchantRow, "commitment"> {
  readonly acquirer: string;
  /** Equal for equal account numbers within one import, and worth nothing outside it. */
  readonly seal: string;
  /** Hexadecimal. */
  readonly commitment: string;
}

const DEVICE_COLUMNS = [
  "line",
  "serial",
  "is_legacy",
  "maker",
  "model",
  "certificate_no",
  "place",
  "terminal_no",
  "acquirer",
  "merchant_number",
];
const MERCHANT_COLUMNS = [
  "number",
  "name",
  "short_name",
  "licence_no",
  "tax_no",
  "uscc",
  "mcc",
  "kind",
  "bank",
  "cnaps",
  "holder",
  "bin",
  "last4",
];

const toList = (columns: readonly string[], prefix = "") => sql.raw(columns.map((name) => prefix + name).join(", "));

/** @throws TillsyncError STORE_FAILED where another import of this process is under way */
export async function openStaging(db: Store): Promise<void> {
  await sql`
    create temp table staged_devices (
      line integer primary key, serial text not null unique, is_legacy integer not null, maker text not null,
      model text not null, certificate_no text not null, place text not null, terminal_no text not null,
      acquirer text not null, merchant_number text not null, unique (terminal_no, acquirer)) strict`.execute(db);
  await sql`
    create temp table staged_merchants (
      ${toList(MERCHANT_COLUMNS.map((name) => `${name} text not null`))}, acquirer text not null, seal text not null,
      commitment text not null, primary key (number)) strict, without rowid`.execute(db);
  for (const schema of ["temp", "main"]) await setCache(db, schema, CACHE_KIB);
}

export async function closeStaging(db: Store): Promise<void> {
  for (const table of ["staged_devices", "staged_merchants"]) await sql`drop table temp.${sql.raw(table)}`.execute(db);
  await setCache(db, "main", USUAL_CACHE_KIB);
  // The log of so large a transaction is given back; where somebody reads just now, the next one uses its room again.
  await sql`pragma main.wal_checkpoint(truncate)`.execute(db);
}

async function setCache(db: Store, schema: string, kib: number): Promise<void> {
  await sql`pragma ${sql.raw(schema)}.cache_size = ${sql.raw(String(-kib))}`.execute(db);
}

/** Adds rows; of merchants that are there already the first word counts. */
export async function stage(
  db: Store,
  devices: readonly StagedDevice[],
  merchants: readonly StagedMerchant[],
): Promise<void> {
  // One bound value for all rows: binding each by itself takes several times as long.
  await sql`
    insert into staged_devices (${toList(DEVICE_COLUMNS)})
    select ${toMembers(DEVICE_COLUMNS)} from json_each(${JSON.stringify(devices)})`.execute(db);
  const columns = [...MERCHANT_COLUMNS, "acquirer", "seal", "commitment"];
  await sql`
    insert into staged_merchants (${toList(columns)})
    select ${toMembers(columns)} from json_each(${JSON.stringify(merchants)}) where true
    on conflict do nothing`.execute(db);
}

function toMembers(columns: readonly string[]) {
  return sql.raw(columns.map((name) => `value ->> '${toCamel(name)}'`).join(", "));
}

function toCamel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Those of the serial numbers that are staged. */
export async function findStagedSerials(db: Store, serials: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql<{ serial: string }>`
    select serial from staged_devices where serial in (select value from json_each(${JSON.stringify(serials)}))`.execute(
    db,
  );
  return rows.map(({ serial }) => serial);
}

export type StagedRoute = Pick<StagedDevice, "terminalNo" | "acquirer">;

/** Those that have one of these terminal numbers, at whatever acquirer. */
export async function findStagedRoutes(db: Store, terminalNos: readonly string[]): Promise<readonly StagedRoute[]> {
  const { rows } = await sql<StagedRoute>`
    select terminal_no, acquirer from staged_devices
    where terminal_no in (select value from json_each(${JSON.stringify(terminalNos)}))`.execute(db);
  return rows;
}

export async function findStagedMerchants(db: Store, numbers: readonly string[]): Promise<readonly StagedMerchant[]> {
  const { rows } = await sql<StagedMerchant>`
    select * from staged_merchants where number in (select value from json_each(${JSON.stringify(numbers)}))`.execute(
    db,
  );
  return rows;
}

/** At most `limit` staged rows after a line that the records may contradict, in order. */
export async function listDisputed(db: Store, after: number, limit: number): Promise<readonly StagedDevice[]> {
  const device = ["maker", "model", "certificate_no", "place", "terminal_no", "acquirer", "merchant_number"];
  const merchant = MERCHANT_COLUMNS.filter((name) => name !== "number");
  const isUnlike = (columns: readonly string[], ours: string, theirs: string) =>
    sql`(${toList(columns, `${ours}.`)}) <> (${toList(columns, `${theirs}.`)})`;
  const { rows } = await sql<StagedDevice>`
    select s.* from staged_devices s where s.line > ${after} and (
      exists (select 1 from terminals t where t.tusn = s.serial and ${isUnlike(device, "t", "s")})
      or exists (select 1 from legacy_terminals l where l.serial = s.serial and ${isUnlike(device, "l", "s")})
      or exists (select 1 from terminals t where t.terminal_no = s.terminal_no and t.acquirer = s.acquirer
        and t.tusn <> s.serial and t.life not in ('retired', 'replaced'))
      or exists (select 1 from legacy_terminals l where l.terminal_no = s.terminal_no and l.acquirer = s.acquirer
        and l.serial <> s.serial and l.replaced_by = '')
      or s.merchant_number in (
        select sm.number from staged_merchants sm cross join merchants m on m.number = sm.number
        where ${isUnlike(merchant, "sm", "m")}))
    order by s.line limit ${limit}`.execute(db);
  return rows;
}

export async function removeStaged(db: Store, lines: readonly number[]): Promise<void> {
  await sql`
    delete from staged_devices where line in (select value from json_each(${JSON.stringify(lines)}))`.execute(db);
}

export interface Moved {
  readonly merchants: number;
  readonly terminals: number;
  readonly legacy: number;
  /** Rows whose terminal was there already. */
  readonly unchanged: number;
}

/** Takes what is staged into the records; what is there already stays as it is. */
export async function moveStaged(tx: Tx): Promise<Moved> {
  const facts = ["maker", "model", "certificate_no", "place", "terminal_no", "acquirer", "merchant_number"];
  await sql`
    insert into merchants (${toList(MERCHANT_COLUMNS)}, commitment)
    select ${toList(MERCHANT_COLUMNS)}, unhex(commitment) from staged_merchants
    where number in (select merchant_number from staged_devices) and number not in (select number from merchants)
    order by number`.execute(tx);
  const merchants = await countChanged(tx);
  await sql`
    insert into terminals (tusn, issued_sequence, ${toList(facts)})
    select serial, 0, ${toList(facts)} from staged_devices s
    where is_legacy = 0 and not exists (select 1 from terminals t where t.tusn = s.serial) order by serial`.execute(tx);
  const terminals = await countChanged(tx);
  await sql`
    insert into legacy_terminals (serial, replaced_by, ${toList(facts)})
    select serial, '', ${toList(facts)} from staged_devices s
    where is_legacy = 1 and not exists (select 1 from legacy_terminals l where l.serial = s.serial)
    order by serial`.execute(tx);
  const legacy = await countChanged(tx);
  const all = await sql<{ count: number }>`select count(*) as count from staged_devices`.execute(tx);
  return { merchants, terminals, legacy, unchanged: (all.rows[0]?.count ?? 0) - terminals - legacy };
}

async function countChanged(tx: Tx): Promise<number> {
  const { rows } = await sql<{ count: number }>`select changes() as count`.execute(tx);
  return rows[0]?.count ?? 0;
}
