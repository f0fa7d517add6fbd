import { type KeyObject, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ceremony, toCeremonyBytes } from "../../../certs/ceremony/ceremony.ts";
import { createCeremony } from "../../../certs/ceremony/create.ts";
import { verifyOfflineTrust } from "../../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../../certs/ceremony/sign.ts";
import { parseEncryptedPem } from "../../../certs/keys/encrypted-key.ts";
import { parseApproverKey, toPublicKey } from "../../../certs/keys.ts";
import { readTrust } from "../../../certs/sign/home.ts";
import { parseMetadata, toRoleKeys } from "../../../certs/trust/metadata.ts";
import { type DataFolder, openDataFolder, readDataFolder } from "../../../src/app/data-folder.ts";
import { readDemoKey } from "../../../src/app/demo-approvers.ts";
import { DRAFT_MS } from "../../../src/app/durable-file.ts";
import { readProfileDefaults, SAMPLE_PARAMETERS, writeProfileDefaults } from "../../../src/app/profile-defaults.ts";
import { prepareFirstOnlineKey, readOnlineKey } from "../../../src/app/trust/online-key.ts";
import { openTrust } from "../../../src/app/trust-files.ts";
import { createCompany } from "../../support/ceremony.ts";
import { discard, makeScratch } from "../../support/scratch.ts";

const NOW = 1_800_000_000;
const invalid = expect.objectContaining({ code: "DATA_FOLDER_INVALID" });

let parent: string;
let folder: DataFolder;

beforeAll(async () => {
  parent = makeScratch("data");
  const opened = await openDataFolder(join(parent, "data"), NOW);
  expect(opened.created).toBe(true);
  folder = opened.folder;
});

afterAll(() => discard(parent));

describe("a new data folder", () => {
  it("has a server certificate under its own private authority", () => {
    const authority = new X509Certificate(folder.authority.certificate);
    const server = new X509Certificate(folder.server.certificate);
    expect(server.checkIssued(authority)).toBe(true);
    expect(server.verify(authority.publicKey)).toBe(true);
    expect(server.checkHost("localhost")).toBe("localhost");
    expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
  });

  it("has a trust root under which maker and checker, two people, approve bindings", async () => {
    const { policy, freshUntil } = (await openTrust(folder.trust)).trust();
    expect(policy.thresholds.binding).toEqual(["maker", "checker"]);
    expect(freshUntil).toBeGreaterThan(NOW);
    for (const { id, keys } of policy.persons) {
      const key = toPublicKey(readDemoKey(folder.approvers, id));
      expect(keys.map((known) => known.id)).toEqual([key.id]);
    }
  });

  it("has a snapshot that the online key did not sign", async () => {
    const { root, versions } = (await openTrust(folder.trust)).trust();
    const role = (name: "snapshot" | "targets" | "timestamp") => toRoleKeys(parseMetadata("root", root), name);
    const toIds = (name: "snapshot" | "targets" | "timestamp") => [...role(name).keys.keys()];
    expect(toIds("snapshot")).toEqual(toIds("targets"));
    expect(toIds("snapshot")).not.toContain(toIds("timestamp")[0]);
    expect(versions).toEqual({ timestamp: 1, snapshot: 1, targets: 1, policy: 1 });
  });

  it("has key files like everyone's for the demo approvers, and a home that has their root pinned", () => {
    const pem = readFileSync(join(folder.approvers, "wang.li.pem"), "utf8");
    expect(pem).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    expect(() => parseEncryptedPem(pem, "another passphrase")).toThrow(
      expect.objectContaining({ code: "PASSPHRASE_WRONG" }),
    );
    const [hex, id, person] = readFileSync(join(folder.approvers, "wang.li.pem.pub"), "utf8").trim().split(" ");
    expect([parseApproverKey(hex ?? "").id, person]).toEqual([id, "wang.li"]);
    const { policy } = readTrust(folder.approvers);
    expect(policy.persons.map((known) => known.id)).toEqual(["wang.li", "chen.bo"]);
    expect(() => readDemoKey(folder.approvers, "nobody")).toThrow(invalid);
  });

  it("keeps every secret readable by its owner only, and leaves no draft behind", () => {
    const secrets = [
      "ca/ca.key",
      "server/server.key",
      "trust/online.pem",
      ...["wang.li", "chen.bo"].flatMap((id) => [`approvers/${id}.pem`, `approvers/${id}.passphrase`]),
    ];
    for (const secret of secrets) expect(statSync(join(folder.path, secret)).mode & 0o777, secret).toBe(0o600);
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(readdirSync(parent)).toEqual(["data"]);
  });

  it("opened again is the same", async () => {
    const again = await openDataFolder(folder.path, NOW + 1);
    expect(again).toEqual({ folder, created: false });
  });

  it("opened again has lost the drafts that a power cut left long ago", async () => {
    const toDraft = (digit: string) => join(folder.trust, `timestamp.json.${digit.repeat(16)}.new`);
    const [old, young] = [toDraft("0"), toDraft("1")];
    for (const path of [old, young]) writeFileSync(path, "{");
    const at = (Date.now() - DRAFT_MS - 1_000) / 1_000;
    utimesSync(old, at, at);
    await openDataFolder(folder.path, NOW + 1);
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
    rmSync(young);
  });
});

