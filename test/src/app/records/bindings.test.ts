import { describe, expect, it } from "vitest";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { listMerchantChanges, showMerchant } from "../../../../src/app/queries/merchants.ts";
import { addBinding, endBinding, prepareBinding, replaceBinding } from "../../../../src/app/records/bindings.ts";
import { readRecord, toPrimary } from "../../../../src/app/records/read.ts";
import type { MerchantRecord } from "../../../../src/domain/records/record.ts";
import { findMerchants } from "../../../../src/store/fleet.ts";
import { listEndingBindings } from "../../../../src/store/records.ts";
import { transact } from "../../../../src/store/store.ts";
import {
  MERCHANT,
  openTestFleet,
  readLedgerKinds,
  START,
  type TestFleet,
  toFleetRow,
} from "../../../support/fleet-store.ts";
import { ACCOUNT, CARD } from "../../../support/merchant-facts.ts";

const SECOND = { ...CARD, last4: "7264", commitment: Buffer.alloc(32, 3), validUntil: START + 86_400 };

async function openImported(): Promise<TestFleet> {
  const fleet = await openTestFleet();
  await importFleet(fleet, [toFleetRow()]);
  return fleet;
}

const act = (version: number) => ({ number: MERCHANT, version, actor: "li.mei", changeId: "C1" });
const code = (name: string) => expect.objectContaining({ code: name });
const toStates = ({ bindings }: Pick<MerchantRecord, "bindings">) =>
  bindings.map(({ last4, state, isPrimary }) => `${last4} ${state}${isPrimary ? " primary" : ""}`);

/** The `merchants` row, which must be what the primary binding is. */
async function readSettled({ store }: TestFleet): Promise<unknown> {
  const [row] = await findMerchants(store, [MERCHANT]);
  const primary = toPrimary(await readRecord(store, MERCHANT));
  for (const field of ["kind", "bank", "cnaps", "holder", "bin", "last4", "commitment"] as const) {
    expect(row?.[field], field).toEqual(primary[field]);
  }
  return row?.last4;
}

