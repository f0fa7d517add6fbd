import { sql } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";
import type { SnKeyRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// SN keys as they are kept: sealed. Nothing here can open one.

export async function findSnKeys(db: Store, tusns: readonly Tusn[]): Promise<readonly SnKeyRow[]> {
  return inChunks(tusns, (chunk) => db.selectFrom("snKeys").selectAll().where("tusn", "in", chunk).execute());
}

/** At most `limit` rows behind `after`, by TUSN. */
export function listSnKeys(db: Store, after: string, limit: number): Promise<readonly SnKeyRow[]> {
  return db
    .selectFrom("snKeys")
    .selectAll()
    .where("tusn", ">", after as Tusn)
    .orderBy("tusn")
    .limit(limit)
    .execute();
}

/** At most `limit` rows behind `after`, by TUSN, that are sealed under none of these keys. */
export function listSnKeysNotUnder(
  db: Store,
  keyIds: readonly string[],
  after: string,
  limit: number,
): Promise<readonly SnKeyRow[]> {
  const behind = db
    .selectFrom("snKeys")
    .selectAll()
    .where("tusn", ">", after as Tusn)
    .orderBy("tusn")
    .limit(limit);
  return (keyIds.length === 0 ? behind : behind.where("keyId", "not in", keyIds)).execute();
}

/** Key ids that rows are sealed under. */
export async function findSnKeyIds(db: Store): Promise<readonly string[]> {
  const rows = await db.selectFrom("snKeys").select("keyId").distinct().orderBy("keyId").execute();
  return rows.map(({ keyId }) => keyId);
}

/** Puts the same keys under another seal. */
export async function putSnKeys(tx: Tx, rows: readonly SnKeyRow[]): Promise<void> {
  await inChunks(rows, async (chunk) => {
    await tx
      .insertInto("snKeys")
      .values(chunk)
      .onConflict((on) =>
        on.column("tusn").doUpdateSet((row) => ({
          keyId: row.ref("excluded.keyId"),
          nonce: row.ref("excluded.nonce"),
          sealed: row.ref("excluded.sealed"),
        })),
      )
      .execute();
    return [];
  });
}

/** How many there were. */
export async function removeSnKeys(tx: Tx, tusns: readonly Tusn[]): Promise<number> {
  const counts = await inChunks(tusns, async (chunk) => [
    await tx.deleteFrom("snKeys").where("tusn", "in", chunk).executeTakeFirst(),
  ]);
  return counts.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0);
}

/** What is to become of a staged key: it is new, takes another's place, or is there already. */
export type StagedFate = "add" | "replace" | "same";

export interface StagedKey extends SnKeyRow {
  readonly fate: StagedFate;
  /** Nonce of the row in whose place it comes; null where there was none. */
  readonly over: Uint8Array | null;
}

/**
 * Where an import collects its keys, in the database's own scratch space, until all of the file has been judged: as large
 * as the file, not in memory, in nobody's way, and gone with the connection. One at a time on one connection.
 */
export async function openStage(db: Store): Promise<void> {
  await sql`drop table if exists temp.staged_sn_keys`.execute(db);
  await sql`create temp table staged_sn_keys (tusn text primary key, key_id text not null, nonce blob not null,
    sealed blob not null, kcv text not null, added_at integer not null, fate text not null, over_nonce blob)`.execute(
    db,
  );
}

export async function closeStage(db: Store): Promise<void> {
  await sql`drop table if exists temp.staged_sn_keys`.execute(db);
}

/** Those of the TUSNs that are staged already. */
export async function findStaged(db: Store, tusns: readonly Tusn[]): Promise<ReadonlySet<string>> {
  if (tusns.length === 0) return new Set();
  const { rows } = await sql<{ tusn: string }>`
    select tusn from temp.staged_sn_keys where tusn in (${sql.join(tusns)})`.execute(db);
  return new Set(rows.map(({ tusn }) => tusn));
}

/** At most 1,000 rows. */
export async function stageSnKeys(db: Store, rows: readonly StagedKey[]): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(
    (row) =>
      sql`(${row.tusn}, ${row.keyId}, ${row.nonce}, ${row.sealed}, ${row.kcv}, ${row.addedAt}, ${row.fate}, ${row.over})`,
  );
  await sql`insert into temp.staged_sn_keys values ${sql.join(values)}`.execute(db);
}

/** Staged keys whose row is not any more what it was when they were staged. */
export async function countOvertaken(tx: Tx): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from temp.staged_sn_keys as staged left join sn_keys as held on held.tusn = staged.tusn
    where held.nonce is not staged.over_nonce`.execute(tx);
  return rows[0]?.count ?? 0;
}

/** TUSNs and check values of the staged keys that take others' places. */
export async function listReplacing(tx: Tx): Promise<readonly { readonly tusn: Tusn; readonly kcv: string }[]> {
  const { rows } = await sql<{ tusn: Tusn; kcv: string }>`
    select tusn, kcv from temp.staged_sn_keys where fate = 'replace' order by tusn`.execute(tx);
  return rows;
}

/** Makes what is staged the record. */
export async function takeStaged(tx: Tx): Promise<void> {
  await sql`insert or replace into sn_keys (tusn, key_id, nonce, sealed, kcv, added_at)
    select tusn, key_id, nonce, sealed, kcv, added_at from temp.staged_sn_keys where fate <> 'same'`.execute(tx);
}