describe("a data folder", () => {
  it("that is something else, or lacks a file, is refused and left as it is", async () => {
    const other = join(parent, "other");
    mkdirSync(other);
    writeFileSync(join(other, "mine.txt"), "x");
    await expect(openDataFolder(other, NOW)).rejects.toThrow(invalid);
    expect(readdirSync(other)).toEqual(["mine.txt"]);
    for (const layout of [1, 2, 3]) {
      writeFileSync(join(other, "tillsync.json"), `{"layout":${layout}}\n`);
      expect(() => readDataFolder(other)).toThrow(invalid);
    }
    discard(other);
  });
});

describe("a data folder of real people", () => {
  const company = createCompany(NOW);
  const role = { keys: company.holders.map(toPublicKey), threshold: 2 };
  const { policy } = verifyOfflineTrust(company.files);

  /** A signed ceremony of new trust with this online key, in a file. */
  function writeFirst(name: string, online: KeyObject, signers = company.holders.slice(1)): string {
    const change = { holders: { root: role, targets: role, online: toPublicKey(online) }, policy };
    const { ceremony } = createCeremony(undefined, change, { reason: "first", now: NOW });
    const signed = signers.reduce((all: Ceremony, key) => signCeremony(all, key, NOW), ceremony);
    const file = join(parent, name);
    writeFileSync(file, toCeremonyBytes(signed));
    return file;
  }

  it("is refused where no folder can be made, and nothing is left behind", async () => {
    const file = join(parent, "a file");
    writeFileSync(file, "mine");
    await expect(openDataFolder(join(file, "data"), NOW)).rejects.toEqual(invalid);
    await expect(openDataFolder(join(file, "deeper", "data"), NOW)).rejects.toEqual(invalid);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it("is made with the trust of a ceremony and the online key that waited for it", async () => {
    const path = join(parent, "real");
    const online = await prepareFirstOnlineKey(path);
    expect(statSync(`${path}.online.pem`).mode & 0o777).toBe(0o600);
    const opened = await openDataFolder(path, NOW, writeFirst("first.json", online));
    const trust = await openTrust(opened.folder.trust);
    expect(trust.trust()).toMatchObject({ rootVersion: 1, issued: NOW });
    expect(await trust.renewTimestamp(NOW + 3_600)).toBe(true);
    expect(existsSync(`${path}.online.pem`)).toBe(false);
    expect(existsSync(opened.folder.approvers)).toBe(false);
  });

  it("is not made at all where a signature or the online key is missing", async () => {
    const path = join(parent, "not-made");
    const file = writeFirst("no-key.json", company.online);
    await expect(openDataFolder(path, NOW, file)).rejects.toThrow(expect.objectContaining({ code: "KEY_INVALID" }));
    const online = await prepareFirstOnlineKey(path);
    const cases: readonly (readonly [string, string])[] = [
      [writeFirst("unsigned.json", online, company.holders.slice(2)), "TRUST_UNSIGNED"],
      [file, "KEY_INVALID"],
      [join(parent, "nothing.json"), "CONFIG_INVALID"],
    ];
    for (const [trust, code] of cases) {
      await expect(openDataFolder(path, NOW, trust)).rejects.toThrow(expect.objectContaining({ code }));
      expect(existsSync(path)).toBe(false);
    }
    expect(existsSync(`${path}.online.pem`)).toBe(true);
  });

  it("can go on from the public files that somebody kept, with an online key that is yet to be put in force", async () => {
    const path = join(parent, "again");
    const opened = await openDataFolder(path, NOW, join(folder.approvers, "trust"));
    const trust = await openTrust(opened.folder.trust);
    expect(trust.trust().root).toEqual((await openTrust(folder.trust)).trust().root);
    await expect(trust.renewTimestamp(NOW + 3_600)).rejects.toThrow(
      expect.objectContaining({ code: "TRUST_UNSIGNED" }),
    );
    expect(toPublicKey(await readOnlineKey(opened.folder.trust)).id).not.toBe(
      toPublicKey(await readOnlineKey(folder.trust)).id,
    );
  });
});

describe("profile defaults", () => {
  it("come back as they were written", async () => {
    const defaults = {
      acquiring: { host: "acquirer.example", port: 9_000, tpdu: Uint8Array.of(0x60, 1, 2, 3, 4) },
      parameters: { ...SAMPLE_PARAMETERS, attempts: 5 },
    };
    await writeProfileDefaults(folder.path, defaults);
    expect(readProfileDefaults(folder.path)).toMatchObject({
      acquiring: { host: "acquirer.example", port: 9_000 },
      parameters: { attempts: 5 },
    });
  });

  it("that are no JSON of that form are refused", () => {
    for (const text of ["", "{}", '{"acquiring":{"host":"x","port":"9000"},"parameters":{}}', " ".repeat(5_000)]) {
      writeFileSync(join(folder.path, "profile-defaults.json"), text);
      expect(() => readProfileDefaults(folder.path)).toThrow(invalid);
    }
  });
});
