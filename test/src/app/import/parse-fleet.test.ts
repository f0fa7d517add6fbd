import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_FAULTS } from "../../../../src/app/import/fault-list.ts";
import { type FleetFile, parseFleet } from "../../../../src/app/import/parse-fleet.ts";
import { FLEET_COLUMNS, type FleetColumn, type FleetFields } from "../../../../src/domain/fleet-columns.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { discard, makeScratch } from "../../../support/scratch.ts";

const HEADER = FLEET_COLUMNS.join(",");
const ROW = toLine(FLEET_FIELDS);
const OTHER_ROW = toLine(OTHER_FLEET_FIELDS);

function toLine(fields: FleetFields, change: Partial<FleetFields> = {}): string {
  return FLEET_COLUMNS.map((column) => ({ ...fields, ...change })[column]).join(",");
}

/** The nth of many sound rows, each a terminal and merchant of its own. */
function toNthLine(n: number): string {
  const number = String(n).padStart(8, "0");
  return toLine(FLEET_FIELDS, { tusn: `00000304${number}`, terminal_no: number, merchant_no: `8223910${number}` });
}

async function* toChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function parse(text: string | Uint8Array, chunk = 65_536): Promise<FleetFile> {
  return parseFleet(toChunks(Buffer.from(text as string), chunk));
}

/** Line, column and code of each fault; the file must be refused as a whole. */
async function faultsOf(text: string | Uint8Array): Promise<readonly (readonly [number, string, string])[]> {
  const { rows, faults, faultCount } = await parse(text);
  expect(rows).toEqual([]);
  expect(faultCount).toBe(faults.length);
  return faults.map(({ line, column, code }) => [line, column, code]);
}

describe("a fleet file", () => {
  it("gives its rows", async () => {
    const { rows, faults, faultCount } = await parse(`${HEADER}\n${ROW}\n${OTHER_ROW}\n`);
    expect(rows.map((row) => row.terminal.tusn)).toEqual([FLEET_FIELDS.tusn, OTHER_FLEET_FIELDS.tusn]);
    expect(rows.map((row) => row.account.last4)).toEqual(["0018", "1111"]);
    expect({ faults, faultCount }).toEqual({ faults: [], faultCount: 0 });
  });

  it.each<[string, string | Uint8Array]>([
    ["a byte-order mark", `\ufeff${HEADER}\n${ROW}\n${OTHER_ROW}\n`],
    ["CRLF", `${HEADER}\r\n${ROW}\r\n${OTHER_ROW}\r\n`],
    ["mixed line ends", `${HEADER}\r\n${ROW}\n${OTHER_ROW}`],
    ["comments and empty lines", `# "made" by, hand\n\n${HEADER}\r\n#\n${ROW}\n\r\n# end\n${OTHER_ROW}\n\n`],
    ["a byte-order mark before a comment", `\ufeff# comment\n${HEADER}\n${ROW}\n${OTHER_ROW}\n`],
    [
      "quotes",
      `${HEADER.replaceAll(",", '","').replace(/^|$/g, '"')}\n"${ROW.replaceAll(",", '","')}"\n${OTHER_ROW}\n`,
    ],
  ])("may have %s", async (_, text) => {
    const { rows, faultCount } = await parse(text);
    expect(faultCount).toBe(0);
    expect(rows.map((row) => row.terminal.tusn)).toEqual([FLEET_FIELDS.tusn, OTHER_FLEET_FIELDS.tusn]);
  });

  it("may have its columns in any order, and commas and quotes in a name", async () => {
    const columns = [...FLEET_COLUMNS].reverse();
    const fields: FleetFields = { ...FLEET_FIELDS, merchant_name: 'Café "春", 福州' };
    const row = columns.map((column) => `"${fields[column].replaceAll('"', '""')}"`).join(",");
    const { rows } = await parse(`${columns.join(",")}\n${row}\n`);
    expect(rows.map((one) => one.merchant.name)).toEqual(['Café "春", 福州']);
  });

  it("is read alike however its bytes arrive", async () => {
    const bytes = Buffer.from(`\ufeff# 注释\r\n${HEADER}\r\n${ROW}\r\n${OTHER_ROW}`);
    const whole = await parse(bytes);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 64 }), async (size) => {
        expect(await parse(bytes, size)).toEqual(whole);
      }),
      { numRuns: 25 },
    );
    expect(whole.rows).toHaveLength(2);
  });

  it("without rows has nothing wrong and nothing in it", async () => {
    expect(await parse(`${HEADER}\n# none yet\n`)).toEqual({ rows: [], legacy: [], faults: [], faultCount: 0 });
  });
});

