import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callTillsync } from "../support/called-cli.ts";
import { type CliResult, runTillsync } from "../support/cli.ts";
import { createMachine, type Machine } from "../support/machines.ts";
import { discard, makeScratch } from "../support/scratch.ts";
import { runSignProcess } from "../support/sign.ts";

// The whole life of a trust on five machines: the service's and those of four people. Only files are carried between
// them. What makes the first trust, and all that one of the people does, are processes of their own.

let parent: string;
let data: string;
let service: string;
let [wang, chen, zhao, sun]: readonly Machine[] = [];

async function done(...args: readonly string[]) {
  return toDone(await callTillsync(data, "--json", ...args));
}

async function doneByProcess(...args: readonly string[]) {
  return toDone(await runTillsync(data, "--json", ...args));
}

function toDone({ code, stdout, stderr }: CliResult) {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await callTillsync(data, "--json", ...args);
  expect(code).toBe(1);
  return JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error.code;
}

/** The file goes from one person to the next; all of them sign. */
async function signedBy(file: string, ...machines: readonly (Machine | undefined)[]): Promise<void> {
  for (const machine of machines) {
    const result = await machine?.sign(file);
    expect(result?.code, result?.stderr).toBe(0);
  }
}

function toCode(stderr: string | undefined): string | undefined {
  return /"code":"([A-Z_]+)"/.exec(stderr ?? "")?.[1];
}

const PATIENCE = { timeout: 120_000 };

const toFile = (name: string) => join(service, name);
const toTerms = (name: string) => ["--reason", name, "--out", toFile(name)];

/** Everybody learns what is in force, from the service's folder. */
async function updateAll(...machines: readonly (Machine | undefined)[]): Promise<void> {
  const results = await Promise.all(machines.map((machine) => machine?.run("trust", "update", join(data, "trust"))));
  expect(results.map((result) => result?.code)).toEqual(machines.map(() => 0));
}

beforeAll(() => {
  parent = makeScratch("ceremony");
  service = join(parent, "service");
  mkdirSync(service);
  data = join(service, "data");
  [wang, zhao, sun] = ["wang.li", "zhao.min", "sun.lei"].map((person) => createMachine(parent, person));
  chen = createMachine(parent, "chen.bo", runSignProcess);
});

afterAll(() => discard(parent));

