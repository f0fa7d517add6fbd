import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toEncryptedPem } from "../../certs/keys/encrypted-key.ts";
import { createApproverKey } from "../../certs/keys.ts";
import { issueTerminalCertificate } from "../../certs/x509/authority.ts";
import { generateRsaKey, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { parseReleaseFile, toReleaseFileBytes } from "../../proto/delivery.ts";
import { parseDirective } from "../../proto/directive.ts";
import { parseProfile } from "../../proto/profile.ts";
import { parseTusn } from "../../proto/tusn.ts";
import { readDataFolder } from "../../src/app/data-folder.ts";
import { enrolTerminal } from "../../src/app/enrolment/record-device.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openStore } from "../../src/store/store.ts";
import { callTillsync } from "../support/called-cli.ts";
import type { CliResult } from "../support/cli.ts";
import { makeDataFolder } from "../support/data-folder.ts";
import { TILLSYNC, TILLSYNC_SIGN } from "../support/programs.ts";
import { discard, makeScratch } from "../support/scratch.ts";
import { CHEAP } from "../support/sign.ts";
import { recordVerdict } from "../support/verdicts.ts";

// Two approvers, each with the program and a home of his own, who have nothing in common with the service but its desk.

const TUSN = parseTusn("0000290210659453");

let folder: string;
let data: string;
let service: ChildProcess | undefined;
let url: string;
let id: string;

async function done(...args: readonly string[]) {
  const { code, stdout, stderr } = await callTillsync(data, "--json", ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Runs the approvers' program as this person, who is the only one to have this home. */
function runSign(person: string, ...args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    const all = [TILLSYNC_SIGN, ...args, "--home", join(folder, person), "--json"];
    const child = execFile(process.execPath, all, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

async function signed(person: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runSign(person, ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const key = (person: string) => [
  ...["--key", join(folder, `${person}.pem`)],
  ...["--passphrase-file", join(folder, `${person}.passphrase`)],
];
const at = () => ["--service", url, "--ca", join(data, "ca", "ca.pem")];

async function startService(): Promise<string> {
  const ports = [
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
  ];
  const child = spawn(process.execPath, [TILLSYNC, "serve", "--data", data, ...ports]);
  service = child;
  let text = "";
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    const port = /Approvers are served on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (port !== undefined) {
      child.stderr.resume();
      return `https://127.0.0.1:${port}`;
    }
  }
  throw new Error(`the service did not start: ${text}`);
}

async function enrol(): Promise<void> {
  const { authority, database } = readDataFolder(data);
  const publicKey = toRsaPublicKey(await generateRsaKey());
  const certificate = await issueTerminalCertificate(authority, { tusn: TUSN, publicKey, days: 30, now: new Date() });
  const store = await openStore(database);
  const now = () => Math.floor(Date.now() / 1_000);
  const log = { info: () => undefined } as never;
  const context = { store, now, randomBytes, identity: DEFAULT_IDENTITY_POLICY, log };
  await enrolTerminal(context, TUSN, certificate);
  await recordVerdict(context, TUSN);
  await store.destroy();
}

/** What a person brings from elsewhere: his key, its passphrase, and the root that he was given by hand. */
function equip(person: string): void {
  for (const file of [`${person}.pem`, `${person}.passphrase`]) {
    copyFileSync(join(data, "approvers", file), join(folder, file));
  }
}

function readLast4(file: string): string {
  const [bytes = new Uint8Array(0)] = parseReleaseFile(readFileSync(file)).directives;
  return parseProfile(parseDirective(bytes).profile).binding.last4;
}

beforeAll(async () => {
  folder = makeScratch("desk");
  data = join(folder, "data");
  await makeDataFolder(data);
  await done("terminals", "import", "sim/data/fleet.csv");
  await enrol();
  const out = join(folder, "first.release");
  await done("release", "build", "--tusn", TUSN, "--reason", "first profile", "--out", out);
  ({ id } = await done("release", "submit", out));
  url = await startService();
  for (const person of ["wang.li", "chen.bo"]) equip(person);
  const stranger = createApproverKey();
  writeFileSync(join(folder, "stranger.pem"), toEncryptedPem(stranger, "a passphrase of theirs", CHEAP), {
    mode: 0o600,
  });
  writeFileSync(join(folder, "stranger.passphrase"), "a passphrase of theirs\n", { mode: 0o600 });
}, 60_000);

afterAll(async () => {
  if (service?.exitCode === null) {
    service.kill("SIGKILL");
    await once(service, "exit");
  }
  discard(folder);
});

describe("the signing desk", () => {
  it("gives each approver the trust that he can prove under the root he was given by hand", async () => {
    for (const person of ["wang.li", "chen.bo"]) {
      await signed(person, "trust", "init", join(data, "trust", "root.json"));
      const trust = await signed(person, "trust", "update", url, "--ca", join(data, "ca", "ca.pem"));
      expect(trust).toMatchObject({ rootVersion: 1, isStale: false });
    }
  });

  it("tells an approver what waits for whom, and a stranger nothing", async () => {
    expect(await signed("wang.li", "fetch", ...at(), ...key("wang.li"))).toMatchObject([
      { id, purpose: "binding", size: 1, reason: "first profile", signedBy: [], missing: ["maker", "checker"] },
    ]);
    const { code, stdout, stderr } = await runSign("wang.li", "fetch", ...at(), ...key("stranger"));
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("REQUEST_UNSIGNED");
  });

  it("takes both signatures, made on copies that know nothing of each other", async () => {
    const copies = ["wang.li", "chen.bo"].map((person) => [person, join(folder, `${person}.release`)] as const);
    for (const [person, file] of copies) {
      await signed(person, "fetch", ...at(), ...key(person), "--release", id, "--out", file);
    }
    const last4 = readLast4(copies[0]?.[1] ?? "");
    await signed("wang.li", "sign", copies[0]?.[1] ?? "", ...key("wang.li"), "--yes");
    await signed("chen.bo", "sign", copies[1]?.[1] ?? "", ...key("chen.bo"), "--yes", "--last4", last4);
    await Promise.all(copies.map(([person, file]) => signed(person, "submit", file, ...at(), ...key(person))));
    expect(await done("release", "list")).toMatchObject([{ id, signedBy: ["wang.li", "chen.bo"], missing: [] }]);
  });

  it("takes no signature of a stranger, and no other release under the same name", async () => {
    const file = join(folder, "other.release");
    await signed("wang.li", "fetch", ...at(), ...key("wang.li"), "--release", id, "--out", file);
    const held = parseReleaseFile(readFileSync(file));
    const [first] = held.signatures;
    if (first === undefined) throw new Error("no signature");
    const forged = { ...first, value: Buffer.alloc(64) };
    writeFileSync(file, toReleaseFileBytes({ ...held, signatures: [...held.signatures.slice(1), forged] }));
    const refused = await runSign("wang.li", "submit", file, ...at(), ...key("wang.li"));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("SIGNATURE_INVALID");
    expect(await done("release", "list")).toMatchObject([{ missing: [] }]);
  });

  it("hands what is complete to the service, which publishes it and clears the desk", async () => {
    expect(await done("release", "publish", id)).toMatchObject({ deployments: 1, already: false });
    expect(await done("release", "list")).toEqual([]);
    expect(await done("deployments", "--tusn", TUSN)).toMatchObject([{ sequence: 1 }]);
    const gone = await runSign(
      "wang.li",
      "fetch",
      ...at(),
      ...key("wang.li"),
      "--release",
      id,
      "--out",
      join(folder, "x"),
    );
    expect([gone.code, existsSync(join(folder, "x"))]).toEqual([1, false]);
    expect(gone.stderr).toContain("STATE_CONFLICT");
  });

  it("ends with the service", async () => {
    if (service === undefined) throw new Error("no service");
    service.kill("SIGTERM");
    await once(service, "exit");
    expect(service.exitCode).toBe(0);
    const { code, stderr } = await runSign("wang.li", "fetch", ...at(), ...key("wang.li"));
    expect(code).toBe(1);
    expect(stderr).toContain("FETCH_FAILED");
  });
});
