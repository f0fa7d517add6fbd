import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toFrontierRoot, toLeafHash, toTree } from "../../../proto/tree.ts";
import { toEntry } from "../../../src/app/ledger-entries.ts";
import { verifyLedger } from "../../../src/app/queries/ledger.ts";
import { appendEntries, findFrontier, listEntries } from "../../../src/store/ledger.ts";
import { transact } from "../../../src/store/store.ts";
import { openTestFleet, type TestFleet } from "../../support/fleet-store.ts";

async function append(fleet: TestFleet, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, n) => toEntry(n + 1, "fleet.imported", `s${n}`));
  await transact(fleet.store, (tx) => appendEntries(tx, entries));
}

describe("appendEntries", () => {
  it("keeps the RFC 9162 tree over all entries, however they are cut into transactions", async () => {
    const fleet = await openTestFleet();
    const cuts = fc.sample(fc.integer({ min: 0, max: 40 }), { numRuns: 12, seed: 7 });
    for (const count of cuts) {
      await append(fleet, count);
      const rows = await listEntries(fleet.store, 0, 10_000);
      const frontier = await findFrontier(fleet.store);
      expect(frontier.size).toBe(rows.length);
      if (rows.length === 0) continue;
      const hashes = rows.map(({ bytes }) => toLeafHash(bytes));
      expect(toFrontierRoot(frontier)).toEqual(toTree(hashes).root);
    }
  });

  it("writes many entries in one go", async () => {
    const fleet = await openTestFleet();
    await append(fleet, 2_500);
    expect(await verifyLedger(fleet.store)).toMatchObject({ size: 2_500 });
  });

  it("appends nothing where the transaction does not hold", async () => {
    const fleet = await openTestFleet();
    const work = transact(fleet.store, async (tx) => {
      await appendEntries(tx, [toEntry(1, "fleet.imported", "x")]);
      throw new Error("undo");
    });
    await expect(work).rejects.toThrow("undo");
    expect(await findFrontier(fleet.store)).toEqual({ size: 0, peaks: [] });
    expect(await listEntries(fleet.store, 0, 10)).toEqual([]);
  });

  it("is refused where the head is gone", async () => {
    const fleet = await openTestFleet();
    await fleet.store.deleteFrom("ledgerHead").execute();
    await expect(append(fleet, 1)).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
  });
});

describe("verifyLedger", () => {
  const SIZE = 9;

  it("finds nothing wrong in an untouched ledger, the empty one too", async () => {
    const fleet = await openTestFleet();
    expect(await verifyLedger(fleet.store)).not.toHaveProperty("firstBad");
    await append(fleet, SIZE);
    expect(await verifyLedger(fleet.store)).not.toHaveProperty("firstBad");
  });

  it("names the first index that was edited, whichever it is", async () => {
    for (let index = 0; index < SIZE; index += 1) {
      const fleet = await openTestFleet();
      await append(fleet, SIZE);
      await fleet.store
        .updateTable("ledger")
        .set({ bytes: Uint8Array.of(1) })
        .where("idx", "=", index)
        .execute();
      expect(await verifyLedger(fleet.store)).toMatchObject({ firstBad: index });
    }
  });

  it("names the first index that is missing, whichever it is", async () => {
    for (let index = 0; index < SIZE; index += 1) {
      const fleet = await openTestFleet();
      await append(fleet, SIZE);
      await fleet.store.deleteFrom("ledger").where("idx", "=", index).execute();
      expect(await verifyLedger(fleet.store)).toMatchObject({ firstBad: index });
    }
  });

  it("notices an entry that was replaced with its hash, by the root", async () => {
    const fleet = await openTestFleet();
    await append(fleet, SIZE);
    const bytes = Uint8Array.of(1);
    await fleet.store
      .updateTable("ledger")
      .set({ bytes, leafHash: toLeafHash(bytes) })
      .where("idx", "=", 3)
      .execute();
    expect(await verifyLedger(fleet.store)).toMatchObject({ firstBad: SIZE });
  });
});
