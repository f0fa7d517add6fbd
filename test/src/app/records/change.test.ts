import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { parseLedgerEntry } from "../../../../proto/ledger-entry.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { listMerchantChanges, listMerchants, showMerchant } from "../../../../src/app/queries/merchants.ts";
import { changeRecord } from "../../../../src/app/records/change.ts";
import { toHistoryDigest } from "../../../../src/app/records/history.ts";
import { readRecord } from "../../../../src/app/records/read.ts";
import type { RecordPatch } from "../../../../src/domain/records/record.ts";
import { listEntries } from "../../../../src/store/ledger.ts";
import { listMerchantHistory } from "../../../../src/store/records.ts";
import { transact } from "../../../../src/store/store.ts";
import { OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import {
  MERCHANT,
  openTestFleet,
  readLedgerKinds,
  START,
  type TestFleet,
  toFleetRow,
} from "../../../support/fleet-store.ts";
import { MERCHANT_FACTS } from "../../../support/merchant-facts.ts";

const ACT = { number: MERCHANT, actor: "li.mei", changeId: "C1" };
const [CONTACT] = MERCHANT_FACTS.contacts;

async function openImported(): Promise<TestFleet> {
  const fleet = await openTestFleet();
  await importFleet(fleet, [toFleetRow(), toFleetRow(OTHER_FLEET_FIELDS)]);
  return fleet;
}

function change(fleet: TestFleet, version: number, patch: RecordPatch) {
  return transact(fleet.store, (tx) => changeRecord(tx, fleet.at, { ...ACT, version, patch }));
}

const code = (name: string) => expect.objectContaining({ code: name });

describe("an imported merchant", () => {
  it("has a record at once: the kind of its owner by its numbers, its account in force, version 1", async () => {
    const { store } = await openImported();
    expect(await readRecord(store, MERCHANT)).toMatchObject({
      ...{ number: MERCHANT, version: 1, updatedAt: START, ownerKind: "enterprise", principal: "", contacts: [] },
      bindings: [
        { isPrimary: true, state: "in_force", kind: "card", bin: "622848", last4: "0018", since: START, until: null },
      ],
    });
    expect(await readRecord(store, OTHER_FLEET_FIELDS.merchant_no)).toMatchObject({ ownerKind: "micro", version: 1 });
    await expect(readRecord(store, "822391058129999")).rejects.toThrow(code("NOT_FOUND"));
  });

  it("keeps its record when it is imported again", async () => {
    const fleet = await openImported();
    await change(fleet, 1, { principal: "林秀英" });
    await importFleet(fleet, [toFleetRow()]);
    expect(await readRecord(fleet.store, MERCHANT)).toMatchObject({ version: 2, principal: "林秀英" });
    expect(await fleet.store.selectFrom("bindings").selectAll().execute()).toHaveLength(2);
  });
});

describe("a change of a record", () => {
  it("is written into the rows, the history and the ledger, and counts the version up", async () => {
    const fleet = await openImported();
    fleet.at += 60;
    const patch = { name: "福州闽江茶业有限公司", principal: "林秀英", contacts: MERCHANT_FACTS.contacts };
    const record = await change(fleet, 1, patch);
    expect(record).toMatchObject({ ...patch, version: 2, updatedAt: START + 60, shortName: "闽江春茶楼" });
    expect(await showMerchant(fleet.store, MERCHANT)).toMatchObject({ ...patch, version: 2 });
    expect(await listMerchantChanges(fleet.store, MERCHANT)).toMatchObject([
      { group: "contact", version: 2, before: { contacts: [] }, after: { contacts: [CONTACT] } },
      {
        ...{ group: "merchant", version: 2, at: START + 60, actor: "li.mei", changeId: "C1" },
        before: { name: "福州闽江春茶文化有限公司", principal: "" },
        after: { name: "福州闽江茶业有限公司", principal: "林秀英" },
      },
    ]);
    expect(await readLedgerKinds(fleet)).toEqual(["fleet.imported", "merchant.changed"]);
  });

  it("puts down until when the licence is good, and forgets it again, with its history", async () => {
    const fleet = await openImported();
    expect(await readRecord(fleet.store, MERCHANT)).toMatchObject({ licenceValidUntil: null });
    const until = START + 86_400;
    expect(await change(fleet, 1, { licenceValidUntil: until })).toMatchObject({
      version: 2,
      licenceValidUntil: until,
    });
    expect(await listMerchants(fleet.store, { numbers: [MERCHANT] })).toMatchObject([{ licenceValidUntil: until }]);
    // What concerns something else leaves it as it is.
    await change(fleet, 2, { principal: "林秀英" });
    expect(await showMerchant(fleet.store, MERCHANT)).toMatchObject({ licenceValidUntil: until });
    await change(fleet, 3, { licenceValidUntil: null });
    const history = await listMerchantChanges(fleet.store, MERCHANT, { group: "merchant" });
    expect(history.map(({ before, after }) => [before, after])).toEqual([
      [{ licenceValidUntil: until }, { licenceValidUntil: null }],
      [{ principal: "" }, { principal: "林秀英" }],
      [{ licenceValidUntil: null }, { licenceValidUntil: until }],
    ]);
  });

  it("is told in the ledger by a digest of its history, and with nobody's data", async () => {
    const fleet = await openImported();
    await change(fleet, 1, { contacts: MERCHANT_FACTS.contacts });
    const [row] = await listEntries(fleet.store, 1, 1);
    const entry = parseLedgerEntry(row?.bytes ?? new Uint8Array(0));
    const history = await listMerchantHistory(fleet.store, MERCHANT, { limit: 10 });
    expect(entry).toMatchObject({
      subject: MERCHANT,
      actor: "li.mei",
      detail: '{"change":"C1","groups":"contact","version":2}',
    });
    expect(Buffer.from(entry.digest)).toEqual(Buffer.from(toHistoryDigest(history)));
  });

  it("of a version that somebody else has changed is refused, and nothing is written", async () => {
    const fleet = await openImported();
    await change(fleet, 1, { principal: "林秀英" });
    await expect(change(fleet, 1, { principal: "陈志强" })).rejects.toThrow(code("VERSION_CONFLICT"));
    expect(await readRecord(fleet.store, MERCHANT)).toMatchObject({ version: 2, principal: "林秀英" });
    expect(await listMerchantChanges(fleet.store, MERCHANT)).toHaveLength(1);
  });

  it("that changes nothing leaves everything as it is", async () => {
    const fleet = await openImported();
    expect(await change(fleet, 1, { name: "福州闽江春茶文化有限公司" })).toMatchObject({ version: 1 });
    expect(await listMerchantChanges(fleet.store, MERCHANT)).toEqual([]);
  });

  it("is refused for what is wrong with it, by the fault's code", async () => {
    const fleet = await openImported();
    for (const [patch, name] of [
      [{ name: "茶".repeat(21) }, "NAME_NOT_ENCODABLE"],
      [{ uscc: "911100007109250324" }, "IDENTIFIERS_INCONSISTENT"],
      [{ mcc: "58" }, "MCC_INVALID"],
      [{ contacts: [{ ...MERCHANT_FACTS.contacts[0], phone: "6228480402564890018" }] }, "PHONE_INVALID"],
    ] as [RecordPatch, string][]) {
      await expect(change(fleet, 1, patch), name).rejects.toThrow(code(name));
    }
    expect(await readRecord(fleet.store, MERCHANT)).toMatchObject({ version: 1 });
  });

  it("takes the members of a record and no others", async () => {
    const fleet = await openImported();
    const contact = { ...CONTACT, cardNumber: "6228480402564890018" } as never;
    await change(fleet, 1, {
      number: "822391058129999",
      cardNumber: "6228480402564890018",
      contacts: [contact],
    } as never);
    expect(await readRecord(fleet.store, MERCHANT)).toMatchObject({ version: 2, contacts: [CONTACT] });
    const { rows } = await sql<{ found: number }>`
      select count(*) as found from merchant_history
      where before || after like '%6228480402564890018%'`.execute(fleet.store);
    expect(rows).toEqual([{ found: 0 }]);
  });
});

describe("lists", () => {
  it("of merchants come in pages, by kind of owner, and of some merchants only", async () => {
    const { store } = await openImported();
    const other = OTHER_FLEET_FIELDS.merchant_no;
    const numbers = async (query: Parameters<typeof listMerchants>[1]) =>
      (await listMerchants(store, query)).map(({ number }) => number);
    expect(await numbers({})).toEqual([MERCHANT, other]);
    expect(await numbers({ limit: 1 })).toEqual([MERCHANT]);
    expect(await numbers({ after: MERCHANT })).toEqual([other]);
    expect(await numbers({ ownerKind: "micro" })).toEqual([other]);
    expect(await numbers({ numbers: [MERCHANT] })).toEqual([MERCHANT]);
    expect(await numbers({ numbers: [] })).toEqual([]);
    expect((await listMerchants(store))[0]).toMatchObject({ settlement: { number: "622848******0018" }, version: 1 });
  });

  it("of what changed come in pages, by group, the newest first", async () => {
    const fleet = await openImported();
    for (const version of [1, 2, 3]) await change(fleet, version, { shortName: `茶楼${version}` });
    await change(fleet, 4, { contacts: MERCHANT_FACTS.contacts });
    const versions = async (query: Parameters<typeof listMerchantChanges>[2]) =>
      (await listMerchantChanges(fleet.store, MERCHANT, query)).map(({ version }) => version);
    expect(await versions({})).toEqual([5, 4, 3, 2]);
    expect(await versions({ limit: 2 })).toEqual([5, 4]);
    const [, second] = await listMerchantChanges(fleet.store, MERCHANT);
    expect(await versions({ before: second?.id ?? 0 })).toEqual([3, 2]);
    expect(await versions({ group: "contact" })).toEqual([5]);
    await expect(listMerchantChanges(fleet.store, "822391058129999")).rejects.toThrow(code("NOT_FOUND"));
  });
});