describe("a ceremony on several machines", PATIENCE, () => {
  it("makes the trust before there is a service, by three who hold the root, any two of them", async () => {
    const { public: online } = await doneByProcess("trust", "online-key");
    const people = [`wang.li:王丽:maker+parameters:${wang?.publicKey}`, `chen.bo:陈波:checker:${chen?.publicKey}`];
    const stand = await doneByProcess(
      ...["trust", "init", "--root-threshold", "2", "--online-key", online, ...toTerms("first")],
      ...[wang, chen, zhao].flatMap((machine) => ["--root-key", machine?.publicKey ?? ""]),
      ...people.flatMap((person) => ["--person", person]),
    );
    expect(stand).toMatchObject({ complete: false, after: { versions: { root: 1, policy: 1 } } });
    await signedBy(toFile("first"), chen);
    expect(await refused("init", "--trust", toFile("first"))).toBe("TRUST_UNSIGNED");
    expect(existsSync(data)).toBe(false);
    await signedBy(toFile("first"), zhao);
    expect(await done("trust", "show", toFile("first"))).toMatchObject({ complete: true });
    expect(await doneByProcess("init", "--trust", toFile("first"))).toEqual({ created: true });
    const root = join(data, "trust", "root.json");
    await Promise.all([wang, chen, zhao, sun].map((machine) => machine?.trust(root, join(data, "trust"))));
    expect(await done("trust", "show")).toMatchObject({ frozen: false, warnings: [] });
  });

  it("lets a person in, once two of the holders signed on what they know themselves", async () => {
    await done("trust", "add-person", `zhao.min:赵敏:checker:${zhao?.publicKey}`, ...toTerms("add"));
    await signedBy(toFile("add"), wang);
    expect(await refused("trust", "apply", toFile("add"))).toBe("TRUST_UNSIGNED");
    await signedBy(toFile("add"), zhao);
    expect(await doneByProcess("trust", "apply", toFile("add"))).toMatchObject({
      already: false,
      versions: { policy: 2 },
    });
    expect((await done("trust", "show")).persons.map(({ id }: { id: string }) => id)).toContain("zhao.min");
  });

  it("is signed by nobody who holds other trust than it starts from, nor by somebody without a part", async () => {
    await done("trust", "remove-person", "chen.bo", ...toTerms("remove"));
    expect(toCode((await chen?.sign(toFile("remove")))?.stderr)).toBe("STATE_CONFLICT");
    await updateAll(wang, chen, zhao, sun);
    expect(toCode((await sun?.sign(toFile("remove")))?.stderr)).toBe("SIGNER_NOT_ALLOWED");
    expect((await done("trust", "show", toFile("remove"))).missing).toMatchObject([{ have: 0 }, { have: 0 }]);
  });

  it("takes a person out", async () => {
    await signedBy(toFile("remove"), zhao, wang);
    await done("trust", "apply", toFile("remove"));
    const { persons, versions } = await done("trust", "show");
    expect(persons.map(({ id }: { id: string }) => id)).toEqual(["wang.li", "zhao.min"]);
    expect(versions).toMatchObject({ root: 1, policy: 3 });
  });

  it("passes the root on: who leaves signs for the old one, who comes for the new one", async () => {
    await updateAll(wang, chen, zhao, sun);
    await done(
      ...["trust", "rotate", "--add-root-key", sun?.publicKey ?? "", "--remove-root-key", chen?.publicKey ?? ""],
      ...["--new-online-key", ...toTerms("rotate")],
    );
    await signedBy(toFile("rotate"), chen, sun);
    const { missing } = await done("trust", "show", toFile("rotate"));
    expect(missing.map(({ file, under, have }: never) => [file, under, have])).toEqual([
      ["root", "present", 1],
      ["root", "next", 1],
      ["targets", "next", 1],
      ["snapshot", "next", 1],
    ]);
    expect(await refused("trust", "apply", toFile("rotate"))).toBe("TRUST_UNSIGNED");
    await signedBy(toFile("rotate"), zhao);
    const applied = await done("trust", "apply", toFile("rotate"));
    expect(applied).toMatchObject({ rootVersion: 2, versions: { timestamp: 1, targets: 4, policy: 3 } });
    await updateAll(wang, chen, zhao, sun);
    expect(await done("trust", "apply", toFile("rotate"))).toMatchObject({ already: true });
  });

  it("stops every change at once, tells it as an alarm, and lets go again", async () => {
    for (const [name, flag, emergency] of [
      ["freeze", "--freeze", "frozen"],
      ["thaw", "--unfreeze", "unfrozen"],
    ] as const) {
      await done("trust", "set", flag, ...toTerms(name));
      expect(toCode((await chen?.sign(toFile(name)))?.stderr)).toBe("SIGNER_NOT_ALLOWED");
      await signedBy(toFile(name), sun, wang);
      expect(await done("trust", "apply", toFile(name))).toMatchObject({ emergencies: [emergency] });
      await updateAll(wang, chen, zhao, sun);
    }
    const { entries } = await done("ledger", "show");
    expect(entries.map(({ kind }: { kind: string }) => kind)).toEqual([
      ...["trust.changed", "trust.changed", "trust.changed"],
      ...["trust.changed", "alarm.trust_emergency", "trust.changed", "alarm.trust_emergency"],
    ]);
    expect(await done("ledger", "verify")).toMatchObject({ size: 7 });
  });

  it("is renewed before it ends, replaces a lost key, and moves caps within what is built in", async () => {
    const [fresh, passphraseFile] = [join(parent, "fresh.key"), join(parent, "fresh.passphrase")];
    writeFileSync(passphraseFile, "another passphrase of wang.li\n", { mode: 0o600 });
    const made = ["--out", fresh, "--passphrase-file", passphraseFile, "--person", "wang.li"];
    expect((await runSignProcess("keygen", ...made)).code).toBe(0);
    const changes: readonly (readonly string[])[] = [
      ["renew"],
      ["replace-key", "wang.li", `${fresh}.pub`],
      ["set", "--cap", "cardChangesPerDay=2", "--parameters", "parameters+checker"],
    ];
    for (const [n, change] of changes.entries()) {
      await done("trust", ...change, ...toTerms(`change-${n}`));
      await signedBy(toFile(`change-${n}`), zhao, sun);
      await done("trust", "apply", toFile(`change-${n}`));
      await updateAll(zhao, sun);
    }
    const { persons, caps, thresholds, versions } = await done("trust", "show");
    expect(readFileSync(`${fresh}.pub`, "utf8")).toContain(persons[0].keys[0]);
    expect([caps.cardChangesPerDay, thresholds.parameters]).toEqual([2, ["parameters", "checker"]]);
    expect(versions).toMatchObject({ root: 3, policy: 7 });
    for (const bad of [
      ["set", "--cap", "cardChangesPerDay=11"],
      ["set", "--binding", "maker"],
      ["rotate", "--root-threshold", "1"],
    ]) {
      expect(await refused("trust", ...bad, ...toTerms("bad")), bad.join(" ")).toBe("POLICY_TOO_WEAK");
    }
    expect(await refused("trust", "rotate", "--root-threshold", "4", ...toTerms("bad"))).toBe("TRUST_INVALID");
    expect(await refused("trust", "remove-person", "nobody", ...toTerms("bad"))).toBe("NOT_FOUND");
    expect(await refused("trust", "set", ...toTerms("bad"))).toBe("STATE_CONFLICT");
    expect(await refused("trust", "renew", "--reason", "x", "--out", toFile("first"))).toBe("CONFIG_INVALID");
    expect(existsSync(toFile("bad"))).toBe(false);
  });

  it("shows people the same as programs, and where it is used wrongly what was expected", async () => {
    const { stdout } = await callTillsync(data, "trust", "show");
    expect(stdout).toContain("赵敏");
    for (const args of [
      ["add-person", "zhao.min"],
      ["add-person", "a:b:boss:file"],
      ["set", "--cap", "colour=3"],
      ["renew"],
    ]) {
      expect((await callTillsync(data, "trust", ...args, ...(args[0] === "renew" ? [] : toTerms("bad")))).code).toBe(2);
    }
    expect((await callTillsync(data, "trust", "show", toFile("change-0"))).stdout).toContain("2 of 2");
  });

  it("leaves no private key of anybody on the service's machine", () => {
    const texts = readdirSync(service, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    expect(texts.filter((text) => text.includes("ENCRYPTED PRIVATE KEY"))).toEqual([]);
    expect(readdirSync(join(data, "trust")).sort()).toEqual([
      ...["online.pem", "policy.json", "root.1.json", "root.2.json", "root.3.json", "root.json"],
      ...["snapshot.json", "targets.json", "timestamp.json"],
    ]);
  });
});
