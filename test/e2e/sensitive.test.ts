import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTillsync } from "../support/called-cli.ts";
import { type CliResult, runTillsync } from "../support/cli.ts";
import { makeDataFolder } from "../support/data-folder.ts";
import { discard, makeScratch } from "../support/scratch.ts";

// What PCI DSS 3.3 forbids to keep, put into every input: it must be nowhere afterwards.

const SAMPLE = readFileSync("sim/data/fleet.csv", "utf8").split("\n");
const CANARIES = ["6222021234567890128", "25122010000098765432", "CANARYHOLDER", "975318"];
const [CARD = "", TAIL = "", NAME = "", CODE = ""] = CANARIES;
const TRACK_TWO = `;${CARD}=${TAIL}?`;
const TRACK_ONE = `%B${CARD}^${NAME}/LI^${TAIL}?`;

let folder: string;
let data: string;

beforeAll(async () => {
  folder = makeScratch("sensitive");
  data = join(folder, "data");
  await makeDataFolder(data);
});

afterAll(() => discard(folder));

function listFiles(path: string): readonly string[] {
  return readdirSync(path).flatMap((name) => {
    const file = join(path, name);
    return statSync(file).isDirectory() ? listFiles(file) : [file];
  });
}

/** Neither what was printed nor any file of the data folder holds a canary. */
function expectNowhere({ stdout, stderr }: CliResult): void {
  const places = [stdout, stderr, ...listFiles(data).map((file) => readFileSync(file, "latin1"))];
  expect(places.length).toBeGreaterThan(10);
  for (const canary of CANARIES) {
    for (const place of places) expect(place.includes(canary), canary).toBe(false);
  }
}

function toCode({ stderr }: CliResult) {
  return JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error;
}

/** The sample with one field of one row changed. */
function toBad(column: string, value: string): string {
  const at = (SAMPLE[0] ?? "").split(",").indexOf(column);
  const row = (SAMPLE[1] ?? "").split(",").with(at, `"${value}"`).join(",");
  return [SAMPLE[0], row, ...SAMPLE.slice(2)].join("\n");
}

describe("what must never be kept, in a fleet file", () => {
  it.each([
    ["a column of security codes", `${SAMPLE[0]},cvv2\n${SAMPLE[1]},${CODE}\n`],
    ["a column of PIN blocks", `${SAMPLE[0]},pin_block\n${SAMPLE[1]},${CODE}\n`],
    ["track 2 for a number", toBad("account_no", TRACK_TWO)],
    ["track 1 in a place", toBad("place", TRACK_ONE)],
    ["a named PIN in a place", toBad("place", `上海 PIN:${CODE}`)],
    ["track 2 beyond the last column", `${SAMPLE[0]}\n${SAMPLE[1]},${TRACK_TWO}\n`],
    ["track 2 where the header should be", `${TRACK_TWO}\n`],
    ["track 2 behind a quote that is never closed", `${SAMPLE[0]}\n${SAMPLE[1]},"${TRACK_TWO}\n`],
  ])("%s is refused and shows up nowhere", async (_, text) => {
    const file = join(folder, "fleet.csv");
    writeFileSync(file, text);
    for (const [run, ...json] of [[runTillsync], [callTillsync, "--json"]] as const) {
      const result = await run(data, ...json, "terminals", "import", file);
      expect(result.code).toBe(1);
      expectNowhere(result);
      if (json.length > 0) expect(toCode(result).code).toBe("IMPORT_REFUSED");
    }
    expect(JSON.parse((await callTillsync(data, "--json", "terminals", "list")).stdout)).toEqual([]);
  });
});
