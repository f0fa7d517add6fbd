import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toUtf8 } from "../../proto/bytes.ts";
import { parseTusn } from "../../proto/tusn.ts";
import { openAcquirer } from "../../sim/acquirer/acquirer.ts";
import { provisionTerminal } from "../../sim/demo/provision.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { readDataFolder } from "../../src/app/data-folder.ts";
import { enrolTerminal } from "../../src/app/enrolment/record-device.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openStore } from "../../src/store/store.ts";
import { callTillsync } from "../support/called-cli.ts";
import { type CliResult, runTillsync } from "../support/cli.ts";
import { makeDataFolder } from "../support/data-folder.ts";
import { TILLSYNC, TILLSYNC_AGENT, TILLSYNC_SIGN } from "../support/programs.ts";
import { discard, makeScratch } from "../support/scratch.ts";
import { recordVerdict } from "../support/verdicts.ts";

// An operator's day on the command line: service, agent and the approvers' program are processes of their own.

const TUSN = "0000290210659453";
const TERMINAL_NO = "41965320";
const MERCHANT = "822331059424450";
/** Of the account that the sample fleet has for the merchant. */
const FIRST_LAST4 = "7215";
const WAIT_MS = 30_000;
const POLL_MS = 50;
const SEVERAL_COMMANDS_MS = 120_000;

let folder: string;
let data: string;
let release: string;
/** Id of the release with the new card. */
let cardRelease: string;
const children: ChildProcess[] = [];
const acquirer = await openAcquirer({
  host: "127.0.0.1",
  port: 0,
  terminals: [{ terminalNo: TERMINAL_NO, merchantNo: MERCHANT, tmk: toSimulatedTmk(TUSN) }],
});

function tillsync(...args: readonly string[]) {
  return callTillsync(data, "--json", ...args);
}

async function done(...args: readonly string[]) {
  return toDone(await tillsync(...args));
}

async function doneByProcess(...args: readonly string[]) {
  return toDone(await runTillsync(data, "--json", ...args));
}

function toDone({ code, stdout, stderr }: CliResult) {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await tillsync(...args);
  expect(code).toBe(1);
  return JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error.code;
}

/** Runs the approvers' own program, in the home that both demo approvers share. */
async function runSign(...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [TILLSYNC_SIGN, ...args, "--home", join(data, "approvers")]);
}

/** `last4` of a new card, as the person reads it on the merchant's own paper. */
async function sign(person: string, last4?: string): Promise<void> {
  const home = join(data, "approvers");
  const key = ["--key", join(home, `${person}.pem`), "--passphrase-file", join(home, `${person}.passphrase`)];
  await runSign("sign", release, "--yes", ...key, ...(last4 === undefined ? [] : ["--last4", last4]));
}

async function publishSigned(last4?: string) {
  await sign("wang.li", last4);
  await sign("chen.bo", last4);
  return await done("release", "publish", release);
}

function untilCommitted(sequence: number): Promise<void> {
  return untilState(sequence, "committed");
}

async function untilState(sequence: number, state: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  let states: readonly { sequence: number; state: string }[] = [];
  while (performance.now() < deadline) {
    states = await done("deployments", "--tusn", TUSN);
    if (states.some((row) => row.sequence === sequence && row.state === state)) return;
    await delay(POLL_MS);
  }
  expect(states).toContainEqual(expect.objectContaining({ sequence, state }));
}

/** Resolves with the port that the service says it listens on. */
async function startService(): Promise<number> {
  const child = spawn(process.execPath, [
    TILLSYNC,
    "serve",
    "--data",
    data,
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--desk-port",
    "0",
    "--no-enrolment",
    "--no-lookup",
    "--no-api",
    "--no-terminal",
  ]);
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
    needsCardNumber: false,
    now: new Date(),
  });
  const store = await openStore(database);
  const log = { info: () => undefined } as never;
  const now = () => Math.floor(Date.now() / 1_000);
  const context = { store, now, randomBytes, identity: DEFAULT_IDENTITY_POLICY, log };
  await enrolTerminal(context, parseTusn(TUSN), terminal.certificate);
  await recordVerdict(context, parseTusn(TUSN));
  await store.destroy();
  children.push(spawn(process.execPath, [TILLSYNC_AGENT, "run", "--config", terminal.configFile], { stdio: "ignore" }));
}