describe("a fault in a fleet file", () => {
  it("is told by line, column and code, every one of them, and no row is left", async () => {
    const bad = toLine(FLEET_FIELDS, { tusn: "0000 gratia 3", mcc: "58", cnaps: "102100099997" });
    expect(await faultsOf(`# heading\n${HEADER}\n${OTHER_ROW}\n${bad}\n`)).toEqual([
      [4, "tusn", "TUSN_INVALID"],
      [4, "maker", "FIELD_INVALID"],
      [4, "mcc", "MCC_INVALID"],
      [4, "cnaps", "CNAPS_INVALID"],
    ]);
  });

  it("never shows a card number", async () => {
    const { faults } = await parse(`${HEADER}\n${toLine(FLEET_FIELDS, { account_no: "6228480402564890019" })}\n`);
    expect(JSON.stringify(faults)).toBe('[{"line":2,"column":"account_no","code":"CARD_NUMBER_INVALID"}]');
  });

  it("stands on its line after comments, empty lines and quoted line breaks", async () => {
    const broken = (end: string) =>
      FLEET_COLUMNS.map((column) => (column === "place" ? `"上${end}${end}海"` : FLEET_FIELDS[column])).join(",");
    const text = [
      "# one",
      HEADER,
      '# "three',
      "",
      broken("\n"), // lines 5 to 7
      "# eight",
      broken("\r\n"), // lines 9 to 11
      toLine(OTHER_FLEET_FIELDS, { mcc: "x" }),
      "# thirteen",
      toLine(OTHER_FLEET_FIELDS, { mcc: "y" }),
    ];
    for (const end of ["\n", "\r\n"]) {
      expect(await faultsOf(text.join(end))).toEqual([
        [5, "place", "NAME_INVALID"],
        [9, "place", "NAME_INVALID"],
        [12, "mcc", "MCC_INVALID"],
        [14, "mcc", "MCC_INVALID"],
      ]);
    }
  });

  it("is a row that repeats or contradicts an earlier one", async () => {
    const again = toLine(FLEET_FIELDS, { tusn: "00000304N7NL00072365", holder: "陈志强" });
    expect(await faultsOf(`${HEADER}\n${ROW}\n# two terminals\n${again}\n${OTHER_ROW}\n${ROW}\n`)).toEqual([
      [4, "terminal_no", "CSV_ROW_DUPLICATE"],
      [4, "holder", "CSV_ROW_DUPLICATE"],
      [6, "tusn", "CSV_ROW_DUPLICATE"],
      [6, "terminal_no", "CSV_ROW_DUPLICATE"],
    ]);
  });

  it("is listed in the order of the file, whatever found it", async () => {
    const bad = toLine(OTHER_FLEET_FIELDS, { mcc: "x" });
    expect(await faultsOf(`${HEADER}\n${ROW}\n${ROW}\n${bad}\n`)).toEqual([
      [3, "tusn", "CSV_ROW_DUPLICATE"],
      [3, "terminal_no", "CSV_ROW_DUPLICATE"],
      [4, "mcc", "MCC_INVALID"],
    ]);
  });

  it("is counted where it is not listed any more", async () => {
    const bad = toLine(FLEET_FIELDS, { mcc: "x" });
    const { rows, faults, faultCount } = await parse(`${HEADER}\n${`${bad}\n`.repeat(MAX_FAULTS + 7)}`);
    expect(rows).toEqual([]);
    expect(faults).toHaveLength(MAX_FAULTS);
    expect(faults.at(-1)).toEqual({ line: MAX_FAULTS + 1, column: "mcc", code: "MCC_INVALID" });
    expect(faultCount).toBe(MAX_FAULTS + 7);
  });
});

