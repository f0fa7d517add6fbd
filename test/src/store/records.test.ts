import { dirname, join } from "node:path";
import { CamelCasePlugin, Kysely, Migrator, sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { importFleet } from "../../../src/app/import/import-fleet.ts";
import { addBinding, replaceBinding } from "../../../src/app/records/bindings.ts";
import { changeRecord } from "../../../src/app/records/change.ts";
import { readRecord, toPrimary } from "../../../src/app/records/read.ts";
import { toOwnerKind } from "../../../src/domain/records/owner.ts";
import { MIGRATIONS } from "../../../src/store/migrations.ts";
import { beginRecords } from "../../../src/store/records.ts";
import type { Schema } from "../../../src/store/schema.ts";
import { createSqliteDialect } from "../../../src/store/sqlite-dialect.ts";
import { openStore, transact } from "../../../src/store/store.ts";
import { findNeedles, readPlaces, toForms } from "../../support/canary.ts";
import { FLEET_FIELDS } from "../../support/fleet-fields.ts";
import { MERCHANT, makeFolder, openTestFleet, toFleetRow } from "../../support/fleet-store.ts";
import { ACCOUNT } from "../../support/merchant-facts.ts";

const USCCS = { "1": "91350100M000100Y43", "2": "92350102MA2XY8K356", "3": "", "4": "123500004880000001" };
const ACT = { number: MERCHANT, actor: "li.mei", changeId: "" };

async function openChanged() {
  const fleet = await openTestFleet();
  await importFleet(fleet, [toFleetRow()]);
  await transact(fleet.store, async (tx) => {
    const { id } = toPrimary(await readRecord(tx, MERCHANT));
    await changeRecord(tx, fleet.at, { ...ACT, version: 1, patch: { principal: "林秀英" } });
    await replaceBinding(tx, fleet.at, { ...ACT, version: 2, bindingId: id, settlement: ACCOUNT });
    await addBinding(tx, fleet.at, { ...ACT, version: 3, settlement: { ...ACCOUNT, last4: "5678" } });
  });
  return fleet;
}

describe("the history of merchants", () => {
  it.each([
    "update merchant_history set after = '{}'",
    "delete from merchant_history",
    "insert or replace into merchant_history select id, number, version, at, actor, change_id, group_name, '', '' from merchant_history",
    "delete from bindings",
    "insert or replace into bindings select * from bindings",
    "update or replace bindings set is_primary = 1 where last4 = '5678'",
    "update bindings set holder = '陈志强'",
    "update bindings set commitment = x'00' where state = 'in_force'",
    "update bindings set id = id + 100",
    "update bindings set state = 'in_force' where state = 'ended'",
    "update bindings set until = 1 where state = 'ended'",
  ])("is never overwritten, not even by: %s", async (statement) => {
    const { store } = await openChanged();
    const read = async () => [
      await store.selectFrom("merchantHistory").selectAll().execute(),
      await store.selectFrom("bindings").selectAll().execute(),
    ];
    const before = await read();
    await expect(sql.raw(statement).execute(store)).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
    expect(await read()).toEqual(before);
  });

  it("has one primary account in force at most, whatever is written", async () => {
    const { store } = await openChanged();
    await expect(
      sql`insert into bindings (merchant, kind, bank, cnaps, holder, bin, last4, commitment, is_primary, state, change_id)
        select merchant, kind, bank, cnaps, holder, bin, last4, commitment, 1, 'in_force', '' from bindings
        where is_primary = 1`.execute(store),
    ).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
  });
});

describe("the records", () => {
  it("hold no account number in any form, whatever came and changed", async () => {
    const { store, file } = await openChanged();
    await sql`pragma wal_checkpoint(truncate)`.execute(store);
    const places = readPlaces([dirname(file)]);
    expect(places.reduce((bytes, place) => bytes + place.bytes.length, 0)).toBeGreaterThan(100_000);
    expect(findNeedles(places, toForms(FLEET_FIELDS.account_no))).toEqual([]);
    // What may be there is found, so that a search that finds nothing is worth something.
    expect(findNeedles(places, [{ form: "holder", bytes: Buffer.from(FLEET_FIELDS.holder) }])).not.toEqual([]);
  });
});

describe("a database from before there were records", () => {
  it("has one for each merchant afterwards: version 1, with its account in force", async () => {
    const file = join(makeFolder(), "old.sqlite");
    const old = new Kysely<Schema>({ dialect: createSqliteDialect(file), plugins: [new CamelCasePlugin()] });
    const getMigrations = async () =>
      Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name < "0004_records"));
    expect((await new Migrator({ db: old, provider: { getMigrations } }).migrateToLatest()).error).toBeUndefined();
    for (const [number, uscc] of Object.entries(USCCS)) {
      await sql`
        insert into merchants values (${number}, '春茶', '茶', 'l', 't', ${uscc}, '5812', 'card', '农行', 'c', '林秀英',
          '622848', '0018', x'01')`.execute(old);
    }
    await old.destroy();
    const store = await openStore(file);
    onTestFinished(() => store.destroy());
    for (const [number, uscc] of Object.entries(USCCS)) {
      expect(await readRecord(store, number)).toMatchObject({
        ...{ version: 1, ownerKind: toOwnerKind(uscc), principal: "", contacts: [] },
        bindings: [{ isPrimary: true, state: "in_force", last4: "0018", holder: "林秀英", changeId: "" }],
      });
    }
  });

  it("tells owners as one does that begins with records", async () => {
    const fleet = await openTestFleet();
    for (const [number, uscc] of Object.entries(USCCS)) {
      await sql`
        insert into merchants values (${number}, '春茶', '茶', 'l', 't', ${uscc}, '5812', 'card', '农行', 'c', '林秀英',
          '622848', '0018', x'01')`.execute(fleet.store);
    }
    await transact(fleet.store, (tx) => beginRecords(tx, Object.keys(USCCS), fleet.at));
    for (const [number, uscc] of Object.entries(USCCS)) {
      expect(await readRecord(fleet.store, number)).toMatchObject({ ownerKind: toOwnerKind(uscc), version: 1 });
    }
  });
});
