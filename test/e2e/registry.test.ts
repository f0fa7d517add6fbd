import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MAX_FAULTS } from "../../src/app/import/fault-list.ts";
import { callTillsync } from "../support/called-cli.ts";
import { type CliResult, runTillsync } from "../support/cli.ts";
import { makeDataFolder } from "../support/data-folder.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "../support/fleet-fields.ts";
import { CSV_HEADER, toCsvLine, toJsonLine, toNth } from "../support/fleet-file.ts";
import { TILLSYNC } from "../support/programs.ts";
import { discard, makeScratch } from "../support/scratch.ts";

const SAMPLE = "sim/data/fleet.csv";
const LEGACY = { tusn: "SX-12345", maker: "", terminal_no: "00000009" };
const [TUSN, OTHER] = [FLEET_FIELDS.tusn, OTHER_FLEET_FIELDS.tusn];
const BIG_ROWS = 8_000;
const SEVERAL_COMMANDS_MS = 120_000;
/** More than the schema takes. */
const WRITING_BYTES = 1_048_576;

let folder: string;

beforeAll(() => {
  folder = makeScratch("registry");
});
afterAll(() => discard(folder));

function keep(name: string, lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

async function openData(name: string): Promise<string> {
  const data = join(folder, name);
  await makeDataFolder(data);
  return data;
}

const toJson = ({ stdout }: CliResult) => JSON.parse(stdout);
const toCode = ({ stderr }: CliResult) => JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error.code;

describe("the registry from the command line", { timeout: SEVERAL_COMMANDS_MS }, () => {
  let data: string;
  const terminals = (...args: readonly string[]) => callTillsync(data, "--json", "terminals", ...args);

  beforeAll(async () => {
    data = await openData("data");
  });

  it("imports CSV and JSON lines, and shows old stock as what it is", async () => {
    const csv = keep("fleet.csv", [CSV_HEADER, toCsvLine(), toCsvLine(LEGACY)]);
    expect(toJson(await terminals("import", csv))).toMatchObject({ terminals: 1, merchants: 1, legacy: 1, refused: 0 });
    const json = keep("fleet.ndjson", [toJsonLine(OTHER_FLEET_FIELDS)]);
    expect(toJson(await terminals("import", json))).toMatchObject({ terminals: 1, merchants: 1 });
    const unnamed = keep("fleet.txt", [toJsonLine(OTHER_FLEET_FIELDS)]);
    expect(toJson(await terminals("import", "--format", "jsonl", unnamed))).toMatchObject({ unchanged: 1 });
    expect(toJson(await terminals("show", LEGACY.tusn))).toMatchObject({ serial: LEGACY.tusn, verdict: "legacy" });
    expect(toJson(await terminals("list", "--verdict", "legacy"))).toHaveLength(1);
    expect((await callTillsync(data, "terminals", "show", LEGACY.tusn)).stdout).toContain("cannot be proven");
  });

  it("refuses a file with bad rows whole, keeps the good ones where asked to, and writes all faults to a file", async () => {
    const bad = Array.from({ length: MAX_FAULTS + 20 }, (_, n) => toCsvLine({ ...toNth(n), mcc: "x" }));
    const file = keep("bad.csv", [CSV_HEADER, ...bad, toCsvLine(toNth(9_000))]);
    const refused = await terminals("import", file);
    expect([refused.code, toCode(refused)]).toEqual([1, "IMPORT_REFUSED"]);
    const faults = join(folder, "faults.csv");
    const partly = await terminals("import", "--partial", "--faults", faults, file);
    expect(toJson(partly)).toMatchObject({ terminals: 1, refused: MAX_FAULTS + 20 });
    expect(JSON.parse(partly.stderr)).toMatchObject({ faultCount: MAX_FAULTS + 20, faults: { length: MAX_FAULTS } });
    const lines = readFileSync(faults, "utf8").trim().split("\n");
    expect([lines[0], lines[1], lines.length]).toEqual(["line,column,code", "2,mcc,MCC_INVALID", MAX_FAULTS + 21]);
    expect(statSync(faults).mode & 0o777).toBe(0o600);
    expect(toCode(await terminals("import", "--partial", "--faults", faults, file))).toBe("CONFIG_INVALID");
  });

  it("suspends, resumes and retires, with who and why in the history", async () => {
    const tusn = String(toNth(9_000).tusn);
    const say = ["--reason", "reported stolen", "--by", "li.na"];
    expect(toJson(await terminals("suspend", tusn, ...say))).toMatchObject({ life: "suspended" });
    expect(toJson(await terminals("list", "--life", "suspended"))).toMatchObject([{ tusn }]);
    expect(toJson(await terminals("resume", tusn, ...say))).toMatchObject({ life: "registered" });
    expect(toJson(await terminals("retire", tusn, ...say))).toMatchObject({ life: "retired" });
    expect(toCode(await terminals("resume", tusn, ...say))).toBe("STATE_CONFLICT");
    const { history } = toJson(await terminals("show", tusn));
    expect(history).toMatchObject([{ kind: "suspended" }, { kind: "resumed" }, { kind: "retired", actor: "li.na" }]);
    expect((await terminals("suspend", tusn)).code).toBe(2);
  });

  it("replaces a terminal and says that the new one needs a settlement of its own", async () => {
    expect(toCode(await terminals("replace", TUSN, TUSN, "--reason", "broken"))).toBe("STATE_CONFLICT");
    const { stdout } = await runTillsync(data, "terminals", "replace", TUSN, OTHER, "--reason", "broken");
    expect(stdout).toContain("no settlement yet");
    expect(toJson(await terminals("show", OTHER))).toMatchObject({
      replaces: TUSN,
      terminalNo: FLEET_FIELDS.terminal_no,
      merchantNumber: FLEET_FIELDS.merchant_no,
    });
    expect(toJson(await terminals("show", TUSN))).toMatchObject({ life: "replaced", replacedBy: OTHER });
    expect((await callTillsync(data, "terminals", "show", TUSN)).stdout).toMatch(/replaced by +0000290210015708/);
  });

  it("lists a fleet in pages", async () => {
    const fleet = await openData("paged");
    const list = (...args: readonly string[]) => callTillsync(fleet, "--json", "terminals", "list", ...args);
    expect((await callTillsync(fleet, "terminals", "import", SAMPLE)).code).toBe(0);
    const seen: string[] = [];
    for (let after = ""; ; ) {
      const { stdout, stderr } = await list("--limit", "150", ...(after === "" ? [] : ["--after", after]));
      seen.push(...JSON.parse(stdout).map(({ tusn }: { readonly tusn: string }) => tusn));
      if (stderr === "") break;
      after = JSON.parse(stderr).more.after;
    }
    expect(seen).toEqual([...new Set(seen)].toSorted());
    expect(seen).toHaveLength(351);
    expect((await list("--limit", "10001")).code).toBe(2);
  });
});

describe("a power cut", () => {
  const rows = Array.from({ length: BIG_ROWS }, (_, n) => toCsvLine(toNth(n, true)));
  const start = (data: string, file: string) =>
    spawn(process.execPath, [TILLSYNC, "--data", data, "terminals", "import", file], { stdio: "ignore" });

  async function readState(data: string) {
    const listed = toJson(await callTillsync(data, "--json", "terminals", "list"));
    const { entries } = toJson(await callTillsync(data, "--json", "ledger", "show"));
    const beside = readdirSync(data).filter((name) => name.startsWith("tillsync.sqlite-"));
    return { listed: listed.length, entries: entries.length, beside };
  }

  it("while a large file is read leaves nothing of it, and the next import takes it whole", async () => {
    const data = await openData("cut-reading");
    const pipe = join(folder, "fleet.pipe");
    execFileSync("mkfifo", [pipe]);
    const child = start(data, pipe);
    const exited = once(child, "exit");
    const writer = createWriteStream(pipe).on("error", () => undefined);
    // A pipe takes no more than its reader has taken from it, but for a few lines.
    await new Promise((resolve) =>
      writer.write(`${[CSV_HEADER, ...rows.slice(0, BIG_ROWS / 2)].join("\n")}\n`, resolve),
    );
    expect(child.exitCode).toBe(null);
    child.kill("SIGKILL");
    expect(await exited).toEqual([null, "SIGKILL"]);
    writer.destroy();
    expect(await readState(data)).toEqual({ listed: 0, entries: 0, beside: [] });
    const again = await callTillsync(data, "--json", "terminals", "import", keep("whole.csv", [CSV_HEADER, ...rows]));
    expect(toJson(again)).toMatchObject({ terminals: BIG_ROWS, merchants: BIG_ROWS });
  }, 300_000);

  it("while all of it is written leaves everything or nothing, never a part", async () => {
    const data = await openData("cut-writing");
    const wal = join(data, "tillsync.sqlite-wal");
    const child = start(data, keep("big.csv", [CSV_HEADER, ...rows]));
    const exited = once(child, "exit");
    // Nothing is written to the database before the one transaction is.
    const isWriting = () => existsSync(wal) && statSync(wal).size > WRITING_BYTES;
    await vi.waitFor(() => expect(isWriting()).toBe(true), { timeout: 120_000, interval: 1 });
    child.kill("SIGKILL");
    expect(await exited).toEqual([null, "SIGKILL"]);
    const { entries, beside } = await readState(data);
    const again = toJson(await callTillsync(data, "--json", "terminals", "import", join(folder, "big.csv")));
    const isThere = entries === 1;
    expect([entries, beside]).toEqual([isThere ? 1 : 0, []]);
    expect(again).toMatchObject({
      terminals: isThere ? 0 : BIG_ROWS,
      merchants: isThere ? 0 : BIG_ROWS,
      unchanged: isThere ? BIG_ROWS : 0,
    });
  }, 300_000);
});