describe("a header row", () => {
  it("names each column once and no other", async () => {
    const without = (column: FleetColumn) => FLEET_COLUMNS.filter((name) => name !== column).join(",");
    expect(await faultsOf(`# heading\n${without("cnaps")}\n${ROW}\n`)).toEqual([[2, "cnaps", "CSV_COLUMN_MISSING"]]);
    expect(await faultsOf(`${HEADER},colour\n${ROW},123\n`)).toEqual([[1, "#20", "CSV_MALFORMED"]]);
    expect(await faultsOf(`${HEADER},tusn\n${ROW},x\n`)).toEqual([[1, "#20", "CSV_MALFORMED"]]);
  });

  it("that is not there leaves every column missing, and no value of the row shows", async () => {
    const { rows, faults, faultCount } = await parse(`${ROW}\n${OTHER_ROW}\n`);
    expect(rows).toEqual([]);
    expect(faultCount).toBe(2 * FLEET_COLUMNS.length);
    expect(JSON.stringify(faults)).not.toContain(FLEET_FIELDS.account_no);
    expect(JSON.stringify(faults)).not.toContain(FLEET_FIELDS.holder);
  });

  it.each(["", "\ufeff", "# only a comment\n", "\n\n"])("is missed in %j", async (text) => {
    expect(await faultsOf(text)).toEqual(FLEET_COLUMNS.map((column) => [1, column, "CSV_COLUMN_MISSING"]));
  });
});

describe("a file that is not CSV", () => {
  it.each<[string, string, number]>([
    ["too few fields", `${HEADER}\n${OTHER_ROW}\n822,5812\n`, 3],
    ["too many fields", `${HEADER}\n${OTHER_ROW}\n${ROW},\n`, 3],
    ["a quote within a field", `${HEADER}\n${ROW}\n00"00,\n`, 3],
    ["text behind a closing quote", `${HEADER}\n# two\n"0000"0,\n`, 3],
    ["a quote that is never closed", `${HEADER}\n${ROW}\n"${OTHER_ROW}\n# more\n${OTHER_ROW}\n`, 3],
    ["a quote within a row that is never closed", `${HEADER}\n${ROW}\n0,"1\n2\n3\n4`, 3],
    ["a carriage return that ends no line", `${HEADER}\n${ROW}\n00\r00\n`, 3],
    ["a comment with a carriage return in it", `${HEADER}\n${ROW}\n# a\rb\n`, 3],
  ])("for %s is refused with the line", async (_, text, line) => {
    expect(await faultsOf(text)).toEqual([[line, "", "CSV_MALFORMED"]]);
  });

  it("for bytes that are not UTF-8 is refused with the line", async () => {
    const gbk = Buffer.concat([Buffer.from(`${HEADER}\n${ROW}\n`), Buffer.from([0xc1, 0xd6, 0x2c, 0x0a])]);
    expect(await faultsOf(gbk)).toEqual([[3, "", "CSV_MALFORMED"]]);
    const cut = Buffer.from(`${HEADER}\n林`).subarray(0, -1);
    expect(await faultsOf(cut)).toEqual([[2, "", "CSV_MALFORMED"]]);
    const utf16 = Buffer.from(`\ufeff${HEADER}\n`, "utf16le");
    expect(await faultsOf(utf16)).toEqual([[1, "", "CSV_MALFORMED"]]);
  });

  it("is refused without its content in an error", async () => {
    const { faults } = await parse(`${HEADER}\n6228480402564890018"x\n`);
    expect(faults).toEqual([{ line: 2, column: "", code: "CSV_MALFORMED" }]);
  });
});

