import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createTimestamp, createTrust, type NewTrust } from "../../../certs/trust/create.ts";
import { OWN } from "../../../certs/trust/rules.ts";
import { verifyTrust } from "../../../certs/trust/verify.ts";
import {
  initMetadataFolder,
  type MetadataFolder,
  openMetadataFolder,
  toMetadataFolder,
} from "../../../certs/tuf/folder.ts";
import { writeFirstRoot } from "../../../certs/tuf/holdings.ts";
import { TRUST_FILES, type TrustBundle } from "../../../proto/trust-bundle.ts";
import { MemoryFiles, PowerCut } from "../../support/memory-files.ts";
import { discard, makeScratch } from "../../support/scratch.ts";
import { createRoot, KEYS, NOW, POLICY, resign, SIGNERS } from "../../support/trust.ts";
import { listContent, toFiles } from "../../support/tuf-files.ts";

const FIRST = createTrust(SIGNERS, POLICY, NOW);
const NONE = new Uint8Array(0);
const ROTATED = { ...SIGNERS, timestamp: [KEYS.spare] };
const ROOT_2 = createRoot(2, ROTATED, SIGNERS.root);
const ROOT_3 = createRoot(3, ROTATED, SIGNERS.root);

/** Newer metadata over the first: another policy, under the first root. */
function toNext(trust: NewTrust, version: number, online = KEYS.online): TrustBundle {
  const next = createTrust(SIGNERS, { ...POLICY, version }, NOW);
  const targets = resign(next.targets, SIGNERS.targets, { version });
  const snapshot = resign(next.snapshot, SIGNERS.snapshot, { version, meta: { "targets.json": { version } } });
  return {
    ...trust,
    roots: [],
    policy: next.policy,
    targets,
    snapshot,
    timestamp: createTimestamp([online], version, snapshot, version, NOW),
  };
}

function makePath(): string {
  const path = makeScratch("folder");
  onTestFinished(() => discard(path));
  return join(path, "trust");
}

function withCode(code: string) {
  return expect.objectContaining({ code });
}