beforeAll(async () => {
  folder = makeScratch("release");
  data = join(folder, "data");
  release = join(folder, "a.release");
  await makeDataFolder(data);
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
  discard(folder);
});

describe("a release on the command line", { timeout: SEVERAL_COMMANDS_MS }, () => {
  it("is built for enrolled terminals only and shows what it would change", async () => {
    const about = ["--merchant", MERCHANT, "--reason", "first profile", "--out", release];
    const built = await doneByProcess("release", "build", ...about);
    expect(built).toMatchObject({
      purpose: "binding",
      merchant: MERCHANT,
      signedBy: [],
      demanded: ["maker", "checker"],
    });
    expect(built.inFull.shown).toHaveLength(1);
    expect(built.skipped.length).toBeGreaterThan(0);
    for (const skipped of built.skipped) expect(skipped.reason).toBe("not_enrolled");
  });

  it("is not published before two different people signed it", async () => {
    expect(await refused("release", "publish", release)).toBe("STATEMENT_UNSIGNED");
    await sign("wang.li", FIRST_LAST4);
    await expect(sign("wang.li", FIRST_LAST4)).rejects.toMatchObject({
      stderr: expect.stringMatching(/^SIGNER_NOT_ALLOWED/),
    });
    expect(await done("release", "show", release)).toMatchObject({ signedBy: [{ id: "wang.li" }] });
    expect(await refused("release", "publish", release)).toBe("STATEMENT_UNSIGNED");
    expect(await done("deployments")).toEqual([]);
  });

  it("reaches the terminal through the running service, which another process published to", async () => {
    await sign("chen.bo", FIRST_LAST4);
    const published = await doneByProcess("release", "publish", release);
    expect(published).toMatchObject({ deployments: 1, already: false });
    await untilCommitted(1);
    expect(await done("release", "show", published.releaseId)).toMatchObject({ states: { committed: 1 } });
    expect(await done("release", "publish", release)).toMatchObject({ already: true, deployments: 0 });
  });

  it("carries a new settlement, of which the service's programs never see the number", async () => {
    const accountNo = "6228480402564890018";
    const card = { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder: "沈建国" };
    const file = join(folder, "binding.json");
    const args = ["--merchant", MERCHANT, "--binding", file, "--reason", "new card", "--out", release, "--force"];
    for (const [code, members] of [
      ["FIELD_INVALID", { ...card, accountNo }],
      ["SENSITIVE_DATA", { ...card, cvv: "123" }],
      ["FIELD_MISSING", card],
    ] as const) {
      writeFileSync(file, JSON.stringify(members));
      const { stdout, stderr } = await tillsync("release", "build", ...args);
      expect(JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error.code, code).toBe(code);
      expect(`${stdout}${stderr}`).not.toMatch(/6228480402564890018|123/);
    }

    const settlement = join(folder, "settlement.json");
    writeFileSync(settlement, JSON.stringify({ ...card, accountNo }), { mode: 0o600 });
    rmSync(file);
    await runSign("binding", "--settlement", settlement, "--out", file);
    const { commitment } = JSON.parse(readFileSync(file, "utf8"));
    const built = await done("release", "build", ...args, "--with-rollback");
    expect(built.inFull.shown[0].fields).toContainEqual(
      expect.objectContaining({ field: "binding.commitment", after: commitment }),
    );
    expect(readFileSync(release).includes(accountNo)).toBe(false);

    const { releaseId, reserved } = await publishSigned("0018");
    expect(reserved).toBe(1);
    cardRelease = releaseId;
    await untilCommitted(2);
    expect(await done("merchants", "show", MERCHANT)).toMatchObject({ settlement: { number: "622848******0018" } });
  });

  it("is rolled back by an operator's order, which the approvers signed together with the change", async () => {
    expect(await refused("release", "rollback", cardRelease, "--reason", "CVV 123")).toBe("SENSITIVE_DATA");
    // Whoever wants a file does not send terminals back by it.
    const back = join(folder, "back.release");
    const args = ["--reason", "wrong card"];
    expect(await refused("release", "rollback", cardRelease, ...args, "--out", back)).toBe("CONFIG_INVALID");
    expect(existsSync(back)).toBe(false);
    expect(await doneByProcess("release", "rollback", cardRelease, ...args)).toEqual({ ordered: 1, left: [] });
    await untilCommitted(3);
    const { settlement } = await done("merchants", "show", MERCHANT);
    expect(settlement.number).not.toBe("622848******0018");
    expect((await done("ledger", "show")).entries.map(({ kind }: { kind: string }) => kind)).toContain(
      "release.rollback_ordered",
    );
    expect(await refused("release", "rollback", cardRelease, "--reason", "again")).toBe("CONFIG_INVALID");
  });

  it("is rolled back by a release of its own, signed like any other, where no way back was approved before", async () => {
    const args = ["--tusn", TUSN, "--reason", "the card was right", "--out", release];
    expect(await refused("release", "rollback", cardRelease, ...args)).toBe("CONFIG_INVALID");
    const built = await done("release", "rollback", ...args, "--force");
    expect(built).toMatchObject({ purpose: "binding", merchant: MERCHANT, skipped: [] });
    expect(await refused("release", "publish", release)).toBe("STATEMENT_UNSIGNED");
    await publishSigned("0018");
    // Back to the newer card is a change of card like any other, the second within a day (clause 4.5).
    await untilState(4, "refused");
    expect((await done("deployments", "--tusn", TUSN))[0]).toMatchObject({ sequence: 4, code: "CARD_CHANGE_TOO_SOON" });

    const rename = ["--tusn", TUSN, "--reason", "short", "--out", release, "--force"];
    await done("release", "build", "--set", "merchant.short_name=书栖居", ...rename);
    await publishSigned();
    await untilCommitted(5);
    expect(await done("merchants", "show", MERCHANT)).toMatchObject({ shortName: "书栖居" });
    expect(await done("release", "rollback", ...rename)).toMatchObject({ purpose: "merchant", skipped: [] });
    await publishSigned();
    await untilCommitted(6);
    expect((await done("merchants", "show", MERCHANT)).shortName).not.toBe("书栖居");
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
    expect(shown.inFull.shown[0].fields).toEqual([
      { field: "merchant.shortName", before: expect.any(String), after: "书栖", isChanged: true },
    ]);
    const asText = (await callTillsync(data, "release", "show", release, "--terminal", TUSN, "--lang", "zh")).stdout;
    expect(asText).toContain(`--- ${TUSN}`);
    expect((await runTillsync(data, "release", "show", release)).stdout).not.toContain(`--- ${TUSN}`);
    const bytes = readFileSync(release);
    const at = bytes.indexOf(toUtf8("书栖"));
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ 1;
    const changed = join(folder, "changed.release");
    copyFileSync(release, changed);
    writeFileSync(changed, bytes);
    expect(await refused("release", "publish", changed)).toBe("NOT_IN_RELEASE");
    expect(await refused("release", "show", changed)).toBe("NOT_IN_RELEASE");
  });

  it("leaves the agent's own status in agreement with the service", async () => {
    const config = join(folder, "agents", TUSN, "agent.json");
    const child = spawn(process.execPath, [TILLSYNC_AGENT, "status", "--config", config, "--json"]);
    let text = "";
    for await (const chunk of child.stdout) text += chunk;
    const status = JSON.parse(text);
    const { reported } = await done("terminals", "show", TUSN);
    expect(status).toMatchObject({ tusn: TUSN, phase: "idle", sequence: 6 });
    expect(text).toContain(reported.currentDigest);
  });
});
