import { readFileSync } from "node:fs";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { type FleetFault, MAX_FAULTS } from "../../../../src/app/import/fault-list.ts";
import { type ImportOptions, importFile } from "../../../../src/app/import/import-file.ts";
import { CHUNK_ROWS, type FleetFormat } from "../../../../src/app/import/read-rows.ts";
import { listLedger } from "../../../../src/app/queries/ledger.ts";
import type { FleetFields } from "../../../../src/domain/fleet-columns.ts";
import { openStore } from "../../../../src/store/store.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { CSV_HEADER, toCsvLine, toJsonLine, toNth, toSource } from "../../../support/fleet-file.ts";
import { openTestFleet, readLedgerKinds, type TestFleet } from "../../../support/fleet-store.ts";

const PARTIAL: ImportOptions = { partial: true };

function importCsv(fleet: TestFleet, rows: readonly Partial<FleetFields>[], options?: ImportOptions) {
  return importFile(fleet, toSource(`${[CSV_HEADER, ...rows.map(toCsvLine)].join("\n")}\n`), "csv", options);
}

function importText(fleet: TestFleet, text: string, format: FleetFormat, options?: ImportOptions) {
  return importFile(fleet, toSource(text), format, options);
}

async function readFleet({ store }: TestFleet) {
  const terminals = await store.selectFrom("terminals").select("tusn").orderBy("tusn").execute();
  const legacy = await store.selectFrom("legacyTerminals").select("serial").orderBy("serial").execute();
  const merchants = await store.selectFrom("merchants").select("number").orderBy("number").execute();
  return {
    terminals: terminals.map(({ tusn }) => tusn),
    legacy: legacy.map(({ serial }) => serial),
    merchants: merchants.map(({ number }) => number),
  };
}

async function readDetail(fleet: TestFleet): Promise<unknown> {
  const { entries } = await listLedger(fleet.store, 0, 10);
  return JSON.parse(entries.find(({ kind }) => kind === "fleet.imported")?.detail ?? "null");
}

const toTriples = (faults: readonly FleetFault[]) => faults.map(({ line, column, code }) => [line, column, code]);

describe("importing a fleet file", () => {
  it("takes terminals, merchants and old stock into the records, with one ledger entry that counts them", async () => {
    const fleet = await openTestFleet();
    const legacy = { tusn: "SX-12345", maker: "", terminal_no: "00000009" };
    const report = await importCsv(fleet, [{}, OTHER_FLEET_FIELDS, legacy]);
    expect(report).toMatchObject({ accepted: true, terminals: 2, merchants: 2, legacy: 1, unchanged: 0, refused: 0 });
    expect(await readFleet(fleet)).toEqual({
      terminals: [FLEET_FIELDS.tusn, OTHER_FLEET_FIELDS.tusn].toSorted(),
      legacy: ["SX-12345"],
      merchants: [FLEET_FIELDS.merchant_no, OTHER_FLEET_FIELDS.merchant_no],
    });
    expect(await readDetail(fleet)).toEqual({ legacy: 1, merchants: 2, refused: 0, terminals: 2 });
    const [row] = await fleet.store
      .selectFrom("terminals")
      .selectAll()
      .where("tusn", "=", FLEET_FIELDS.tusn as never)
      .execute();
    expect(row).toMatchObject({ life: "registered", lifeBefore: "", verdict: "format-only", provenAt: null });
    expect(row).toMatchObject({ deviceKey: null, issuedSequence: 0, replaces: "", replacedBy: "" });
  });

  it("ends in the same records from CSV and from JSON lines, and finds the one unchanged after the other", async () => {
    const fleet = await openTestFleet();
    const rows = [{}, OTHER_FLEET_FIELDS, { tusn: "SX-12345", terminal_no: "00000009" }];
    const json = `${rows.map(toJsonLine).join("\n\n")}\n`;
    expect(await importText(fleet, json, "jsonl")).toMatchObject({ terminals: 2, merchants: 2, legacy: 1 });
    expect(await importCsv(fleet, rows)).toMatchObject({ terminals: 0, merchants: 0, legacy: 0, unchanged: 3 });
    expect(await readLedgerKinds(fleet)).toEqual(["fleet.imported"]);
  });

  it("keeps no account number, on disk or in memory tables: BIN, last four and a salted commitment", async () => {
    const fleet = await openTestFleet();
    await importCsv(fleet, [{}]);
    const row = await fleet.store.selectFrom("merchants").selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ bin: "622848", last4: "0018" });
    expect(row.commitment).toHaveLength(32);
    await fleet.store.destroy();
    expect(readFileSync(fleet.file).includes(FLEET_FIELDS.account_no)).toBe(false);
  });

  it("leaves nothing of itself behind, so that the next one can begin", async () => {
    const fleet = await openTestFleet();
    await importCsv(fleet, [{ mcc: "x" }]);
    const broken = importFile(fleet, toFailing(), "csv");
    await expect(broken).rejects.toThrow("disk");
    const { rows } = await sql`select name from temp.sqlite_master`.execute(fleet.store);
    expect(rows).toEqual([]);
    expect(await importCsv(fleet, [{}])).toMatchObject({ terminals: 1 });
  });
});