describe("a folder of trust metadata", () => {
  it("trusts the root that it was made with, and nothing yet", () => {
    const path = makePath();
    initMetadataFolder(path, FIRST.root);
    const folder = openMetadataFolder(path);
    expect(Buffer.compare(folder.pinnedRoot, FIRST.root)).toBe(0);
    expect(folder.trust()).toBeUndefined();
    expect(folder.read()).toEqual({ roots: [], timestamp: NONE, snapshot: NONE, targets: NONE, policy: NONE });
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, "root.json")).mode & 0o777).toBe(0o600);
  });

  it("keeps a bundle under the names of its roles, and proves it again when it is opened", () => {
    const path = makePath();
    const trust = initMetadataFolder(path, FIRST.root).update(FIRST);
    expect(trust).toEqual(verifyTrust(FIRST.root, FIRST));
    for (const name of TRUST_FILES) expect(readFileSync(join(path, `${name}.json`))).toEqual(FIRST[name]);
    const folder = openMetadataFolder(path);
    expect(folder.trust()).toEqual(trust);
    expect(folder.read()).toEqual({ ...FIRST, roots: [], root: undefined });
    expect(existsSync(join(path, "update.bin"))).toBe(false);
  });

  it("hands on all roots after the pinned one, oldest first", () => {
    const path = makePath();
    const folder = initMetadataFolder(path, FIRST.root);
    folder.update({ ...toNext(FIRST, 2, KEYS.spare), roots: [FIRST.root, ROOT_2, ROOT_3] });
    const opened = openMetadataFolder(path);
    expect(opened.read().roots.map((root) => Buffer.from(root))).toEqual([ROOT_2, ROOT_3]);
    expect(verifyTrust(opened.pinnedRoot, opened.read())).toMatchObject({ rootVersion: 3, versions: { policy: 2 } });
  });

  it("never goes back: not by its timestamp, snapshot, targets or policy", () => {
    const folder = initMetadataFolder(makePath(), FIRST.root);
    folder.update(toNext(FIRST, 2));
    const newer = folder.read();
    const timestamp = createTimestamp([KEYS.online], 3, FIRST.snapshot, 1, NOW);
    for (const older of [FIRST, { ...FIRST, timestamp }]) {
      expect(() => folder.update(older)).toThrow(withCode("TRUST_ROLLBACK"));
    }
    expect(folder.read()).toEqual(newer);
  });

  it("does not take an older policy with new keys of the timestamp alone, but with new keys of targets", () => {
    const folder = initMetadataFolder(makePath(), FIRST.root);
    folder.update(toNext(FIRST, 2));
    const first = toNext(FIRST, 1, KEYS.spare);
    expect(() => folder.update({ ...first, roots: [ROOT_2] })).toThrow(withCode("TRUST_ROLLBACK"));
    const targets = [KEYS.stranger];
    const root = createRoot(3, { ...ROTATED, targets }, SIGNERS.root);
    const signed = { ...first, targets: resign(first.targets, targets, {}), roots: [root] };
    expect(folder.update(signed)).toMatchObject({ rootVersion: 3, versions: { policy: 1 } });
  });

  it("keeps roots that are proven even where the rest is refused, and then proves nothing until there is more", () => {
    const folder = initMetadataFolder(makePath(), FIRST.root);
    folder.update(FIRST);
    expect(() => folder.update({ ...FIRST, roots: [ROOT_2] })).toThrow(withCode("TRUST_UNSIGNED"));
    expect(folder.read().roots).toHaveLength(1);
    expect(folder.trust()).toBeUndefined();
    expect(folder.update(toNext(FIRST, 1, KEYS.spare))).toMatchObject({ rootVersion: 2 });
  });

  it("takes roots alone, and says what the files that it holds prove under them", () => {
    const folder = initMetadataFolder(makePath(), FIRST.root);
    const alone = (...roots: Uint8Array[]) => ({ roots, timestamp: NONE, snapshot: NONE, targets: NONE, policy: NONE });
    expect(folder.update(alone(createRoot(2, SIGNERS, SIGNERS.root)))).toBeUndefined();
    expect(folder.read().roots).toHaveLength(1);
    folder.update(FIRST);
    const root = createRoot(3, SIGNERS, SIGNERS.root);
    expect(folder.update(alone(root))).toMatchObject({ rootVersion: 3, versions: { policy: 1 } });
    expect(folder.trust()).toMatchObject({ rootVersion: 3 });
  });

  it("takes roots alone that outdate the files it holds, and proves nothing until there are others", () => {
    const folder = initMetadataFolder(makePath(), FIRST.root);
    folder.update(FIRST);
    const alone = { roots: [ROOT_2], timestamp: NONE, snapshot: NONE, targets: NONE, policy: NONE };
    expect(folder.update(alone)).toBeUndefined();
    expect([folder.read().roots.length, folder.trust()]).toEqual([1, undefined]);
    expect(folder.update(toNext(FIRST, 1, KEYS.spare))).toMatchObject({ rootVersion: 2 });
  });

  it("keeps nothing of roots that are not proven", () => {
    const folder = initMetadataFolder(makePath(), FIRST.root);
    folder.update(FIRST);
    const before = folder.read();
    const forged = createRoot(2, ROTATED, [KEYS.maker]);
    expect(() => folder.update({ ...toNext(FIRST, 2, KEYS.spare), roots: [forged] })).toThrow(
      withCode("TRUST_UNSIGNED"),
    );
    expect(folder.read()).toEqual(before);
  });

  it("holds no trust that cannot be proven any more, and takes it again", () => {
    const path = makePath();
    const folder = initMetadataFolder(path, FIRST.root);
    folder.update(FIRST);
    for (const name of TRUST_FILES) {
      writeFileSync(join(path, `${name}.json`), "{}");
      expect(folder.trust(), name).toBeUndefined();
      expect(folder.update(FIRST), name).toMatchObject({ versions: { policy: 1 } });
    }
  });

  it("is refused where there is no root, a second one, or one that is none", () => {
    const path = makePath();
    expect(() => openMetadataFolder(path)).toThrow(withCode("NOT_FOUND"));
    expect(existsSync(path)).toBe(false);
    expect(() => initMetadataFolder(path, createRoot(1, SIGNERS, [KEYS.maker]))).toThrow(withCode("TRUST_UNSIGNED"));
    expect(() => openMetadataFolder(path)).toThrow(withCode("NOT_FOUND"));
    initMetadataFolder(path, FIRST.root);
    expect(() => initMetadataFolder(path, FIRST.root)).toThrow(withCode("STATE_CONFLICT"));
  });

  it("refuses what is larger than any bundle, before anything is written", () => {
    const disk = new MemoryFiles();
    writeFirstRoot(toFiles(disk), FIRST.root, OWN);
    const before = listContent(disk);
    const folder = toMetadataFolder(toFiles(disk));
    expect(() => folder.update({ ...FIRST, targets: new Uint8Array(61_440) })).toThrow(withCode("BYTES_TOO_LARGE"));
    expect(listContent(disk)).toEqual(before);
  });
});

