import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTillsync } from "../support/called-cli.ts";
import { findNeedles, type Place, readPlaces, toForms } from "../support/canary.ts";
import { TUSN_A, TUSN_B } from "../support/certificates.ts";
import { type CliResult, runTillsync } from "../support/cli.ts";
import { makeDataFolder } from "../support/data-folder.ts";
import { discard, makeScratch } from "../support/scratch.ts";
import { SN_KEY, toKcv, toKeyRow } from "../support/sn-keys.ts";

/** Other keys as canaries, digits only as well. */
const OTHER = "58203917465028391746502839174650";
const BAD = "91827364550192837465019283746501";
const SAMPLE = "sim/data/fleet.csv";

let folder: string;
let data: string;
let keyFile: string;
const outputs: CliResult[] = [];

async function run(...args: readonly string[]): Promise<CliResult> {
  return note(await callTillsync(data, ...args));
}

async function runProcess(...args: readonly string[]): Promise<CliResult> {
  return note(await runTillsync(data, ...args));
}

function note(result: CliResult): CliResult {
  outputs.push(result);
  return result;
}

async function json(...args: readonly string[]) {
  const { code, stdout, stderr } = await run(...args, "--json");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

async function fail(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await run(...args, "--json");
  expect(code).toBe(1);
  return JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error.code;
}

function write(name: string, text: string): string {
  const lists = join(folder, "lists");
  mkdirSync(lists, { recursive: true });
  writeFileSync(join(lists, name), text);
  return join(lists, name);
}

beforeAll(async () => {
  folder = makeScratch("keys");
  data = join(folder, "data");
  keyFile = join(data, "keys", "sn-keys.json");
  await makeDataFolder(data);
  await json("terminals", "import", SAMPLE);
}, 120_000);

afterAll(() => discard(folder));

describe("tillsync keys", { timeout: 120_000 }, () => {
  it("imports, lists and shows SN keys by their check values", async () => {
    expect(await fail("keys", "show", TUSN_A)).toBe("NOT_FOUND");
    const list = write(
      "keys.csv",
      `tusn,sn_key,kcv\n${TUSN_A},${SN_KEY},${toKcv(SN_KEY)}\n${TUSN_B},${OTHER},${toKcv(OTHER)}\n`,
    );
    expect(await json("keys", "import", list, "--by", "wang")).toMatchObject({ added: 2, replaced: 0, unchanged: 0 });
    expect(await json("keys", "import", list)).toMatchObject({ added: 0, unchanged: 2 });
    expect(await json("keys", "show", TUSN_A)).toMatchObject({ tusn: TUSN_A, kcv: toKcv(SN_KEY), fault: "" });
    expect((await json("keys", "list")).map(({ tusn }: { tusn: string }) => tusn)).toEqual([TUSN_B, TUSN_A]);
    expect(
      (await json("keys", "list", "--limit", "1", "--after", TUSN_B)).map(({ kcv }: { kcv: string }) => kcv),
    ).toEqual([toKcv(SN_KEY)]);
    expect((await run("keys", "list")).stdout).toContain(toKcv(SN_KEY));
    expect((await runProcess("keys", "show", TUSN_A)).stdout).toContain(toKcv(SN_KEY));
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  });

  it("imports nothing of a file with a bad row, and tells line, column and code, never a key", async () => {
    const list = write("bad.csv", `tusn,sn_key,kcv\n${toKeyRow(1).tusn},${BAD},00000000\nx,${BAD},${BAD}\n`);
    const { code, stderr } = await run("keys", "import", list, "--json");
    const [faults, error] = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect([code, error.error.code]).toEqual([1, "IMPORT_REFUSED"]);
    expect(faults.faults).toContainEqual({ line: 2, column: "kcv", code: "SN_KEY_INVALID" });
    expect((await runProcess("keys", "import", list)).stderr).toContain("SN_KEY_INVALID");
    const headless = write("headless.csv", `${toKeyRow(1).tusn},${BAD}\n`);
    expect(await fail("keys", "import", headless)).toBe("IMPORT_REFUSED");
    expect(await fail("keys", "import", join(folder, "nothing.csv"))).toBe("CONFIG_INVALID");
    expect(await json("keys", "list")).toHaveLength(2);
    const other = write("other.csv", `tusn,sn_key\n${TUSN_A},${OTHER}\n`);
    expect(await fail("keys", "import", other)).toBe("IMPORT_REFUSED");
    expect(await json("keys", "import", other, "--replace")).toMatchObject({ replaced: 1 });
    expect(await json("keys", "show", TUSN_A)).toMatchObject({ kcv: toKcv(OTHER) });
  });

  it("rotates the key that they are sealed under, and refuses a key file that others can read", async () => {
    const { keyId, ...rest } = await json("keys", "rotate", "--by", "chen");
    expect(rest).toMatchObject({ resealed: 2, resumed: false, unreadable: 0 });
    expect(JSON.parse(readFileSync(keyFile, "utf8")).current).toBe(keyId);
    expect((await runProcess("keys", "rotate")).stdout).toContain("2 SN keys sealed anew");
    const text = readFileSync(keyFile);
    rmSync(keyFile);
    writeFileSync(keyFile, text, { mode: 0o644 });
    expect(await fail("keys", "rotate")).toBe("KEY_FILE_INVALID");
    expect(await json("keys", "list")).toMatchObject([{ fault: "KEY_FILE_INVALID" }, { fault: "KEY_FILE_INVALID" }]);
    expect((await run("keys", "list")).stdout).toContain("KEY_FILE_INVALID");
    rmSync(keyFile);
    writeFileSync(keyFile, text, { mode: 0o600 });
  });

  it("records what people found out, with its evidence, and lists it", async () => {
    const evidence = write("answer.txt", "The hotline says that it is genuine.");
    const enquiry = ["--channel", "hotline", "--case", "95016-7", "--by", "wang", "--found", "genuine"];
    const on = new Date().toISOString().slice(0, 10);
    const recorded = await json("verdicts", "record", TUSN_A, ...enquiry, "--on", on, "--evidence", evidence);
    expect(recorded).toMatchObject({ verdict: "verified-manual", held: "verified-manual" });
    expect(readdirSync(join(data, "evidence"))).toEqual([recorded.evidence]);
    expect(await json("verdicts", "list", TUSN_A)).toMatchObject([
      { source: "manual", evidenceDigest: recorded.evidence },
    ]);
    expect((await runProcess("verdicts", "list", TUSN_A)).stdout).toContain("95016-7");
    expect((await run("verdicts", "record", TUSN_A, ...enquiry, "--on", on)).stdout).toContain("verified-manual");
    expect(await fail("verdicts", "record", TUSN_A, ...enquiry, "--on", "soon")).toBe("FIELD_INVALID");
    expect((await run("verdicts", "list", TUSN_B)).stdout).toContain("no verdict");
  });

  it("removes a key, and those that nobody can open any more", async () => {
    expect(await json("keys", "remove", TUSN_B)).toEqual({ removed: 1 });
    expect(await fail("keys", "remove", TUSN_B)).toBe("NOT_FOUND");
    expect(await fail("keys", "remove")).toBe("CONFIG_INVALID");
    expect(await fail("keys", "remove", TUSN_A, "--lost")).toBe("CONFIG_INVALID");
    expect(await json("keys", "remove", "--lost")).toEqual({ removed: 0 });
    rmSync(keyFile);
    expect(await json("keys", "remove", "--lost")).toEqual({ removed: 1 });
    expect((await run("keys", "list")).stdout).toContain("There is no SN key");
  });

  it("leaves no SN key in any file, database, log or output of all this", async () => {
    // What stood in the database before may still be in its pages: one more import, so that there is something to find.
    const list = write("again.csv", `tusn,sn_key\n${TUSN_A},${SN_KEY}\n`);
    expect((await runProcess("keys", "import", list)).stdout).toContain("1 keys added");
    const said: readonly Place[] = outputs.flatMap(({ stdout, stderr }, n) => [
      { name: `output ${n}`, bytes: Buffer.from(stdout) },
      { name: `errors ${n}`, bytes: Buffer.from(stderr) },
    ]);
    const needles = [SN_KEY, OTHER, BAD].flatMap(toForms);
    const places = [...readPlaces([folder]), ...said];
    expect(places.length).toBeGreaterThan(20);
    // The lists that were imported are the operator's own, and show that the search finds what is there.
    const found = findNeedles(places, needles).map((where) => where.replace(/:.*/, ""));
    expect([...new Set(found)].toSorted()).toEqual(
      ["again.csv", "bad.csv", "headless.csv", "keys.csv", "other.csv"].map((name) => join(folder, "lists", name)),
    );
    const kek = Object.values(JSON.parse(readFileSync(keyFile, "utf8")).keys as Record<string, string>);
    const sealing = kek.flatMap((text) => [
      { form: "base64", bytes: Buffer.from(text) },
      { form: "raw", bytes: Buffer.from(text, "base64") },
    ]);
    expect(findNeedles(places, sealing)).toEqual([`${keyFile}: base64`]);
  });
});
