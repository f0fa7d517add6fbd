import { join } from "node:path";
import { CamelCasePlugin, Kysely, Migrator, sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { MIGRATIONS } from "../../../src/store/migrations.ts";
import type { Schema } from "../../../src/store/schema.ts";
import { createSqliteDialect } from "../../../src/store/sqlite-dialect.ts";
import { openStore } from "../../../src/store/store.ts";
import { makeFolder } from "../../support/fleet-store.ts";

/** A database as version 0.1.0 left it: a terminal that holds a profile, and a directive that is under way. */
async function makeOldDatabase(): Promise<string> {
  const file = join(makeFolder(), "fleet.sqlite");
  const store = new Kysely<Schema>({ dialect: createSqliteDialect(file), plugins: [new CamelCasePlugin()] });
  const first = MIGRATIONS["0001_first"];
  if (first === undefined) throw new Error("gone");
  const getMigrations = async () => ({ "0001_first": first });
  expect((await new Migrator({ db: store, provider: { getMigrations } }).migrateToLatest()).error).toBeUndefined();
  const texts = ["name", "short_name", "licence_no", "tax_no", "uscc", "mcc", "kind", "bank", "cnaps", "holder", "bin"];
  await sql`insert into merchants values ('1', ${sql.join([...texts, "0018"])}, x'00')`.execute(store);
  await sql`insert into terminals values ('T', 'm', 'N7', 'P', 'p', 't', 'a', '1', x'01', x'02', 7)`.execute(store);
  await sql`insert into reported values ('T', 5, 7, x'aa', x'bb', 'idle', 0, '0.1.0', 100)`.execute(store);
  await sql`insert into profiles values (x'aa', x'01')`.execute(store);
  await sql`insert into releases values (x'10', 'binding', x'00', x'00', 1, '1', 1, 2, 'why', 3)`.execute(store);
  await sql`
    insert into deployments values
    ('T', 7, x'10', 0, x'', x'00', x'cc', null, x'aa', x'dd', 1, 2, 'applied', '', '', 4)`.execute(store);
  await store.destroy();
  return file;
}

describe("a database of version 0.1.0", () => {
  it("is brought up to date with everything in it, twice opened or once", async () => {
    const file = await makeOldDatabase();
    for (const _ of [1, 2]) {
      const store = await openStore(file);
      expect(await store.selectFrom("deployments").selectAll().executeTakeFirst()).toMatchObject({
        ...{ tusn: "T", sequence: 7, state: "applied", profileDigest: Buffer.from("aa", "hex") },
        ...{ sealed: null, orderIndex: null },
      });
      expect(await store.selectFrom("reported").selectAll().executeTakeFirst()).toEqual({
        ...{ tusn: "T", counter: 5, sequence: 7, phase: "idle", stale: 0, agentVersion: "0.1.0", lastSeen: 100 },
        ...{ currentDigest: Buffer.from("aa", "hex"), previousDigest: Buffer.from("bb", "hex") },
        ...{ timestampVersion: null, rootVersion: null, cardKey: null, cardKeyProof: null },
        ...{ staleSince: null, staleAlarmAt: null, cardKeyAlarmAt: null, busy: null },
      });
      expect(await store.selectFrom("terminals").select("issuedSequence").execute()).toEqual([{ issuedSequence: 7 }]);
      expect(await store.selectFrom("drafts").selectAll().execute()).toEqual([]);
      await store.destroy();
    }
  });

  it("keeps every column to its type from then on", async () => {
    const store = await openStore(await makeOldDatabase());
    onTestFinished(() => store.destroy());
    for (const edit of [
      "update deployments set sealed = 'text'",
      "update deployments set order_index = 'text'",
      "update reported set card_key = 'text'",
      "update reported set root_version = 'text'",
      "insert into drafts values ('text', x'00', x'00', 1, 2, null, null)",
    ]) {
      await expect(sql.raw(edit).execute(store), edit).rejects.toThrow(
        expect.objectContaining({ code: "STORE_FAILED" }),
      );
    }
  });

  it("is the same in the end as a new one", async () => {
    const read = async (file: string) => {
      const store = await openStore(file);
      const { rows } = await sql<{ sql: string }>`
        select name, group_concat(column_name, ' ') as sql from (
          select m.name as name, c.name || ' ' || c.type as column_name from sqlite_master m
          join pragma_table_info(m.name) c where m.type = 'table' order by m.name, c.cid)
        group by name`.execute(store);
      await store.destroy();
      return rows;
    };
    expect(await read(await makeOldDatabase())).toEqual(await read(join(makeFolder(), "new.sqlite")));
  });
});
