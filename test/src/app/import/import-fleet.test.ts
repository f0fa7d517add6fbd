import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, toDigest, toUtf8 } from "../../../../proto/bytes.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { openTestFleet, readLedgerKinds, toFleetRow, toTerminalFields } from "../../../support/fleet-store.ts";

const ROWS = [toFleetRow(toTerminalFields(0)), toFleetRow(toTerminalFields(1)), toFleetRow(OTHER_FLEET_FIELDS)];
const COUNTS = { merchants: 2, terminals: 3, legacy: 0, unchanged: 0, conflicts: [] };

describe("importFleet", () => {
  it("stores each merchant and terminal once, with a ledger entry", async () => {
    const fleet = await openTestFleet();
    expect(await importFleet(fleet, ROWS)).toEqual(COUNTS);
    const { store } = fleet;
    expect(await store.selectFrom("merchants").selectAll().execute()).toHaveLength(2);
    const terminals = await store.selectFrom("terminals").selectAll().orderBy("tusn").execute();
    expect(terminals.map(({ tusn }) => tusn)).toEqual(ROWS.map(({ terminal }) => terminal.tusn));
    expect(terminals[0]).toMatchObject({
      deviceKey: null,
      issuedSequence: 0,
      merchantNumber: ROWS[0]?.merchant.number,
    });
    expect(await readLedgerKinds(fleet)).toEqual(["fleet.imported"]);
  });

  it("keeps BIN, last four and a salted commitment of a card, and its number nowhere", async () => {
    const fleet = await openTestFleet();
    const salt = Buffer.alloc(16, 5);
    await importFleet({ ...fleet, randomBytes: () => salt }, [toFleetRow()]);
    const row = await fleet.store.selectFrom("merchants").selectAll().executeTakeFirstOrThrow();
    const number = "6228480402564890018";
    expect(row).toMatchObject({ bin: "622848", last4: "0018" });
    expect(row.commitment).toEqual(toDigest(concat(salt, toUtf8(number))));
    await fleet.store.destroy();
    const files = Buffer.concat([readFileSync(fleet.file)]);
    expect(files.includes(number)).toBe(false);
    expect(files.includes(salt)).toBe(false);
  });

  it("commits to the same card differently for each merchant", async () => {
    const fleet = await openTestFleet();
    await importFleet(fleet, [toFleetRow(), toFleetRow({ ...OTHER_FLEET_FIELDS, account_no: "6228480402564890018" })]);
    const rows = await fleet.store.selectFrom("merchants").select("commitment").execute();
    expect(rows[0]?.commitment).not.toEqual(rows[1]?.commitment);
  });

  it("counts the same file again and changes nothing", async () => {
    const fleet = await openTestFleet();
    await importFleet(fleet, ROWS);
    expect(await importFleet(fleet, ROWS)).toEqual({
      merchants: 0,
      terminals: 0,
      legacy: 0,
      unchanged: 3,
      conflicts: [],
    });
    expect(await readLedgerKinds(fleet)).toEqual(["fleet.imported"]);
  });

  it("adds new terminals of a known merchant", async () => {
    const fleet = await openTestFleet();
    await importFleet(fleet, ROWS);
    const more = [...ROWS, toFleetRow(toTerminalFields(2))];
    expect(await importFleet(fleet, more)).toEqual({
      merchants: 0,
      terminals: 1,
      legacy: 0,
      unchanged: 3,
      conflicts: [],
    });
  });

  it("imports nothing where one row contradicts the records, and names terminal and field", async () => {
    const fleet = await openTestFleet();
    await importFleet(fleet, [toFleetRow(toTerminalFields(0)), toFleetRow(OTHER_FLEET_FIELDS)]);
    const moved = toFleetRow({ ...toTerminalFields(0), place: "别处" });
    const renamed = toFleetRow({ ...OTHER_FLEET_FIELDS, merchant_name: "改名" });
    const result = await importFleet(fleet, [moved, renamed, toFleetRow(toTerminalFields(1))]);
    expect(result).toEqual({
      merchants: 0,
      terminals: 0,
      legacy: 0,
      unchanged: 0,
      conflicts: [
        { serial: moved.terminal.tusn, column: "place", code: "STATE_CONFLICT" },
        { serial: renamed.terminal.tusn, column: "merchant_name", code: "STATE_CONFLICT" },
      ],
    });
    expect(await fleet.store.selectFrom("terminals").selectAll().execute()).toHaveLength(2);
  });

  it("takes a terminal number that another terminal of the acquirer has for a conflict", async () => {
    const fleet = await openTestFleet();
    const { terminal_no = "" } = toTerminalFields(0);
    await importFleet(fleet, [toFleetRow(toTerminalFields(0))]);
    const second = toFleetRow({ ...toTerminalFields(1), terminal_no });
    expect(await importFleet(fleet, [second])).toMatchObject({
      terminals: 0,
      conflicts: [{ serial: second.terminal.tusn, column: "terminal_no", code: "STATE_CONFLICT" }],
    });
    expect(await fleet.store.selectFrom("terminals").select("tusn").execute()).toHaveLength(1);
    const elsewhere = toFleetRow({ ...OTHER_FLEET_FIELDS, terminal_no, acquirer: "48220001" });
    expect(await importFleet(fleet, [elsewhere])).toMatchObject({ terminals: 1, conflicts: [] });
  });

  it("ends in the same records however a fleet is cut into files", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), async (cut, repeat) => {
        const fleet = await openTestFleet();
        const rows = Array.from({ length: 12 }, (_, n) => toFleetRow(toTerminalFields(n)));
        await importFleet(fleet, rows.slice(0, cut));
        await importFleet(fleet, rows.slice(Math.min(cut, repeat)));
        expect(await fleet.store.selectFrom("terminals").selectAll().execute()).toHaveLength(12);
        expect(await fleet.store.selectFrom("merchants").selectAll().execute()).toHaveLength(1);
      }),
      { numRuns: 10 },
    );
  });
});
