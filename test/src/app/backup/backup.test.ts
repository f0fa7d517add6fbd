import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toDigest, toHex } from "../../../../proto/bytes.ts";
import { createBackupKey, decrypt, parseIdentities, parseRecipients } from "../../../../src/app/backup/age.ts";
import { toScratchName } from "../../../../src/app/backup/scratch.ts";
import { verifyBackup } from "../../../../src/app/backup/verify-backup.ts";
import { readDataFolder } from "../../../../src/app/data-folder.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { listLedger, verifyLedger } from "../../../../src/app/queries/ledger.ts";
import { openStore } from "../../../../src/store/store.ts";
import { ACT, BACKUP_AT, openBackedUp } from "../../../support/backups.ts";
import { toFleetRow } from "../../../support/fleet-store.ts";

const code = (name: string) => expect.objectContaining({ code: name });

async function readPlain(file: string, identities: readonly string[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield readFileSync(file);
  }
  for await (const chunk of decrypt(identities, bytes())) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("a backup", () => {
  it("restores to the same database and files, the ledger going on with who restored and why", async () => {
    const service = await openBackedUp();
    await importFleet(service.context, [toFleetRow()]);
    const evidence = Buffer.from("a scanned letter");
    const kept = join("attachments", toHex(toDigest(evidence)));
    mkdirSync(join(service.folder.path, "attachments"));
    writeFileSync(join(service.folder.path, kept), evidence, { mode: 0o600 });
    const restored = await service.restore(await service.back());

    const folder = readDataFolder(service.target);
    const { trust: _, path: __, database: ___, approvers: ____, ...keys } = folder;
    expect(keys).toEqual({ authority: service.folder.authority, server: service.folder.server });
    expect(readFileSync(join(service.target, kept))).toEqual(evidence);
    expect(statSync(join(service.target, "ca/ca.key")).mode & 0o777).toBe(0o600);
    expect(statSync(folder.database).mode & 0o777).toBe(0o600);
    expect(readdirSync(service.target).filter((name) => name.startsWith("tillsync.sqlite"))).toEqual([
      "tillsync.sqlite",
    ]);
    const store = await openStore(folder.database);
    const { entries } = await listLedger(store, 0, 100);
    expect((await verifyLedger(store)).firstBad).toBeUndefined();
    expect(await store.selectFrom("terminals").select("tusn").execute()).toHaveLength(1);
    await store.destroy();
    expect(entries.map(({ kind }) => kind)).toEqual(["fleet.imported", "service.restored"]);
    expect(entries[1]).toMatchObject({ index: restored.ledger.size, actor: ACT.actor, digest: restored.digest });
    expect(JSON.parse(entries[1]?.detail ?? "")).toMatchObject({ backupAt: BACKUP_AT, size: 1, reason: ACT.reason });
  });

  it("is told in the ledger of the service that goes on, with its digest", async () => {
    const service = await openBackedUp();
    const file = await service.back();
    const { entries } = await listLedger(service.context.store, 0, 10);
    expect(entries).toMatchObject([{ kind: "backup.made", actor: ACT.actor, digest: toDigest(readFileSync(file)) }]);
    const expected = Buffer.alloc(32);
    const source = { file, identities: service.identities };
    await expect(verifyBackup({ ...source, expected }, service.home)).rejects.toThrow(code("BACKUP_INVALID"));
    expect(await verifyBackup(source, service.home)).toMatchObject({ ledger: { size: 0 }, at: BACKUP_AT });
  });

  it("is an archive in age format that any tar reads, its manifest first, without locks, drafts or the live database", async () => {
    const service = await openBackedUp();
    for (const name of ["trust/lock.1", "settings.json.new", "tmp.json"]) {
      writeFileSync(join(service.folder.path, name), "{}");
    }
    const file = await service.back();
    expect(readFileSync(file).subarray(0, 21).toString()).toBe("age-encryption.org/v1");
    const input = await readPlain(file, service.identities);
    const names = execFileSync("tar", ["-tf", "-"], { input }).toString().trim().split("\n");
    expect(names[0]).toBe("manifest.jsonl");
    expect(names.slice(1)).toEqual(names.slice(1).toSorted());
    expect(names).toEqual(expect.arrayContaining(["tillsync.sqlite", "tmp.json", "trust/online.pem", "ca/ca.key"]));
    expect(names.filter((name) => /lock|\.new$|-wal|-shm|^tmp\//.test(name))).toEqual([]);
  });

  it("shows no key, no name and no number in clear, and only its owner may read it", async () => {
    const service = await openBackedUp();
    await importFleet(service.context, [toFleetRow()]);
    const bytes = readFileSync(await service.back());
    for (const secret of ["PRIVATE KEY", "SQLite format", toFleetRow().terminal.tusn, "ledger", "ca.key"]) {
      expect(bytes.includes(secret), secret).toBe(false);
    }
    expect(statSync(join(service.home, "one.backup")).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(service.folder.path, "tmp"))).toEqual([]);
  });

  it("takes the place of a file only when told to", async () => {
    const service = await openBackedUp();
    const file = await service.back();
    const before = readFileSync(file);
    await expect(service.back()).rejects.toThrow(code("CONFIG_INVALID"));
    expect(readFileSync(file)).toEqual(before);
    await service.back("one.backup", true);
    expect(readFileSync(file)).not.toEqual(before);
    expect(readdirSync(service.home).filter((name) => name.includes("part"))).toEqual([]);
  });

  it("is never written into the data folder, nor leads out of it by a link", async () => {
    const service = await openBackedUp();
    await expect(service.back("data/one.backup")).rejects.toThrow(code("CONFIG_INVALID"));
    symlinkSync("/etc", join(service.folder.path, "evidence"));
    await expect(service.back()).rejects.toThrow(code("DATA_FOLDER_INVALID"));
    expect(existsSync(join(service.home, "one.backup"))).toBe(false);
    expect(readdirSync(join(service.folder.path, "tmp"))).toEqual([]);
  });

  it("removes what a killed one left, and nothing of one that is still at work", async () => {
    const service = await openBackedUp();
    const temporary = join(service.folder.path, "tmp");
    const own = toScratchName("backup-");
    const killed = own.replace(`-${process.pid}-`, "-4194305-");
    for (const name of [own, killed]) mkdirSync(join(temporary, name), { recursive: true });
    await service.back();
    expect(readdirSync(temporary)).toEqual([own]);
  });

  it("opens with any of its recipients' identities and with no other", async () => {
    const service = await openBackedUp();
    const file = await service.back();
    const other = parseIdentities((await createBackupKey(BACKUP_AT)).text);
    await expect(service.restore(file, { identities: other })).rejects.toThrow(code("BACKUP_INVALID"));
    expect(existsSync(service.target)).toBe(false);
    await service.restore(file, { identities: [...other, ...service.identities] });
    expect(readdirSync(service.home).toSorted()).toEqual(["data", "one.backup", "restored"]);
  });

  it("is made for recipients only: an identity in their place is refused and not repeated", async () => {
    const { text, recipient } = await createBackupKey(BACKUP_AT);
    expect(parseRecipients(`# ours\n\n${recipient}\n${recipient}\r\n`)).toEqual([recipient]);
    for (const bad of [text, "", "age1", recipient.toUpperCase(), `${recipient} x`, `${recipient}\nage1xyz`]) {
      let told: unknown;
      try {
        parseRecipients(bad);
      } catch (error) {
        told = error;
      }
      expect(told).toEqual(code("KEY_INVALID"));
      expect(String(told)).not.toContain("AGE-SECRET");
    }
    expect(() => parseIdentities(recipient)).toThrow(code("KEY_INVALID"));
  });

  it("is restored into nothing or an empty folder, and never over anything", async () => {
    const service = await openBackedUp();
    const file = await service.back();
    mkdirSync(service.target);
    writeFileSync(join(service.target, "something"), "");
    await expect(service.restore(file)).rejects.toThrow(code("CONFIG_INVALID"));
    await expect(service.restore(file, { target: file })).rejects.toThrow(code("CONFIG_INVALID"));
    const empty = join(service.home, "empty");
    mkdirSync(empty);
    await service.restore(file, { target: empty });
    expect(readDataFolder(empty).authority).toEqual(service.folder.authority);
  });
});
