import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApproverKey, parseApproverKey } from "../../certs/keys.ts";
import { openCardNumber } from "../../certs/seal.ts";
import { createTrust } from "../../certs/trust/create.ts";
import { ALLOWED, DEFAULT_CAPS, type Policy } from "../../certs/trust/policy.ts";
import { parseReleaseFile } from "../../proto/delivery.ts";
import { parseBindingJson } from "../../proto/settlement.ts";
import { SAMPLE_PROFILE, toNextProfile } from "../support/release.ts";
import { discard, makeScratch } from "../support/scratch.ts";
import { runSignProcess, toRefusal, typeSignProcess, writeTrustFolder } from "../support/sign.ts";
import { createReceivers, NEW_CARD, toSampleFile, writeRelease } from "../support/sign-sample.ts";

// Two people on two machines: each has a folder of his own, and what goes between them goes as files.

const NOW = Math.floor(Date.now() / 1_000);
const PASSPHRASES = { maker: "the maker's long passphrase", checker: "校验员的口令要够长才可以用" };
const LAST4 = NEW_CARD.slice(-4);
const root = makeScratch("two-people");
const maker = join(root, "maker");
const checker = join(root, "checker");
const terminals = createReceivers();

afterAll(() => discard(root));

const as = (folder: string) => ["--key", join(folder, "me.key"), "--home", join(folder, "home")];
const readPublic = (folder: string) =>
  parseApproverKey(readFileSync(join(folder, "me.key.pub"), "utf8").split(" ")[0] ?? "");
/** The first group behind "Read out" on the screen. */
const toWord = (screen: string): string => /Read out +(\d{5}) /.exec(screen)?.[1] ?? "";

describe("two people on two machines", () => {
  let release = "";

  beforeAll(() => {
    for (const folder of [maker, checker]) mkdirSync(folder, { mode: 0o700 });
  });

  it("make their keys: one types the passphrase, one has it in a file", async () => {
    const typed = await typeSignProcess(
      ["keygen", "--out", join(maker, "me.key"), "--person", "li.mei", "--lang", "en"],
      [
        ["Passphrase for the new key", PASSPHRASES.maker],
        ["once more", PASSPHRASES.maker],
      ],
    );
    expect([typed.code, typed.stdout.includes(PASSPHRASES.maker)]).toEqual([0, false]);
    writeFileSync(join(checker, "passphrase"), `${PASSPHRASES.checker}\n`, { mode: 0o600 });
    const made = await runSignProcess(
      "keygen",
      "--out",
      join(checker, "me.key"),
      "--passphrase-file",
      join(checker, "passphrase"),
    );
    expect(made.code).toBe(0);
    for (const folder of [maker, checker]) expect(statSync(join(folder, "me.key")).mode & 0o777).toBe(0o600);
  });

  it("pin the same root, each for himself, and take the policy under it", async () => {
    const policy: Policy = {
      version: 1,
      persons: [
        { id: "li.mei", name: "李梅", keys: [readPublic(maker)], roles: ["maker", "parameters"] },
        { id: "wang.jun", name: "王军", keys: [readPublic(checker)], roles: ["checker"] },
      ],
      thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
      caps: DEFAULT_CAPS,
      ...ALLOWED,
    };
    const [offline, online] = [[createApproverKey()], [createApproverKey()]];
    const trust = createTrust({ root: offline, targets: offline, snapshot: offline, timestamp: online }, policy, NOW);
    for (const folder of [maker, checker]) {
      const received = join(folder, "received");
      writeTrustFolder(received, trust);
      const pinned = await runSignProcess("trust", "init", join(received, "root.json"), "--home", join(folder, "home"));
      const updated = await runSignProcess("trust", "update", received, "--home", join(folder, "home"));
      expect([pinned.code, updated.code]).toEqual([0, 0]);
    }
  });

  it("the maker binds the new card and seals its number to the terminals that need it", async () => {
    const [settlement, out] = [join(maker, "settlement.json"), join(maker, "binding.json")];
    const { bank, cnaps, holder } = SAMPLE_PROFILE.binding;
    writeFileSync(settlement, JSON.stringify({ kind: "card", bank, cnaps, holder, accountNo: NEW_CARD }), {
      mode: 0o600,
    });
    expect((await runSignProcess("binding", "--settlement", settlement, "--out", out)).code).toBe(0);
    const profile = toNextProfile(SAMPLE_PROFILE, { binding: parseBindingJson(readFileSync(out)) });
    release = writeRelease(
      maker,
      toSampleFile({ terminals, profile, purpose: "binding", now: NOW, needsNumber: true }),
    );

    const signed = await typeSignProcess(
      ["sign", release, ...as(maker), "--opening", `${out}.opening.json`, "--lang", "en"],
      [
        ["Passphrase of", PASSPHRASES.maker],
        ["To sign all this", toWord],
      ],
    );
    expect(signed.code).toBe(0);
    const { signatures, sealed } = parseReleaseFile(readFileSync(release));
    expect([signatures.length, sealed.length]).toEqual([1, 2]);
    const [first] = terminals;
    const bytes = sealed[0]?.bytes ?? new Uint8Array(0);
    expect(await openCardNumber(first.cardKey, bytes, { tusn: first.tusn, binding: profile.binding })).toBe(NEW_CARD);
    expect((await runSignProcess("verify", release, "--home", join(maker, "home"))).code).toBe(1);
  });

  it("the checker types the digits from the merchant's paper, and both have approved", async () => {
    const received = join(checker, "change.release");
    copyFileSync(release, received);
    const signed = await typeSignProcess(
      ["sign", received, ...as(checker), "--lang", "en"],
      [
        ["Passphrase of", PASSPHRASES.checker],
        ["Its last four digits", "0000"],
        ["Its last four digits", LAST4],
        ["To sign all this", toWord],
      ],
    );
    const shown = signed.stdout.slice(0, signed.stdout.indexOf("Its last four digits"));
    expect([signed.code, shown.includes(LAST4)]).toEqual([0, false]);
    const verified = await runSignProcess("verify", received, "--home", join(checker, "home"), "--json");
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([0, { signedBy: ["li.mei", "wang.jun"] }]);
    release = received;
  });

  it("may not approve a second time", async () => {
    const before = readFileSync(release);
    const again = await runSignProcess(
      "sign",
      release,
      ...as(checker),
      "--passphrase-file",
      join(checker, "passphrase"),
      "--yes",
    );
    expect([again.code, toRefusal(again)]).toEqual([1, "SIGNER_NOT_ALLOWED"]);
    expect(readFileSync(release)).toEqual(before);
  });
});