async function* toFailing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${CSV_HEADER}\n${toCsvLine()}\n`);
  throw new Error("disk");
}

describe("a file with bad rows", () => {
  const BAD = [{}, { ...OTHER_FLEET_FIELDS, mcc: "x" }, { ...toNth(7), terminal_no: FLEET_FIELDS.terminal_no }];

  it("is refused whole, each bad row told by line, column and code", async () => {
    const fleet = await openTestFleet();
    const report = await importCsv(fleet, BAD);
    expect(report).toMatchObject({ accepted: false, terminals: 0, merchants: 0, refused: 2, faultCount: 2 });
    expect(toTriples(report.faults)).toEqual([
      [3, "mcc", "MCC_INVALID"],
      [4, "terminal_no", "CSV_ROW_DUPLICATE"],
    ]);
    expect(await readFleet(fleet)).toEqual({ terminals: [], legacy: [], merchants: [] });
    expect(await readLedgerKinds(fleet)).toEqual([]);
  });

  it("gives its good rows where those are wanted, and no merchant of whom there is none", async () => {
    const fleet = await openTestFleet();
    expect(await importCsv(fleet, BAD, PARTIAL)).toMatchObject({
      accepted: true,
      terminals: 1,
      merchants: 1,
      refused: 2,
    });
    expect(await readFleet(fleet)).toMatchObject({
      terminals: [FLEET_FIELDS.tusn],
      merchants: [FLEET_FIELDS.merchant_no],
    });
    expect(await readDetail(fleet)).toMatchObject({ refused: 2, terminals: 1 });
  });

  it("gives nothing where it cannot be read to its end or its header is wrong, wanted or not", async () => {
    const fleet = await openTestFleet();
    const cut = `${CSV_HEADER}\n${toCsvLine()}\n"${toCsvLine(OTHER_FLEET_FIELDS)}\n`;
    const headless = `${CSV_HEADER},colour\n${toCsvLine()},red\n`;
    for (const text of [cut, headless]) {
      expect(await importText(fleet, text, "csv", PARTIAL)).toMatchObject({ accepted: false, terminals: 0 });
    }
    expect((await readFleet(fleet)).terminals).toEqual([]);
  });

  it("is told of to the last fault, though only the first are listed, in the order of the lines", async () => {
    const fleet = await openTestFleet();
    const told: FleetFault[] = [];
    const rows = Array.from({ length: CHUNK_ROWS + 50 }, (_, n) => ({ ...toNth(n), mcc: "x" }));
    const report = await importCsv(fleet, rows, {
      onFaults: async (faults) => {
        told.push(...faults);
      },
    });
    expect(report.faultCount).toBe(rows.length);
    expect(report.faults).toHaveLength(MAX_FAULTS);
    expect(told.map(({ line }) => line)).toEqual(rows.map((_, n) => n + 2));
  });

  it("is found out about across chunks: repeated numbers and contradicting merchants far apart", async () => {
    const fleet = await openTestFleet();
    const rows: Partial<FleetFields>[] = Array.from({ length: CHUNK_ROWS * 2 }, (_, n) => toNth(n));
    rows.push({ ...toNth(5_000), tusn: String(toNth(3).tusn) });
    rows.push({ ...toNth(5_001), terminal_no: String(toNth(4).terminal_no) });
    rows.push({ ...toNth(5_002), holder: "陈志强" }, { ...toNth(5_003), account_no: "4111111111111111" });
    const { faults, accepted } = await importCsv(fleet, rows);
    const first = CHUNK_ROWS * 2 + 2;
    expect(toTriples(faults)).toEqual([
      [first, "tusn", "CSV_ROW_DUPLICATE"],
      [first + 1, "terminal_no", "CSV_ROW_DUPLICATE"],
      [first + 2, "holder", "CSV_ROW_DUPLICATE"],
      [first + 3, "account_no", "CSV_ROW_DUPLICATE"],
    ]);
    expect(accepted).toBe(false);
  });
});

