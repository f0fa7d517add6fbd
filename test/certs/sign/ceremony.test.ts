import type { KeyObject } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type Ceremony, parseCeremony, toCeremonyBytes } from "../../../certs/ceremony/ceremony.ts";
import { withCaps } from "../../../certs/ceremony/changes.ts";
import { completeCeremony, toMissing } from "../../../certs/ceremony/complete.ts";
import { createCeremony } from "../../../certs/ceremony/create.ts";
import { verifyOfflineTrust } from "../../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../../certs/ceremony/sign.ts";
import { toEncryptedPem } from "../../../certs/keys/encrypted-key.ts";
import { createApproverKey } from "../../../certs/keys.ts";
import { toCeremonyJson } from "../../../certs/sign/render/ceremony.ts";
import { createTimestamp } from "../../../certs/trust/create.ts";
import { toTrustBundleBytes } from "../../../proto/trust-bundle.ts";
import { createCompany, NOW } from "../../support/ceremony.ts";
import { discard, makeScratch } from "../../support/scratch.ts";
import { PASSPHRASE, type RunOptions, runSign, toRefusal } from "../../support/sign.ts";

const folder = makeScratch("sign-ceremony");
const company = createCompany();
const { files, holders, online } = company;
const [home, path] = [join(folder, "home"), join(folder, "change.ceremony")];
const passphraseFile = join(folder, "passphrase");
writeFileSync(passphraseFile, PASSPHRASE, { mode: 0o600 });

afterAll(() => discard(folder));
beforeEach(async () => {
  discard(home);
  put(prepare());
  await pin();
});

function prepare(): Ceremony {
  const { policy } = verifyOfflineTrust(files);
  const change = { policy: withCaps(policy, { directivesPerBindingRelease: 10 }) };
  return createCeremony(files, change, { reason: "fewer at once", now: NOW }).ceremony;
}

function put(ceremony: Ceremony): void {
  writeFileSync(path, toCeremonyBytes(ceremony));
}

function read(): Ceremony {
  return parseCeremony(readFileSync(path));
}

async function pin(): Promise<void> {
  const [rootFile, bundle] = [join(folder, "root.json"), join(folder, "bundle")];
  writeFileSync(rootFile, files.root);
  const { root, targets, snapshot, policy } = files;
  const { snapshot: issue } = verifyOfflineTrust(files);
  const timestamp = createTimestamp([online], 1, snapshot, issue.version, NOW);
  writeFileSync(bundle, toTrustBundleBytes({ roots: [root], timestamp, snapshot, targets, policy }));
  for (const argv of [
    ["trust", "init", rootFile],
    ["trust", "update", bundle],
  ]) {
    expect((await runSign([...argv, "--home", home])).code).toBe(0);
  }
}

function sign(key: KeyObject, argv: readonly string[] = ["--yes"], options: RunOptions = {}) {
  const keyFile = join(folder, "some.key");
  rmSync(keyFile, { force: true });
  writeFileSync(keyFile, toEncryptedPem(key, PASSPHRASE, { n: 2 ** 14, r: 8, p: 1 }), { mode: 0o600 });
  const as = ["--key", keyFile, "--passphrase-file", passphraseFile, "--home", home];
  return runSign(["sign", path, ...as, ...argv], { now: NOW, ...options });
}

async function expectRefused(code: string, ...given: Parameters<typeof sign>): Promise<void> {
  const before = readFileSync(path);
  const result = await sign(...given);
  expect([result.code, toRefusal(result)]).toEqual([1, code]);
  expect(readFileSync(path)).toEqual(before);
}

