import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApproverKey, toPrivateKeyPem } from "../../certs/keys.ts";
import { concat, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { parseTusn } from "../../proto/tusn.ts";
import { openAcquirer } from "../../sim/acquirer/acquirer.ts";
import { provisionTerminal } from "../../sim/demo/provision.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { readDataFolder } from "../../src/app/data-folder.ts";
import { enrolTerminal } from "../../src/app/enrol.ts";
import { openStore } from "../../src/store/store.ts";
import { runTillsync } from "../support/cli.ts";

// An operator's day on the command line: service, agent and every command are processes of their own.

const MAIN = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const AGENT = fileURLToPath(new URL("../../dist/tillsync-agent.cjs", import.meta.url));
const TUSN = "0000290210659453";
const TERMINAL_NO = "41965320";
const MERCHANT = "822331059424450";
const WAIT_MS = 30_000;

let folder: string;
let data: string;
let release: string;
const children: ChildProcess[] = [];
const acquirer = await openAcquirer({
  host: "127.0.0.1",
  port: 0,
  terminals: [{ terminalNo: TERMINAL_NO, merchantNo: MERCHANT, tmk: toSimulatedTmk(TUSN) }],
});

function tillsync(...args: readonly string[]) {
  return runTillsync(data, "--json", ...args);
}

async function done(...args: readonly string[]) {
  const { code, stdout, stderr } = await tillsync(...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await tillsync(...args);
  expect(code).toBe(1);
  return JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error.code;
}

function sign(person: string) {
  return done("release", "sign", release, "--key", join(data, "approvers", `${person}.pem`));
}

async function untilCommitted(sequence: number): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  let states: readonly { sequence: number; state: string }[] = [];
  while (performance.now() < deadline) {
    states = await done("deployments", "--tusn", TUSN);
    if (states.some((row) => row.sequence === sequence && row.state === "committed")) return;
  }
  expect(states).toContainEqual(expect.objectContaining({ sequence, state: "committed" }));
}

/** Resolves with the port that the service says it listens on. */
async function startService(): Promise<number> {
  const child = spawn(process.execPath, [MAIN, "serve", "--data", data, "--host", "127.0.0.1", "--port", "0"]);
  children.push(child);
  for await (const chunk of child.stderr) {
    const port = /serves terminals on 127\.0\.0\.1:(\d+)/.exec(String(chunk))?.[1];
    if (port !== undefined) {
      child.stderr.resume();
      return Number(port);
    }
  }
  throw new Error("the service did not start");
}

async function startAgent(port: number): Promise<void> {
  const { authority, trust, database } = readDataFolder(data);
  const terminal = await provisionTerminal({
    tusn: parseTusn(TUSN),
    agents: join(folder, "agents"),
    authority,
    root: readFileSync(join(trust, "root.json")),
    port,
    now: new Date(),
  });
  const store = await openStore(database);
  const log = { info: () => undefined } as never;
  const now = () => Math.floor(Date.now() / 1_000);
  await enrolTerminal({ store, now, randomBytes, log }, parseTusn(TUSN), terminal.certificate);
  await store.destroy();
  children.push(spawn(process.execPath, [AGENT, "run", "--config", terminal.configFile], { stdio: "ignore" }));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tillsync-release-"));
  data = join(folder, "data");
  release = join(folder, "a.release");
  await done("init");
  await done("terminals", "import", "sim/data/fleet.csv");
  const defaults = JSON.parse(readFileSync(join(data, "profile-defaults.json"), "utf8"));
  defaults.acquiring.port = acquirer.port;
  writeFileSync(join(data, "profile-defaults.json"), JSON.stringify(defaults));
  await startAgent(await startService());
});

afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  }
  await acquirer.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a release on the command line", () => {
  it("is built for enrolled terminals only and shows what it would change", async () => {
    const built = await done("release", "build", "--merchant", MERCHANT, "--reason", "first profile", "--out", release);
    expect(built).toMatchObject({
      purpose: "binding",
      merchant: MERCHANT,
      signedBy: [],
      demanded: ["maker", "checker"],
    });
    expect(built.directives).toHaveLength(1);
    expect(built.skipped.length).toBeGreaterThan(0);
    for (const skipped of built.skipped) expect(skipped.reason).toBe("not_enrolled");
  });

  it("is not published before two different people signed it", async () => {
    expect(await refused("release", "publish", release)).toBe("STATEMENT_UNSIGNED");
    await sign("wang.li");
    const twice = await sign("wang.li");
    expect(twice.signedBy).toHaveLength(1);
    expect(await refused("release", "publish", release)).toBe("STATEMENT_UNSIGNED");
    expect(await done("deployments")).toEqual([]);
  });

  it("is not signed with a key that the policy does not name", async () => {
    const key = join(folder, "stranger.pem");
    writeFileSync(key, toPrivateKeyPem(createApproverKey()));
    expect(await refused("release", "sign", release, "--key", key)).toBe("KEY_INVALID");
  });

  it("reaches the terminal through the running service, which another process published to", async () => {
    await sign("chen.bo");
    const published = await done("release", "publish", release);
    expect(published).toMatchObject({ deployments: 1, already: false });
    await untilCommitted(1);
    expect(await done("release", "show", published.releaseId)).toMatchObject({ states: { committed: 1 } });
    expect(await done("release", "publish", release)).toMatchObject({ already: true, deployments: 0 });
  });

  it("carries a new settlement, of which the number goes nowhere but the opening kept by the builder", async () => {
    const accountNo = "6228480402564890018";
    const settlement = join(folder, "settlement.json");
    const card = { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder: "沈建国", accountNo };
    writeFileSync(settlement, JSON.stringify({ ...card, cvv: "123" }));
    const args = [
      "--merchant",
      MERCHANT,
      "--settlement",
      settlement,
      "--reason",
      "new card",
      "--out",
      release,
      "--force",
    ];
    expect(await refused("release", "build", ...args)).toBe("FIELD_INVALID");

    writeFileSync(settlement, JSON.stringify(card));
    const built = await done("release", "build", ...args);
    const opening = `${release}.opening.json`;
    expect(statSync(opening).mode & 0o777).toBe(0o600);
    const { salt } = JSON.parse(readFileSync(opening, "utf8"));
    const commitment = toHex(toDigest(concat(Buffer.from(salt, "hex"), toUtf8(accountNo))));
    expect(built.directives[0].differences).toContainEqual(
      expect.objectContaining({ group: "binding", field: "commitment", after: commitment }),
    );
    expect(readFileSync(release).includes(accountNo)).toBe(false);
    expect(readFileSync(release).includes(salt)).toBe(false);

    await sign("wang.li");
    await sign("chen.bo");
    await done("release", "publish", release);
    await untilCommitted(2);
    expect(await done("merchants", "show", MERCHANT)).toMatchObject({ settlement: { number: "622848******0018" } });
    const database = [data, "tillsync.sqlite"].join("/");
    for (const file of [database, `${database}-wal`]) {
      expect(existsSync(file) && readFileSync(file).includes(accountNo)).toBe(false);
    }
  });

  it("changed after it was signed is refused, and what is shown is what is signed", async () => {
    const args = ["--merchant", MERCHANT, "--set", "merchant.short_name=书栖", "--reason", "short"];
    expect(await refused("release", "build", ...args, "--out", release)).toBe("CONFIG_INVALID");
    release = join(folder, "b.release");
    args.push("--out", release);
    await done("release", "build", ...args);
    await sign("wang.li");
    await sign("chen.bo");
    const shown = await done("release", "show", release);
    expect(shown.directives[0].differences).toEqual([
      { group: "merchant", field: "shortName", before: expect.any(String), after: "书栖" },
    ]);
    const bytes = readFileSync(release);
    const at = bytes.indexOf(toUtf8("书栖"));
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ 1;
    const changed = join(folder, "changed.release");
    copyFileSync(release, changed);
    writeFileSync(changed, bytes);
    expect(await refused("release", "publish", changed)).toBe("NOT_IN_RELEASE");
    const key = join(data, "approvers", "wang.li.pem");
    expect(await refused("release", "sign", changed, "--key", key)).toBe("NOT_IN_RELEASE");
    expect(await refused("release", "show", changed)).toBe("NOT_IN_RELEASE");
  });

  it("leaves the agent's own status in agreement with the service", async () => {
    const config = join(folder, "agents", TUSN, "agent.json");
    const child = spawn(process.execPath, [AGENT, "status", "--config", config, "--json"]);
    let text = "";
    for await (const chunk of child.stdout) text += chunk;
    const status = JSON.parse(text);
    const { reported } = await done("terminals", "show", TUSN);
    expect(status).toMatchObject({ tusn: TUSN, phase: "idle", sequence: 2 });
    expect(text).toContain(reported.currentDigest);
  });
});