describe("a file that contradicts the records", () => {
  it("is refused by line and column, and changes nothing; wanted in part, its other rows come in", async () => {
    const fleet = await openTestFleet();
    const stock = { tusn: "SX-12345", terminal_no: "00000009" };
    await importCsv(fleet, [{}, OTHER_FLEET_FIELDS, stock]);
    const rows = [
      { place: "别处" },
      { ...stock, model: "N8" },
      toNth(1),
      { ...OTHER_FLEET_FIELDS, account_no: "6228480402564890018" },
    ];
    const expected = [
      [2, "place", "STATE_CONFLICT"],
      [3, "model", "STATE_CONFLICT"],
      [5, "account_no", "STATE_CONFLICT"],
    ];
    const { faults, accepted } = await importCsv(fleet, rows);
    expect([accepted, toTriples(faults)]).toEqual([false, expected]);
    const partly = await importCsv(fleet, rows, PARTIAL);
    expect(toTriples(partly.faults)).toEqual(expected);
    expect(partly).toMatchObject({ terminals: 1, legacy: 0, merchants: 0, refused: 3 });
    const kept = await fleet.store
      .selectFrom("terminals")
      .select("place")
      .where("tusn", "=", FLEET_FIELDS.tusn as never)
      .execute();
    expect(kept).toEqual([{ place: FLEET_FIELDS.place }]);
  });

  it("may not give a terminal number that another terminal, or old stock, of the acquirer has", async () => {
    const fleet = await openTestFleet();
    await importCsv(fleet, [{}, { tusn: "SX-12345", terminal_no: "00000009" }]);
    const rows = [FLEET_FIELDS.terminal_no, "00000009"].map((terminal_no, n) => ({ ...toNth(n), terminal_no }));
    expect(toTriples((await importCsv(fleet, rows)).faults)).toEqual([
      [2, "terminal_no", "STATE_CONFLICT"],
      [3, "terminal_no", "STATE_CONFLICT"],
    ]);
    const elsewhere = { ...OTHER_FLEET_FIELDS, terminal_no: FLEET_FIELDS.terminal_no, acquirer: "48220001" };
    expect(await importCsv(fleet, [elsewhere])).toMatchObject({ accepted: true, terminals: 1 });
  });

  it("may give the terminal number of a terminal that is out of service to another one", async () => {
    const fleet = await openTestFleet();
    await importCsv(fleet, [{}]);
    await fleet.store.updateTable("terminals").set({ life: "retired" }).execute();
    const successor = { ...toNth(1), terminal_no: FLEET_FIELDS.terminal_no };
    expect(await importCsv(fleet, [successor])).toMatchObject({ accepted: true, terminals: 1 });
  });
});