describe("the program by itself", () => {
  it("never waits for anybody where there is no terminal", async () => {
    const folder = join(root, "alone");
    mkdirSync(folder);
    const key = join(folder, "me.key");
    const results = [
      await runSignProcess("keygen", "--out", key),
      await runSignProcess("sign", join(folder, "nothing"), "--key", key),
    ];
    expect(results.map(toRefusal)).toEqual(["CONFIG_INVALID", "CONFIG_INVALID"]);
    expect(existsSync(key)).toBe(false);
  });

  it("stops where the person breaks off", async () => {
    const key = join(root, "broken-off.key");
    const stopped = await typeSignProcess(
      ["keygen", "--out", key, "--lang", "en"],
      [["Passphrase for the new key", "half a pass\u0003"]],
    );
    expect([stopped.code, stopped.stdout.includes("NOT_CONFIRMED"), existsSync(key)]).toEqual([1, true, false]);
  });

  it("understands corrections while a passphrase is typed", async () => {
    const key = join(root, "corrected.key");
    const typed = await typeSignProcess(
      ["keygen", "--out", key, "--lang", "zh"],
      [
        ["新密钥的口令", "wrong\u0015twelve charz\u007fs\u001b[D 更多"],
        ["请再输入一次", "twelve chars 更多"],
      ],
    );
    expect(typed.code).toBe(0);
  });

  it("tells how it is used, and what was wrong with how it was", async () => {
    const help = await runSignProcess("--help");
    expect([help.code, help.stdout.includes("keygen"), help.stderr]).toEqual([0, true, ""]);
    expect((await runSignProcess("sign", "--help")).stdout).toContain("--last4");
    for (const argv of [
      ["nothing"],
      ["sign"],
      ["sign", "a", "b", "--key", "c"],
      ["sign", "a", "--key", "b", "--force"],
      ["trust"],
    ]) {
      const wrong = await runSignProcess(...argv);
      expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    }
  });

  it("tells errors in one line, or as JSON", async () => {
    const file = join(root, "not a release\u001b[31m");
    writeFileSync(file, "x");
    const text = await runSignProcess("show", file);
    expect([text.code, text.stderr.trimEnd().split("\n").length]).toEqual([1, 1]);
    const json = await runSignProcess("show", join(root, "missing\u001b[31m"), "--json");
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "CONFIG_INVALID" } });
    expect(json.stderr + text.stderr).not.toContain("\u001b");
  });
});
