import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { sql } from "kysely";
import sqlite3 from "sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { toEntry } from "../../../src/app/ledger-entries.ts";
import { appendEntries } from "../../../src/store/ledger.ts";
import { openStore, type Store, transact } from "../../../src/store/store.ts";
import { makeFolder } from "../../support/fleet-store.ts";

/** How long a test looks that something does not happen. */
const NOT_MS = 300;

async function open(file = join(makeFolder(), "fleet.sqlite")): Promise<Store> {
  const store = await openStore(file);
  onTestFinished(() => store.destroy());
  return store;
}

function addProfile(db: Store, n: number): Promise<unknown> {
  return db
    .insertInto("profiles")
    .values({ digest: Uint8Array.of(n), bytes: Uint8Array.of(n) })
    .execute();
}

async function readProfiles(db: Store): Promise<readonly number[]> {
  const rows = await db.selectFrom("profiles").select("digest").orderBy("digest").execute();
  return rows.map(({ digest }) => Number(digest[0]));
}

/** A promise that a test settles. */
function createGate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe("the store's one connection", () => {
  it("syncs every commit of its write-ahead log", async () => {
    const store = await open();
    const read = async (name: string) =>
      Object.values((await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(store)).rows[0] ?? {})[0];
    expect(await read("journal_mode")).toBe("wal");
    expect(await read("synchronous")).toBe(2);
    expect(await read("foreign_keys")).toBe(1);
  });

  it("keeps a plain statement out of another's transaction, so that a rollback takes nothing else along", async () => {
    const store = await open();
    const gate = createGate();
    const failing = transact(store, async (tx) => {
      await addProfile(tx, 1);
      await gate.passed;
      throw new Error("undo");
    });
    const plain = addProfile(store, 2);
    gate.open();
    await expect(failing).rejects.toThrow("undo");
    await plain;
    expect(await readProfiles(store)).toEqual([2]);
  });

  it("runs transactions one after the other", async () => {
    const store = await open();
    const order: string[] = [];
    await Promise.all(
      ["a", "b", "c"].map((name, n) =>
        transact(store, async (tx) => {
          order.push(`${name}+`);
          await addProfile(tx, n);
          order.push(`${name}-`);
        }),
      ),
    );
    expect(order).toEqual(["a+", "a-", "b+", "b-", "c+", "c-"]);
  });

  it("tells a refused statement by its code, and goes on", async () => {
    const store = await open();
    await addProfile(store, 1);
    await expect(addProfile(store, 1)).rejects.toThrow(
      expect.objectContaining({ code: "STORE_FAILED", fields: { sqlite: "SQLITE_CONSTRAINT" } }),
    );
    expect(await readProfiles(store)).toEqual([1]);
  });

  it("undoes a transaction whose commit is refused", async () => {
    const store = await open();
    const work = transact(store, async (tx) => {
      await sql`pragma defer_foreign_keys = on`.execute(tx);
      await sql`insert into outbox values ('nobody', 1, 1, 0)`.execute(tx);
    });
    await expect(work).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
    expect(await store.selectFrom("outbox").selectAll().execute()).toEqual([]);
    await addProfile(store, 1);
    expect(await readProfiles(store)).toEqual([1]);
  });

  it("tells the error that made SQLite itself roll back", async () => {
    const store = await open();
    const work = transact(store, async (tx) => {
      await addProfile(tx, 1);
      await sql`rollback`.execute(tx);
      throw new Error("the reason");
    });
    await expect(work).rejects.toThrow("the reason");
    expect(await readProfiles(store)).toEqual([]);
  });

  it("waits for the transaction under way before it closes, and is closed then", async () => {
    const file = join(makeFolder(), "fleet.sqlite");
    const store = await openStore(file);
    const work = transact(store, (tx) => addProfile(tx, 1));
    await store.destroy();
    await work;
    await expect(addProfile(store, 2)).rejects.toThrow();
    expect(await readProfiles(await open(file))).toEqual([1]);
  });

  it("lets two processes write in turn, never at one ledger index", async () => {
    const file = join(makeFolder(), "fleet.sqlite");
    const stores = [await open(file), await open(file)];
    const append = (store: Store) => transact(store, (tx) => appendEntries(tx, [toEntry(1, "fleet.imported", "x")]));
    await Promise.all(Array.from({ length: 20 }, (_, n) => append(stores[n % 2] as Store)));
    const { rows } = await sql<{ idx: number }>`select idx from ledger order by idx`.execute(stores[0] as Store);
    expect(rows.map(({ idx }) => idx)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});

describe("openStore", () => {
  it("keeps what is there", async () => {
    const file = join(makeFolder(), "fleet.sqlite");
    const first = await openStore(file);
    await addProfile(first, 7);
    await first.destroy();
    expect(await readProfiles(await open(file))).toEqual([7]);
  });

  it("refuses a database of a newer Tillsync and leaves it alone", async () => {
    const file = join(makeFolder(), "fleet.sqlite");
    const first = await openStore(file);
    await sql`insert into kysely_migration (name, timestamp) values ('9999_future', '')`.execute(first);
    await first.destroy();
    await expect(openStore(file)).rejects.toThrow(expect.objectContaining({ code: "SCHEMA_TOO_NEW" }));
  });

  it("refuses a file that is no database", async () => {
    const file = join(makeFolder(), "fleet.sqlite");
    writeFileSync(file, "not a database, and long enough to be looked at as one ".repeat(40));
    await expect(openStore(file)).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
  });

  it("refuses a path that cannot be", async () => {
    const file = join(makeFolder(), "missing", "fleet.sqlite");
    await expect(openStore(file)).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
    expect(existsSync(file)).toBe(false);
  });

  it("lets two processes make the database at the same time", async () => {
    const file = join(makeFolder(), "fleet.sqlite");
    const stores = await Promise.all([open(file), open(file)]);
    await addProfile(stores[0], 1);
    expect(await readProfiles(stores[1])).toEqual([1]);
  });

  it("waits for another process that is making the database, which SQLite itself does not", async () => {
    const file = join(makeFolder(), "fleet.sqlite");
    const maker = new sqlite3.Database(file);
    const run = promisify((statement: string, done: (error: Error | null) => void) => maker.exec(statement, done));
    await run("begin immediate; create table making (x)");
    let settled = false;
    const opening = open(file).finally(() => {
      settled = true;
    });
    await sleep(NOT_MS);
    expect(settled).toBe(false);
    await run("rollback");
    expect(await readProfiles(await opening)).toEqual([]);
    maker.close();
  });
});