describe("a settlement account", () => {
  it("is added beside the primary one", async () => {
    const fleet = await openImported();
    const { record, binding } = await transact(fleet.store, (tx) =>
      addBinding(tx, fleet.at, { ...act(1), settlement: SECOND }),
    );
    expect(toStates(record)).toEqual(["0018 in_force primary", "7264 in_force"]);
    expect(binding).toMatchObject({ since: START, changeId: "C1", validUntil: START + 86_400, replaces: null });
    expect(record.version).toBe(2);
    expect(await readSettled(fleet)).toBe("0018");
    expect(await readLedgerKinds(fleet)).toEqual(["fleet.imported", "merchant.changed"]);
    expect(await listEndingBindings(fleet.store, START + 86_401, 10)).toMatchObject([{ last4: "7264" }]);
    expect(await listEndingBindings(fleet.store, START + 86_400, 10)).toEqual([]);
  });

  it("takes the place of the primary one at once, which ends", async () => {
    const fleet = await openImported();
    const { bindings } = await readRecord(fleet.store, MERCHANT);
    const bindingId = bindings[0]?.id ?? 0;
    const { record } = await transact(fleet.store, (tx) =>
      replaceBinding(tx, fleet.at, { ...act(1), bindingId, settlement: ACCOUNT }),
    );
    expect(toStates(record)).toEqual(["7788 in_force primary"]);
    expect(await readSettled(fleet)).toBe("7788");
    const view = await showMerchant(fleet.store, MERCHANT);
    expect(view.bindings.map(({ number, state, until }) => [number, state, until])).toEqual([
      ["******7788", "in_force", null],
      ["622848******0018", "ended", START],
    ]);
    await expect(
      transact(fleet.store, (tx) => replaceBinding(tx, fleet.at, { ...act(2), bindingId, settlement: CARD })),
    ).rejects.toThrow(code("NOT_FOUND"));
  });

  it("takes the place of one beside the primary, which stays", async () => {
    const fleet = await openImported();
    const record = await transact(fleet.store, async (tx) => {
      const added = await addBinding(tx, fleet.at, { ...act(1), settlement: SECOND });
      return replaceBinding(tx, fleet.at, { ...act(2), bindingId: added.binding.id, settlement: ACCOUNT });
    });
    expect(toStates(record.record)).toEqual(["0018 in_force primary", "7788 in_force"]);
    expect(await readSettled(fleet)).toBe("0018");
  });

  it("ends, and the one that has been in force longest is primary then, or the one that is named", async () => {
    for (const [named, left] of [
      [false, "7264"],
      [true, "7788"],
    ] as const) {
      const fleet = await openImported();
      const record = await transact(fleet.store, async (tx) => {
        const first = toPrimary(await readRecord(tx, MERCHANT));
        await addBinding(tx, fleet.at + 1, { ...act(1), settlement: SECOND });
        const third = await addBinding(tx, fleet.at + 2, { ...act(2), settlement: ACCOUNT });
        const successor = named ? { successor: third.binding.id } : {};
        return endBinding(tx, fleet.at + 3, { ...act(3), bindingId: first.id, ...successor });
      });
      expect(record.version).toBe(4);
      expect(record.bindings).toHaveLength(2);
      expect(await readSettled(fleet)).toBe(left);
    }
  });

  it("is never ended where it is the last one in force, prepared ones or not", async () => {
    const fleet = await openImported();
    const { store, at } = fleet;
    const { binding } = await transact(store, (tx) =>
      prepareBinding(tx, at, { ...act(1), settlement: SECOND, replaces: null }),
    );
    const { id } = toPrimary(await readRecord(store, MERCHANT));
    const end = (change: object) =>
      transact(store, (tx) => endBinding(tx, at, { ...act(2), bindingId: id, ...change }));
    await expect(end({})).rejects.toThrow(code("BINDING_LAST"));
    await expect(end({ successor: binding.id })).rejects.toThrow(code("NOT_FOUND"));
    await expect(end({ bindingId: 999 })).rejects.toThrow(code("NOT_FOUND"));
    expect(toStates(await readRecord(store, MERCHANT))).toEqual(["0018 in_force primary", "7264 prepared"]);
    expect(await readSettled(fleet)).toBe("0018");
  });

  it("that is only prepared can be withdrawn, and was never in force", async () => {
    const { store, at } = await openImported();
    const record = await transact(store, async (tx) => {
      const { id } = toPrimary(await readRecord(tx, MERCHANT));
      const { binding } = await prepareBinding(tx, at, { ...act(1), settlement: SECOND, replaces: id });
      expect(binding).toMatchObject({ state: "prepared", since: null, replaces: id, isPrimary: false });
      await expect(prepareBinding(tx, at, { ...act(2), settlement: SECOND, replaces: binding.id })).rejects.toThrow(
        code("STATE_CONFLICT"),
      );
      return endBinding(tx, at, { ...act(2), bindingId: binding.id });
    });
    expect(toStates(record)).toEqual(["0018 in_force primary"]);
    expect(await store.selectFrom("bindings").select(["last4", "since", "until"]).orderBy("id").execute()).toEqual([
      { last4: "0018", since: START, until: null },
      { last4: "7264", since: null, until: START },
    ]);
  });

  it("is changed only by who has seen the record as it is", async () => {
    const { store, at } = await openImported();
    await expect(transact(store, (tx) => addBinding(tx, at, { ...act(7), settlement: SECOND }))).rejects.toThrow(
      code("VERSION_CONFLICT"),
    );
    expect(await store.selectFrom("bindings").selectAll().execute()).toHaveLength(1);
  });

  it("is masked in the history", async () => {
    const { store, at } = await openImported();
    await transact(store, (tx) => addBinding(tx, at, { ...act(1), settlement: SECOND }));
    expect(await listMerchantChanges(store, MERCHANT)).toMatchObject([
      {
        group: "settlement",
        before: { bindings: [] },
        after: { bindings: [{ number: "622848******7264", state: "in_force" }] },
      },
    ]);
  });
});