describe("a power cut at any write of an update", () => {
  const nextTrust = { ...toNext(FIRST, 2, KEYS.spare), roots: [ROOT_2, ROOT_3] };

  function start(): MemoryFiles {
    const disk = new MemoryFiles();
    writeFirstRoot(toFiles(disk), FIRST.root, OWN);
    toMetadataFolder(toFiles(disk)).update(FIRST);
    return disk;
  }

  function cutEverywhere(bundle: TrustBundle, check: (folder: MetadataFolder, cutAt: number) => void): number {
    const before = start();
    for (let cutAt = 1; ; cutAt += 1) {
      const disk = before.clone();
      const folder = toMetadataFolder(toFiles(disk));
      disk.cutAt = cutAt;
      try {
        folder.update(bundle);
        return cutAt - 1;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      for (const left of disk.afterPowerCut()) check(toMetadataFolder(toFiles(left)), cutAt);
    }
  }

  it("leaves the old trust or the new one, whole, and says which", () => {
    const found = new Set<number | undefined>();
    const bundle = toNext(FIRST, 2);
    const cuts = cutEverywhere(bundle, (folder, cutAt) => {
      const version = folder.trust()?.versions.policy;
      found.add(version);
      expect([1, 2], `cut ${cutAt}`).toContain(version);
      expect(folder.update(bundle)?.versions.policy).toBe(2);
    });
    expect(cuts).toBeGreaterThanOrEqual(20);
    expect([...found].toSorted()).toEqual([1, 2]);
  });

  it("and of its roots leaves a folder that takes the same update to its end", () => {
    cutEverywhere(nextTrust, (folder, cutAt) => {
      expect(folder.update(nextTrust), `cut ${cutAt}`).toMatchObject({ rootVersion: 3, versions: { policy: 2 } });
      expect(folder.read().roots).toHaveLength(2);
    });
  });

  it("and a second one while the first is made up for, likewise", () => {
    const bundle = toNext(FIRST, 2);
    const disk = start();
    disk.cutAt = disk.operations + 7;
    expect(() => toMetadataFolder(toFiles(disk)).update(bundle)).toThrow(PowerCut);
    for (const left of disk.afterPowerCut()) {
      for (let cutAt = 1; cutAt <= 22; cutAt += 1) {
        const again = left.clone();
        again.cutAt = cutAt;
        try {
          toMetadataFolder(toFiles(again));
        } catch (error) {
          if (!(error instanceof PowerCut)) throw error;
        }
        for (const last of again.afterPowerCut()) {
          expect([1, 2]).toContain(toMetadataFolder(toFiles(last)).trust()?.versions.policy);
        }
      }
    }
  });

  it("that leaves an unreadable journal leaves the files as they were", () => {
    const disk = start();
    disk.damage("m/update.bin", Buffer.from("no bundle"));
    const folder = toMetadataFolder(toFiles(disk));
    expect(folder.trust()).toMatchObject({ versions: { policy: 1 } });
    expect(disk.list()).not.toContain("m/update.bin");
  });
});
