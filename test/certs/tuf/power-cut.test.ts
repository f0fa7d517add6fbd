import { describe, expect, it } from "vitest";
import { ANY } from "../../../certs/trust/rules.ts";
import { writeFirstRoot } from "../../../certs/tuf/holdings.ts";
import { refresh } from "../../../certs/tuf/refresh.ts";
import type { Source } from "../../../certs/tuf/source.ts";
import { MemoryFiles, PowerCut } from "../../support/memory-files.ts";
import { listContent, toFiles } from "../../support/tuf-files.ts";
import { createSigner, createTufRepository, type Part, type TufRepository } from "../../support/tuf-repository.ts";

const NOW = 1_800_000_000;

function toSource({ files }: TufRepository): Source {
  return { get: (address) => Promise.resolve(files.get(`metadata/${address}`)) };
}

/** Whether the refresh came to its end before the power went. */
async function survives(disk: MemoryFiles, repository: TufRepository): Promise<boolean> {
  try {
    await refresh({ files: toFiles(disk), source: toSource(repository), now: NOW });
    return true;
  } catch (error) {
    if (error instanceof PowerCut) return false;
    throw error;
  }
}

async function startRefreshed(repository: TufRepository): Promise<MemoryFiles> {
  const disk = new MemoryFiles();
  writeFirstRoot(toFiles(disk), repository.firstRoot, ANY);
  expect(await survives(disk, repository)).toBe(true);
  return disk;
}

/** Cuts the power at each operation in turn, and says with what each disk was left. */
async function cutEverywhere(
  before: MemoryFiles,
  repository: TufRepository,
  check: (disk: MemoryFiles, cutAt: number) => Promise<void>,
): Promise<number> {
  for (let cutAt = 1; ; cutAt += 1) {
    const disk = before.clone();
    disk.cutAt = cutAt;
    if (await survives(disk, repository)) return cutAt - 1;
    for (const left of disk.afterPowerCut()) await check(left, cutAt);
  }
}

describe("a power cut at any write of a refresh", () => {
  it.each([
    ["that takes two roots, new keys of all roles, and everything else", ["timestamp", "snapshot", "targets"]],
    ["that takes new keys of the timestamp", ["timestamp"]],
    ["that takes new files only", []],
  ])("%s leaves a folder from which the next one comes to the same end", async (_, rotated) => {
    const repository = createTufRepository(NOW);
    const before = await startRefreshed(repository);
    for (const role of rotated) repository.rotate(role, [createSigner()]);
    if (rotated.length > 0) repository.publish("root", "root");
    repository.publish("targets", "snapshot", "timestamp");

    const whole = before.clone();
    await survives(whole, repository);
    const cuts = await cutEverywhere(before, repository, async (disk, cutAt) => {
      expect(await survives(disk, repository), `cut ${cutAt}`).toBe(true);
      expect(listContent(disk), `cut ${cutAt}`).toEqual(listContent(whole));
    });
    expect(cuts).toBeGreaterThanOrEqual(12);
  });

  it("leaves no way back: what was taken before it is still the least that is taken", async () => {
    const repository = createTufRepository(NOW);
    const before = await startRefreshed(repository);
    const old = new Map(repository.files);
    repository.publish("targets", "snapshot", "timestamp");
    await survives(before, repository);
    repository.publish("root", "targets", "snapshot", "timestamp");
    await cutEverywhere(before, repository, async (disk, cutAt) => {
      const attack = { ...repository, files: old };
      await expect(survives(disk, attack), `cut ${cutAt}`).rejects.toThrow(
        expect.objectContaining({ code: "TRUST_ROLLBACK" }),
      );
    });
  });

  it("in a recovery from fast-forward does not keep the stolen key's version alive", async () => {
    const repository = createTufRepository(NOW);
    const { timestamp, targets } = repository.parts as { timestamp: Part; targets: Part };
    timestamp.version = 0xffff_fffe;
    targets.version = 0xffff_fffe;
    repository.publish("targets", "snapshot", "timestamp");
    const before = await startRefreshed(repository);
    repository.rotate("timestamp", [createSigner()]);
    timestamp.version = 0;
    targets.version = 0;
    repository.publish("root", "targets", "snapshot", "timestamp");
    await cutEverywhere(before, repository, async (disk, cutAt) => {
      expect(await survives(disk, repository), `cut ${cutAt}`).toBe(true);
      const content = listContent(disk);
      for (const name of ["timestamp.json", "targets.json"]) {
        expect(JSON.parse(content[name] as string).signed.version, `${name}, cut ${cutAt}`).toBe(1);
      }
    });
  });

  it("of the first root leaves a folder that trusts it, or nothing", () => {
    const { firstRoot } = createTufRepository(NOW);
    for (let cutAt = 1; cutAt <= 4; cutAt += 1) {
      const disk = new MemoryFiles();
      disk.cutAt = cutAt;
      expect(() => writeFirstRoot(toFiles(disk), firstRoot, ANY)).toThrow(PowerCut);
      for (const left of disk.afterPowerCut()) {
        const { "root.json": root } = listContent(left);
        expect([undefined, Buffer.from(firstRoot).toString()]).toContain(root);
      }
    }
  });
});