describe("a file over its bounds", () => {
  it.each<[string, string, number]>([
    ["a line", `${HEADER}\n${ROW}\n#${"x".repeat(4_096)}\n`, 3],
    ["a line that never ends", `${HEADER}\n${"x".repeat(9_000)}`, 2],
    ["a field", `${HEADER}\n${ROW}\n${"x".repeat(2_100)},\n`, 3],
    ["a quoted field over many lines", `${HEADER}\n${ROW}\n"${`${OTHER_ROW}\n`.repeat(40)}`, 3],
    ["the fields of the header", ",".repeat(5_000), 1],
  ])("for %s is refused with the line", async (_, text, line) => {
    expect(await faultsOf(text)).toEqual([[line, "", "CSV_TOO_LARGE"]]);
  });

  it("for its rows is refused at the first row too many", async () => {
    const rows = Array.from({ length: 11 }, (_, n) => `${toNthLine(n)}\n`);
    const read = (text: string) => parseFleet(toChunks(Buffer.from(text), 65_536), 10);
    expect(await read(`${HEADER}\n${rows.slice(1).join("")}`)).toMatchObject({ faultCount: 0 });
    expect(await read(`${HEADER}\n# two\n${rows.join("")}`)).toEqual({
      rows: [],
      legacy: [],
      faults: [{ line: 13, column: "", code: "CSV_TOO_LARGE" }],
      faultCount: 1,
    });
  });

  it("is let go of at once: an endless source is not read on", async () => {
    let chunks = 0;
    let isClosed = false;
    async function* endless() {
      try {
        yield Buffer.from(`${HEADER}\n`);
        for (;;) {
          chunks += 1;
          yield Buffer.alloc(65_536, "#");
        }
      } finally {
        isClosed = true;
      }
    }
    expect((await parseFleet(endless())).faults).toEqual([{ line: 2, column: "", code: "CSV_TOO_LARGE" }]);
    expect(chunks).toBe(1);
    expect(isClosed).toBe(true);
  });
});

describe("a fleet file on disk", () => {
  let folder = "";
  beforeAll(async () => {
    folder = makeScratch("fleet");
  });
  afterAll(() => discard(folder));

  it("is streamed", async () => {
    const path = join(folder, "fleet.csv");
    await writeFile(path, `${HEADER}\n${Array.from({ length: 2_000 }, (_, n) => toNthLine(n)).join("\n")}\n`);
    const { rows, faultCount } = await parseFleet(createReadStream(path, { highWaterMark: 1_000 }));
    expect(faultCount).toBe(0);
    expect(rows).toHaveLength(2_000);
  });

  it("that cannot be read is the caller's error, not a fault", async () => {
    await expect(parseFleet(createReadStream(join(folder, "none.csv")))).rejects.toMatchObject({ code: "ENOENT" });
    const broken = Readable.from([Buffer.from(`${HEADER}\n`)]);
    broken.once("data", () => broken.destroy(new Error("disk")));
    await expect(parseFleet(broken)).rejects.toThrow("disk");
  });
});

describe("what must never be kept, in a fleet file", () => {
  const TRACK = ";6228480402564890018=25122010000012300000?";

  it.each([
    ["a security code's column", `${HEADER},cvv2\n${ROW},987\n`, [[1, "#20", "SENSITIVE_DATA"]]],
    ["a column of track data", `${HEADER},二磁道\n${ROW},987\n`, [[1, "#20", "SENSITIVE_DATA"]]],
    [
      "track data in the place of a number",
      toLine(FLEET_FIELDS, { account_no: TRACK }),
      [[2, "account_no", "SENSITIVE_DATA"]],
    ],
    ["a security code in a remark", toLine(FLEET_FIELDS, { place: "上海 CVV 987" }), [[2, "place", "SENSITIVE_DATA"]]],
    ["track data in a field too many", `${ROW},${TRACK}`, [[2, "#20", "SENSITIVE_DATA"]]],
    ["track data where the header should be", `${TRACK}\n`, [[1, "#1", "SENSITIVE_DATA"]]],
  ] as const)("%s is refused and not repeated", async (_, text, expected) => {
    const whole = text.startsWith(HEADER) || text.startsWith(TRACK) ? text : `${HEADER}\n${text}\n`;
    const { rows, faults } = await parse(whole);
    expect(rows).toEqual([]);
    const found = faults.filter(({ code }) => code !== "CSV_COLUMN_MISSING");
    expect(found.map(({ line, column, code }) => [line, column, code])).toEqual(expected);
    expect(JSON.stringify(faults)).not.toMatch(/6228|2512|987/);
  });

  it("is found under a wrong header too, and does not stop the reading", async () => {
    const bad = toLine(FLEET_FIELDS, { holder: TRACK });
    const faults = await faultsOf(`${HEADER.replace("tusn", "sn")}\n${ROW}\n${bad}\n${bad}\n`);
    expect(faults.filter(([, , code]) => code === "SENSITIVE_DATA").map(([line]) => line)).toEqual([3, 4]);
  });
});
