import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePrivateKey, toPublicKey } from "../../../certs/keys.ts";
import { type DataFolder, openDataFolder, readDataFolder } from "../../../src/app/data-folder.ts";
import { readProfileDefaults, SAMPLE_PARAMETERS, writeProfileDefaults } from "../../../src/app/profile-defaults.ts";
import { openTrust } from "../../../src/app/trust-files.ts";

const NOW = 1_800_000_000;
const invalid = expect.objectContaining({ code: "DATA_FOLDER_INVALID" });

let parent: string;
let folder: DataFolder;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), "tillsync-data-"));
  const opened = await openDataFolder(join(parent, "data"), NOW);
  expect(opened.created).toBe(true);
  folder = opened.folder;
});

afterAll(() => rmSync(parent, { recursive: true, force: true }));

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
      const key = toPublicKey(parsePrivateKey(readFileSync(join(folder.approvers, `${id}.pem`), "utf8")));
      expect(keys.map((known) => known.id)).toEqual([key.id]);
    }
  });

  it("keeps every secret readable by its owner only, and leaves no draft behind", () => {
    const secrets = [
      "ca/ca.key",
      "server/server.key",
      "trust/online.pem",
      ...readdirSync(folder.approvers).map((f) => `approvers/${f}`),
    ];
    for (const secret of secrets) expect(statSync(join(folder.path, secret)).mode & 0o777, secret).toBe(0o600);
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(readdirSync(parent)).toEqual(["data"]);
  });

  it("opened again is the same", async () => {
    const again = await openDataFolder(folder.path, NOW + 1);
    expect(again).toEqual({ folder, created: false });
  });
});

describe("a data folder", () => {
  it("that is something else, or lacks a file, is refused and left as it is", async () => {
    const other = join(parent, "other");
    mkdirSync(other);
    writeFileSync(join(other, "mine.txt"), "x");
    await expect(openDataFolder(other, NOW)).rejects.toThrow(invalid);
    expect(readdirSync(other)).toEqual(["mine.txt"]);
    writeFileSync(join(other, "tillsync.json"), '{"layout":2}\n');
    expect(() => readDataFolder(other)).toThrow(invalid);
    writeFileSync(join(other, "tillsync.json"), '{"layout":1}\n');
    expect(() => readDataFolder(other)).toThrow(invalid);
    rmSync(other, { recursive: true });
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
