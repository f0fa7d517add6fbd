import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeBackup } from "../../../../src/app/backup/make-backup.ts";
import { readDataFolder } from "../../../../src/app/data-folder.ts";
import { readIdentitySettings } from "../../../../src/app/identity/settings.ts";
import { verifyLedger } from "../../../../src/app/queries/ledger.ts";
import { openStore } from "../../../../src/store/store.ts";
import type { BackupProcess } from "../../../support/backup-main.ts";
import { ACT, type BackedUp, openBackedUp } from "../../../support/backups.ts";
import { bundleProgram } from "../../../support/bundled.ts";
import { discard } from "../../../support/scratch.ts";

function buildProgram(service: BackedUp): Promise<string> {
  return bundleProgram("test/support/backup-main.ts", join(service.home, "backup.mjs"));
}

function start(program: string, config: BackupProcess): ChildProcess {
  const child = spawn(process.execPath, [program, JSON.stringify(config)], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Lines of numbers as they come: the last one. */
function follow(child: ChildProcess): () => number {
  let last = 0;
  if (child.stdout === null) throw new Error("no output");
  createInterface(child.stdout).on("line", (line) => {
    last = Number(line);
  });
  return () => last;
}

function toDrafts({ home }: BackedUp): readonly string[] {
  return readdirSync(home).filter((name) => name.includes(".restoring-"));
}

describe("backup and restore as processes", () => {
  it("backs up what was written until one moment while another process writes as fast as it can", async () => {
    const service = await openBackedUp();
    const writer = start(await buildProgram(service), { does: "write", database: service.folder.database });
    const written = follow(writer);
    await expect.poll(written, { interval: 5 }).toBeGreaterThan(30);
    const before = written();
    const file = await service.back();
    const after = written();
    expect(after).toBeGreaterThan(before);
    await service.back("two.backup");
    writer.kill("SIGKILL");
    await once(writer, "close");

    const { ledger } = await service.restore(file);
    expect(ledger.size).toBeGreaterThanOrEqual(before);
    expect(ledger.size % 3).toBe(0);
    const store = await openStore(readDataFolder(service.target).database);
    expect((await verifyLedger(store)).firstBad).toBeUndefined();
    const kept = await store.selectFrom("ledger").selectAll().where("idx", "<", ledger.size).orderBy("idx").execute();
    await store.destroy();
    const live = await service.context.store
      .selectFrom("ledger")
      .selectAll()
      .where("idx", "<", ledger.size)
      .orderBy("idx")
      .execute();
    expect(kept).toEqual(live);
  });

  it("leaves a whole data folder or none, whenever a restore is killed, and the next one cleans up", async () => {
    const service = await openBackedUp();
    const file = await service.back();
    const program = await buildProgram(service);
    const config = { does: "restore", file, identities: service.identities } as const;
    const hasDatabase = (name: string) => existsSync(join(service.home, name, "data/tillsync.sqlite"));
    const moments: readonly (readonly [number, () => boolean])[] = [
      [0, () => toDrafts(service).length > 0],
      [0, () => toDrafts(service).some(hasDatabase)],
      // Where the trust is signed anew, and where the database is told.
      [1, () => false],
      [2, () => false],
    ];
    let killed = 0;
    for (const [killAtTime, isMoment] of moments) {
      const target = join(service.home, "killed");
      discard(target);
      const child = start(program, { ...config, target, killAtTime });
      const ended = once(child, "close");
      while (child.exitCode === null && child.signalCode === null && !isMoment()) await pause(1);
      child.kill("SIGKILL");
      await ended;
      const isKilled = child.signalCode === "SIGKILL";
      if (isKilled) killed += 1;
      expect(existsSync(target) ? readDataFolder(target).authority : undefined).toEqual(
        isKilled && !existsSync(target) ? undefined : service.folder.authority,
      );
      // Of the one that was killed last; those before it were removed by it.
      expect(toDrafts(service).length).toBeLessThanOrEqual(1);
    }
    expect(killed).toBeGreaterThanOrEqual(2);
    expect(toDrafts(service)).toHaveLength(1);
    await service.restore(file, { target: join(service.home, "killed") });
    expect(toDrafts(service)).toEqual([]);
  });

  it("needs memory that does not grow with what is backed up", async () => {
    const service = await openBackedUp();
    const { store } = service.context;
    await sql`create table filler (bytes blob)`.execute(store);
    for (let n = 0; n < 40; n += 1) await sql`insert into filler values (zeroblob(1000000))`.execute(store);
    const evidence = join(service.folder.path, "evidence.bin");
    writeFileSync(evidence, "");
    truncateSync(evidence, 40_000_000);
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 5);
    const to = join(service.home, "large.backup");
    const { folder, recipient, context } = service;
    const settings = readIdentitySettings(folder.path);
    await makeBackup(context, {
      ...{ folder, settings, to, recipients: [recipient], force: false, version: "0.0.0", act: ACT },
    });
    await service.restore(to);
    clearInterval(watch);
    const grownMiB = (most - before) / 1_048_576;
    expect(statSync(to).size).toBeGreaterThan(80_000_000);
    expect(grownMiB).toBeLessThan(64);
  });
});
