import { execFile } from "node:child_process";
import { readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTillsync } from "../support/called-cli.ts";
import { runTillsync } from "../support/cli.ts";
import { TILLSYNC } from "../support/programs.ts";
import { discard, makeScratch } from "../support/scratch.ts";

const SAMPLE = "sim/data/fleet.csv";
const MERCHANT = "822391058121070";

let folder: string;
let data: string;

function toErrorCode(stderr: string): string {
  return JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error.code;
}

beforeAll(async () => {
  folder = makeScratch("cli");
  data = join(folder, "data");
  expect((await runTillsync(data, "init")).code).toBe(0);
});

afterAll(() => discard(folder));

describe("tillsync", () => {
  it("makes a data folder once, with secrets that only the owner can read", async () => {
    const again = await runTillsync(data, "init", "--json");
    expect(JSON.parse(again.stdout)).toEqual({ created: false });
    for (const secret of ["ca/ca.key", "server/server.key", "trust/online.pem", "approvers/wang.li.pem"]) {
      expect(statSync(join(data, secret)).mode & 0o777, secret).toBe(0o600);
    }
  });

  it("runs in any folder, through a link to its file", async () => {
    const link = join(folder, "tillsync");
    symlinkSync(TILLSYNC, link);
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await promisify(execFile)(link, ["--version"], { cwd: folder })).toEqual({
      stdout: `${version}\n`,
      stderr: "",
    });
    const refused = promisify(execFile)(link, ["terminals", "list"], { cwd: folder });
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^DATA_FOLDER_INVALID: .*\nWhat to do: .*\n$/),
    });
  });

  it("without a data folder says so with a code and what to do", async () => {
    const { code, stderr } = await callTillsync(join(folder, "nowhere"), "terminals", "list", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: "DATA_FOLDER_INVALID",
      advice: expect.stringMatching(/\w/),
    });
  });

  it("imports nothing of a file with a bad row, and names line, column and code", async () => {
    const lines = readFileSync(SAMPLE, "utf8").split("\n");
    const at = lines.findIndex((line) => line.startsWith("00000304N7NL00072365"));
    lines[at] = (lines[at] ?? "").replace("00000304N7NL00072365", "0000 gratia 3");
    const file = join(folder, "bad.csv");
    writeFileSync(file, lines.join("\n"));
    const { code, stderr } = await callTillsync(data, "terminals", "import", file, "--json");
    expect(code).toBe(1);
    expect(toErrorCode(stderr)).toBe("IMPORT_REFUSED");
    const [report] = stderr.split("\n");
    expect(JSON.parse(report ?? "").faults).toContainEqual({ line: at + 1, column: "tusn", code: "TUSN_INVALID" });
    expect(JSON.parse((await callTillsync(data, "terminals", "list", "--json")).stdout)).toEqual([]);
  });

  it("imports the sample fleet, and finds it unchanged the second time", async () => {
    const first = await runTillsync(data, "terminals", "import", SAMPLE, "--json");
    expect(JSON.parse(first.stdout)).toMatchObject({ terminals: 351, merchants: 216, unchanged: 0 });
    const second = await callTillsync(data, "terminals", "import", SAMPLE, "--json");
    expect(JSON.parse(second.stdout)).toMatchObject({ terminals: 0, unchanged: 351 });
  });

  it("shows a merchant with its settlement masked, and never the account number", async () => {
    const { stdout } = await callTillsync(data, "merchants", "show", MERCHANT, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ number: MERCHANT, settlement: { number: "622848******7264" } });
    const database = readFileSync(join(data, "tillsync.sqlite"));
    expect(database.includes("6228487820010407264")).toBe(false);
  });

  it.each([
    [["terminals", "show", "9999999998"], "TUSN_INVALID"],
    [["terminals", "show", "00000304A"], "NOT_FOUND"],
    [["merchants", "show", "1"], "NOT_FOUND"],
    [["release", "show", "nothing"], "CONFIG_INVALID"],
    [["release", "show", "nothing", "--terminal", "x"], "TUSN_INVALID"],
    [["release", "publish", "nothing"], "CONFIG_INVALID"],
    [["release", "rollback", "--reason", "r"], "CONFIG_INVALID"],
    [["release", "rollback", "1".repeat(32), "--merchant", MERCHANT, "--reason", "r"], "CONFIG_INVALID"],
    [["release", "rollback", "1".repeat(32), "--reason", "r"], "CONFIG_INVALID"],
    [["release", "rollback", "1".repeat(32), "--reason", "r", "--out", "x"], "NOT_FOUND"],
    [["release", "rollback", "--merchant", MERCHANT, "--reason", "r", "--out", "x"], "NOTHING_TO_RELEASE"],
    [["release", "build", "--binding", "nothing", "--reason", "r", "--out", "x"], "CONFIG_INVALID"],
    [["release", "build", "--set", "merchant.name=CVV 123", "--reason", "r", "--out", "x"], "SENSITIVE_DATA"],
    [["release", "build", "--reason", "CVV 123", "--out", "x"], "SENSITIVE_DATA"],
    [["release", "build", "--merchant", MERCHANT, "--reason", "r", "--out", "x"], "NOTHING_TO_RELEASE"],
    [["release", "build", "--set", "merchant.colour=red", "--reason", "r", "--out", "x"], "CONFIG_INVALID"],
  ] as const)("refuses what is not there or malformed, by code: %j", async (args, expected) => {
    const { code, stderr, stdout } = await callTillsync(data, "--json", ...args);
    expect(toErrorCode(stderr)).toBe(expected);
    expect(code).toBe(1);
    expect(stdout).toBe("");
  });

  it("ends with 2 and shows what was expected where it is used wrongly", async () => {
    for (const args of [
      ["frobnicate"],
      ["deployments", "--state", "lost"],
      ["release", "build"],
      ["release", "show", "x", "--lang", "fr"],
      ["serve", "--port", "x"],
    ]) {
      const { code, stderr } = await callTillsync(data, ...args);
      expect(code, args.join(" ")).toBe(2);
      expect(stderr).toMatch(/error: /);
    }
  });

  it("signs nothing: no command of the service's takes an approver's key or a card number", async () => {
    expect((await runTillsync(data, "release", "sign", "x", "--key", "y")).code).toBe(2);
    const { code, stderr } = await callTillsync(
      data,
      "release",
      "build",
      "--reason",
      "r",
      "--out",
      "x",
      "--settlement",
      "x",
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining("--settlement")]);
    const { stdout } = await callTillsync(data, "release", "--help");
    expect(stdout).not.toMatch(/^ +sign /m);
  });

  it("explains itself", async () => {
    const { code, stdout } = await runTillsync(data, "--help");
    expect(code).toBe(0);
    for (const command of ["serve", "demo", "terminals", "merchants", "release", "deployments", "ledger"]) {
      expect(stdout).toContain(command);
    }
    expect((await callTillsync(data, "release", "build", "--help")).stdout).toContain("merchant.licence_no");
  });
});