describe("another process", () => {
  /** Taken over by a second process, as soon as a fault was told. */
  async function importBeside(fleet: TestFleet, beside: (other: TestFleet) => Promise<unknown>) {
    await importCsv(fleet, [{}]);
    const store = await openStore(fleet.file);
    let isDone = false;
    const options = {
      ...PARTIAL,
      onFaults: async () => {
        if (!isDone) await beside({ ...fleet, store });
        isDone = true;
      },
    };
    try {
      return await importCsv(fleet, [{ place: "别处" }, toNth(1), toNth(2)], options);
    } finally {
      await store.destroy();
    }
  }

  it("writes while a file is held against the records, however much of it contradicts them", async () => {
    const fleet = await openTestFleet();
    const report = await importBeside(fleet, (other) => importCsv(other, [OTHER_FLEET_FIELDS]));
    expect(toTriples(report.faults)).toEqual([[2, "place", "STATE_CONFLICT"]]);
    expect(report).toMatchObject({ accepted: true, terminals: 2 });
    expect((await readFleet(fleet)).terminals).toHaveLength(4);
  });

  it("that wrote one of its rows differently meanwhile is not overwritten, and the row is told as bad", async () => {
    const fleet = await openTestFleet();
    const report = await importBeside(fleet, (other) => importCsv(other, [{ ...toNth(1), place: "第三处" }]));
    expect(toTriples(report.faults)).toEqual([
      [2, "place", "STATE_CONFLICT"],
      [3, "place", "STATE_CONFLICT"],
    ]);
    expect(report).toMatchObject({ accepted: true, terminals: 1, refused: 2 });
    const places = await fleet.store.selectFrom("terminals").select("place").execute();
    expect(places.map(({ place }) => place)).toContain("第三处");
  });
});

describe("JSON lines", () => {
  it("are strict: each line one flat object with every column once and nothing else, or a bad row", async () => {
    const fleet = await openTestFleet();
    const lines = [
      toJsonLine(),
      "{",
      "[]",
      toJsonLine(OTHER_FLEET_FIELDS).replace("}", ',"colour":"red"}'),
      toJsonLine(OTHER_FLEET_FIELDS).replace("}", ',"mcc":"5812"}'),
      JSON.stringify({ ...OTHER_FLEET_FIELDS, mcc: 5812 }),
      JSON.stringify({ ...OTHER_FLEET_FIELDS, mcc: undefined }),
      toJsonLine(OTHER_FLEET_FIELDS).replace("}", ',"cvv2":"987"}'),
      toJsonLine({ ...OTHER_FLEET_FIELDS, mcc: "x" }),
      toJsonLine(OTHER_FLEET_FIELDS),
    ];
    const report = await importText(fleet, lines.join("\n"), "jsonl", PARTIAL);
    expect(toTriples(report.faults)).toEqual([
      [2, "", "FIELD_INVALID"],
      [3, "", "FIELD_INVALID"],
      [4, "", "FIELD_INVALID"],
      [5, "", "FIELD_INVALID"],
      [6, "mcc", "FIELD_INVALID"],
      [7, "mcc", "FIELD_MISSING"],
      [8, "", "SENSITIVE_DATA"],
      [9, "mcc", "MCC_INVALID"],
    ]);
    expect(report).toMatchObject({ accepted: true, terminals: 2, refused: 8 });
  });

  it("over their length end the reading, and nothing is kept", async () => {
    const fleet = await openTestFleet();
    const long = toJsonLine({ ...OTHER_FLEET_FIELDS, place: "x".repeat(5_000) });
    const report = await importText(fleet, `${toJsonLine()}\n${long}\n`, "jsonl", PARTIAL);
    expect(report).toMatchObject({ accepted: false, faults: [{ line: 2, column: "", code: "CSV_TOO_LARGE" }] });
    expect((await readFleet(fleet)).terminals).toEqual([]);
  });
});

describe("a legacy number that looks like a mistyped TUSN", () => {
  it("is imported all the same, and told by line and likely slip, never by its value", async () => {
    const fleet = await openTestFleet();
    const report = await importCsv(fleet, [{}, { tusn: "00000304n7nl00072365", terminal_no: "00000009" }]);
    expect(report).toMatchObject({ accepted: true, legacy: 1, noteCount: 1 });
    expect(report.notes).toEqual([{ line: 3, column: "tusn", code: "LEGACY_NUMBER", slips: ["lower_case"] }]);
    expect((await readFleet(fleet)).legacy).toEqual(["00000304n7nl00072365"]);
  });
});