describe("a change of trust", () => {
  it("is shown, signed by one holder after the other, and then complete", async () => {
    const [first, second] = holders;
    const shown = await sign(first);
    expect([shown.code, shown.stdout.includes("fewer at once")]).toEqual([0, true]);
    expect(toMissing(read(), NOW).map(({ have }) => have)).toEqual([1, 1]);
    expect((await sign(second)).code).toBe(0);
    expect(() => completeCeremony(read(), NOW)).not.toThrow();
  });

  it("is confirmed by the beginning of its fingerprint", async () => {
    const [word = ""] = toCeremonyJson(read(), { now: NOW }).fingerprint.split(" ");
    await expectRefused("NOT_CONFIRMED", holders[0], [], { answers: ["yes"] });
    await expectRefused("NOT_CONFIRMED", holders[0], []);
    expect((await sign(holders[0], [], { answers: [word] })).code).toBe(0);
  });

  it("keeps the signature of whoever signed the same file at the same time", async () => {
    const [first, second] = holders;
    const [word = ""] = toCeremonyJson(read(), { now: NOW }).fingerprint.split(" ");
    const asked = () => put(signCeremony(read(), second, NOW));
    expect((await sign(first, [], { answers: [word], asked })).code).toBe(0);
    expect(toMissing(read(), NOW).map(({ have }) => have)).toEqual([2, 2]);
  });

  it("takes the place of another change that was put there at the same time", async () => {
    const shown = read();
    const { policy } = verifyOfflineTrust(files);
    const change = { policy: withCaps(policy, { directivesPerBindingRelease: 20 }) };
    const other = createCeremony(files, change, { reason: "fewer at once", now: NOW }).ceremony;
    const [word = ""] = toCeremonyJson(shown, { now: NOW }).fingerprint.split(" ");
    const asked = () => put(other);
    expect((await sign(holders[0], [], { answers: [word], asked })).code).toBe(0);
    expect(read().next.policy).toEqual(shown.next.policy);
    expect(toMissing(read(), NOW).map(({ have }) => have)).toEqual([1, 1]);
  });

  it("is not signed with a key that has no part in it", async () => {
    await expectRefused("SIGNER_NOT_ALLOWED", createApproverKey());
    await expectRefused("SIGNER_NOT_ALLOWED", company.maker);
  });

  it("is not signed where it starts from other trust than was proven here", async () => {
    const other = createCompany();
    const { policy } = verifyOfflineTrust(other.files);
    const change = { policy: withCaps(policy, { directivesPerBindingRelease: 10 }) };
    put(createCeremony(other.files, change, { reason: "another's", now: NOW }).ceremony);
    await expectRefused("STATE_CONFLICT", other.holders[0]);
  });

  it("is not signed where no root is pinned, unless it makes the first one", async () => {
    discard(home);
    await expectRefused("STATE_CONFLICT", holders[0]);
    const { root, policy } = verifyOfflineTrust(files);
    const { version: _, ...first } = policy;
    const role = { ...root.roles.root };
    const [key] = root.roles.timestamp.keys;
    if (key === undefined) throw new Error("a timestamp key");
    const change = { holders: { root: role, targets: role, online: key }, policy: first };
    put(createCeremony(undefined, change, { reason: "the first", now: NOW }).ceremony);
    expect((await sign(holders[0])).code).toBe(0);
  });

  it("is signed under trust that is stale: a lost online key is a reason for one", async () => {
    const later = NOW + 3 * 86_400;
    expect((await sign(holders[0], ["--yes"], { now: later })).code).toBe(0);
  });

  it("is shown without a key, as text and as JSON, and is nothing where bytes are added", async () => {
    const text = await runSign(["show", path, "--lang", "zh"], { now: NOW });
    const json = await runSign(["show", path, "--json"], { now: NOW });
    expect([text.code, text.stdout.includes("fewer at once")]).toEqual([0, true]);
    expect(JSON.parse(json.stdout).reason).toBe("fewer at once");
    writeFileSync(path, `${readFileSync(path, "utf8")} `);
    expect(toRefusal(await runSign(["show", path], { now: NOW }))).toBe("BYTES_NOT_CANONICAL");
    await expectRefused("BYTES_NOT_CANONICAL", holders[0]);
  });
});
