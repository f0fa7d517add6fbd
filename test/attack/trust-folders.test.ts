import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toCeremonyBytes } from "../../certs/ceremony/ceremony.ts";
import { withHolders } from "../../certs/ceremony/changes.ts";
import { createCeremony } from "../../certs/ceremony/create.ts";
import { toHolders } from "../../certs/ceremony/holders.ts";
import { verifyOfflineTrust } from "../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../certs/ceremony/sign.ts";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { createTimestamp, type RoleSigners } from "../../certs/trust/create.ts";
import { verifyRoots } from "../../certs/trust/roots.ts";
import { OWN } from "../../certs/trust/rules.ts";
import { initMetadataFolder, toMetadataFolder } from "../../certs/tuf/folder.ts";
import { writeFirstRoot } from "../../certs/tuf/holdings.ts";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import { toErrorCode } from "../../proto/errors.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { applyCeremony } from "../../src/app/trust/apply.ts";
import { openTrust, RENEW_AFTER_S } from "../../src/app/trust-files.ts";
import { carryOut, createCompany } from "../support/ceremony.ts";
import {
  type Drill,
  type DrillTerminal,
  deliver,
  openDrill,
  openTerminal,
  tell,
  toOrder,
  update,
} from "../support/drill.ts";
import { makeFolder, readLedgerKinds } from "../support/fleet-store.ts";
import { codeOf, rotateOnlineKey, toHeld } from "../support/left-company.ts";
import { createWorld, isWhole, NOW, openMemoryAgent } from "../support/memory-agent.ts";
import { MemoryFiles, PowerCut } from "../support/memory-files.ts";
import { SAMPLE_PROFILE, toNextProfile } from "../support/release.ts";
import { createApproversUnder, createRoleSigners, toName, toRootsOnly } from "../support/rotation.ts";
import { readTree } from "../support/tree.ts";
import { createRoot } from "../support/trust.ts";
import { listContent, toFiles } from "../support/tuf-files.ts";

// Where trust is kept beside terminals: the service's folder and those of approvers. And what a power cut leaves of it,
// on terminals too.

/** The last second at which a timestamp can be signed: its end is the last second of the year 9999. */
const YEAR_9999 = 253_402_214_399;

/** Every choice of some of them. */
function toSubsets<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** items.length }, (_, bits) => items.filter((_item, at) => (bits >> at) & 1));
}

describe("row 20: some of five who hold the root, three of them needed", () => {
  const old = Array.from({ length: 5 }, createApproverKey);
  const [successor] = [createApproverKey()];
  const young = [...old.slice(1), successor];
  const company = createCompany(NOW);
  const role = { keys: old.map(toPublicKey), threshold: 3 };
  const holders = { root: role, targets: role, online: toPublicKey(company.online) };
  const files = carryOut(company.files, { holders }, [...company.holders, ...old], NOW);

  it("put another root in force at the service exactly if both the old and the new ones are three", async () => {
    const drill = await openDrill({ ...company, files });
    const before = readTree(drill.folder);
    const { root } = verifyOfflineTrust(files);
    const change = { addRoot: [toPublicKey(successor)], removeRoot: [toPublicKey(old[0] as never).id] };
    const next = { holders: withHolders(toHolders(root), change) };
    const { ceremony } = createCeremony(files, next, { reason: "a test", now: NOW });
    const applied: number[] = [];
    for (const signers of toSubsets([...old, successor])) {
      const bytes = toCeremonyBytes(signers.reduce((all, key) => signCeremony(all, key, NOW), ceremony));
      const [ofOld, ofYoung] = [old, young].map((keys) => keys.filter((key) => signers.includes(key)).length);
      if (Math.min(ofOld as number, ofYoung as number) >= 3) {
        const copy = join(makeFolder(), "trust");
        cpSync(drill.folder, copy, { recursive: true });
        expect(await applyCeremony(drill.fleet, copy, bytes)).toMatchObject({ rootVersion: 3 });
        applied.push(signers.length);
      } else {
        const entries = await readLedgerKinds(drill.fleet);
        expect(await applyCeremony(drill.fleet, drill.folder, bytes).catch(toErrorCode)).toBe("TRUST_UNSIGNED");
        expect(readTree(drill.folder)).toEqual(before);
        expect(await readLedgerKinds(drill.fleet)).toEqual(entries);
      }
    }
    // Of the four that are in both, three or four with or without the other two; or any two with both of them.
    expect(applied).toHaveLength((4 + 1) * 4 + 6);
  });

  it("put another root into an approver's folder exactly if both are three, and otherwise not one byte", () => {
    const path = join(makeFolder(), "metadata");
    const first: RoleSigners = {
      root: old,
      targets: [old[0] as never],
      snapshot: [old[0] as never],
      timestamp: [successor],
    };
    const pinned = createRoot(1, first, old, { root: 3 });
    const metadata = initMetadataFolder(path, pinned);
    const before = readTree(path);
    for (const after of [old, young]) {
      for (const signers of toSubsets([...old, successor])) {
        const next = createRoot(2, { ...first, root: after, timestamp: [createApproverKey()] }, signers, { root: 3 });
        const [ofOld, ofYoung] = [old, after].map((keys) => keys.filter((key) => signers.includes(key)).length);
        const isEnough = Math.min(ofOld as number, ofYoung as number) >= 3;
        expect(codeOf(() => verifyRoots(pinned, [next])) === "").toBe(isEnough);
        if (!isEnough) {
          expect(codeOf(() => metadata.update(toRootsOnly(next)))).toBe("TRUST_UNSIGNED");
          expect(readTree(path)).toEqual(before);
        }
      }
    }
  });
});

describe("row 22: a thief of the online key drives version and time to their end", () => {
  const forge = ({ company }: Drill, version: number, now: number) =>
    createTimestamp([company.online], version, company.files.snapshot, 1, now);

  /** Moves the clocks, so that a change of the settlement is due again. */
  async function trade(terminal: DrillTerminal, drill: Drill): Promise<string> {
    const { maker, checker } = drill.company;
    const { current } = terminal.agent.runner.state.slots;
    const profile =
      current === undefined ? SAMPLE_PROFILE : toNextProfile(SAMPLE_PROFILE, { parameters: { attempts: 3 } });
    return await deliver(terminal, toOrder(terminal, { profile, signers: [maker, checker], now: NOW }));
  }

  it("and all get out by a rotation: who was there, who was started anew, who was away, service and approver", async () => {
    const drill = await openDrill();
    const { company, service, folder } = drill;
    const { root } = company.files;
    const [running, restarted, away] = await Promise.all([1, 2, 3].map((n) => openTerminal(n, root)));
    const terminals = [running, restarted, away] as readonly DrillTerminal[];
    const metadata = initMetadataFolder(join(makeFolder(), "metadata"), root);
    for (const terminal of terminals) {
      await update(terminal, service);
      expect(await trade(terminal, drill)).toBe("committed");
    }
    metadata.update(service.bundle());

    // The thief has the service's machine, too.
    writeFileSync(join(folder, "timestamp.json"), forge(drill, MAX_UINT32, YEAR_9999));
    expect(await service.reload()).toBe(true);
    const before = readTree(folder);
    drill.fleet.at = NOW + 2 * RENEW_AFTER_S;
    expect(await service.renewTimestamp(drill.fleet.at)).toBe(false);
    expect(readTree(folder)).toEqual(before);
    const driven = service.bundle();
    metadata.update(driven);
    for (const terminal of terminals.slice(0, 2)) {
      await tell(terminal.agent, driven);
      expect(await trade(terminal, drill)).toBe("refused TRUST_STALE");
    }
    expect(restarted).toBeDefined();
    const { world, files } = restarted as DrillTerminal;
    const started = await openTerminal(2, root, { world, files: files.clone() });
    expect(await trade(started, drill)).toBe("refused TRUST_STALE");

    await rotateOnlineKey(drill);
    expect(service.trust()).toMatchObject({
      issued: drill.fleet.at,
      rootVersion: 2,
      versions: { timestamp: 1, policy: 1 },
    });
    expect(metadata.update(service.bundle())).toMatchObject({ rootVersion: 2, versions: { timestamp: 1 } });
    expect(await openTrust(folder).then((held) => held.trust().issued)).toBe(drill.fleet.at);
    for (const terminal of [running, started, away] as readonly DrillTerminal[]) {
      const held = terminal.world.content;
      await update(terminal, service);
      const { stale, timestampVersion } = await terminal.agent.runner.greet();
      expect([stale, timestampVersion, terminal.world.content]).toEqual([false, 1, held]);
      expect(await trade(terminal, drill)).toBe("committed");
      const after = toHeld(terminal);
      await tell(terminal.agent, driven);
      await tell(terminal.agent, { ...service.bundle(), timestamp: forge(drill, MAX_UINT32, NOW) });
      expect(toHeld(terminal)).toEqual(after);
    }
    writeFileSync(join(folder, "timestamp.json"), forge(drill, MAX_UINT32, YEAR_9999));
    expect(await service.reload().catch(toErrorCode)).toBe("TRUST_UNSIGNED");
    expect(service.trust().versions.timestamp).toBe(1);
  });

  it.each([MAX_UINT32 + 1, 2 ** 53 - 1, 2 ** 53])("finds nobody who takes version %i", async (version) => {
    const drill = await openDrill();
    const { company, service, folder } = drill;
    const path = join(makeFolder(), "metadata");
    const metadata = initMetadataFolder(path, company.files.root);
    const terminal = await openTerminal(1, company.files.root);
    metadata.update(service.bundle());
    await update(terminal, service);
    const before = { ...toHeld(terminal), tree: readTree(path) };
    const bundle = service.bundle();
    const attack = { ...bundle, timestamp: forge(drill, version, NOW) };
    expect(codeOf(() => metadata.update(attack))).toBe("TRUST_INVALID");
    await tell(terminal.agent, attack);
    expect({ ...toHeld(terminal), tree: readTree(path) }).toEqual(before);
    writeFileSync(join(folder, "timestamp.json"), attack.timestamp);
    expect(await service.reload().catch(toErrorCode)).toBe("TRUST_INVALID");
    expect(service.bundle()).toBe(bundle);
  });

  it("and the service does not count past the highest version", async () => {
    const drill = await openDrill();
    const { service, folder } = drill;
    writeFileSync(join(folder, "timestamp.json"), forge(drill, MAX_UINT32, NOW));
    await service.reload();
    const before = readTree(folder);
    expect(await service.renewTimestamp(NOW + RENEW_AFTER_S).catch(toErrorCode)).toBe("TRUST_INVALID");
    expect(readTree(folder)).toEqual(before);
  });
});

describe("row 23: power is cut while a root is taken that is not wholly proven, or follows one that is", () => {
  const three = () => [createApproverKey(), createApproverKey(), createApproverKey()] as const;
  const [a, b, c] = [three(), three(), three()];
  const toSigners = (root: RoleSigners["root"]): RoleSigners => createRoleSigners({ root });
  const [one, two, third] = [toSigners(a), toSigners(b), toSigners(c)];
  const THRESHOLD = { root: 2 };
  const pinned = createApproversUnder(one, NOW);
  const root2 = createRoot(2, two, [...a, ...b], THRESHOLD);
  const root3 = createRoot(3, third, [...b, ...c], THRESHOLD);
  /** Of version 1, all three of `a` are asked: that is what `createApproversUnder` makes. */
  const toTwo = (...signers: RoleSigners["root"]) => createRoot(2, two, signers, THRESHOLD);

  const CASES: readonly (readonly [name: string, roots: readonly Uint8Array[], taken: readonly Uint8Array[]])[] = [
    ["both", [root2], [root2]],
    ["both, and the next one too", [root2, root3], [root2, root3]],
    ["the old ones only", [toTwo(...a)], []],
    ["the new ones only", [toTwo(...b)], []],
    ["nobody", [toTwo()], []],
    ["both, one too few of either", [toTwo(...a.slice(1), b[0])], []],
    ["both, but with the next one left out", [root3], []],
    [
      "both, and then in other bytes",
      [root2, createRoot(2, { ...two, timestamp: [a[0]] }, [...a, ...b], THRESHOLD)],
      [root2],
    ],
    ["both, and then the next by itself only", [root2, createRoot(3, third, c, THRESHOLD)], [root2]],
    ["itself only, and then the next by both", [toTwo(...b), root3], []],
    ["both, and then garbage", [root2, Buffer.from("{}")], [root2]],
  ];

  /** A terminal that trades under the pinned root. */
  async function openTrading() {
    const world = createWorld(pinned);
    const agent = openMemoryAgent(world, new MemoryFiles());
    await agent.runner.start();
    await tell(agent, pinned.trust);
    return { world, files: agent.files };
  }

  it.each(CASES)("on a terminal: signed by %s", async (_, roots, taken) => {
    const { world, files } = await openTrading();
    const names = taken.map(toName);
    const isDone = async (cutAt: number): Promise<boolean> => {
      const agent = openMemoryAgent(world, files.clone());
      await agent.runner.start();
      agent.files.cutAt = agent.files.operations + cutAt;
      void agent.runner.receive("trust", toTrustBundleBytes(toRootsOnly(...roots))).catch(() => undefined);
      await agent.settle();
      const isCut = agent.files.operations >= agent.files.cutAt;
      for (const disk of agent.files.afterPowerCut()) {
        const again = openMemoryAgent(world, disk);
        await again.runner.start();
        const held = again.runner.state.roots;
        expect(held, `cut ${cutAt}`).toEqual(names.slice(0, held.length));
        expect(again.trusts.roots.version).toBe(1 + held.length);
        const stored = held.map((name) => disk.read(`objects/${name}`) ?? new Uint8Array(0));
        expect(verifyRoots(pinned.trust.root, stored).metadata.version).toBe(1 + held.length);
        expect(again.log).not.toContain("root unreadable");
        expect(again.runner.isStale).toBe(held.length > 0);
        expect(isWhole(again)).toBe(true);
        await tell(again, toRootsOnly(...roots));
        expect(again.runner.state.roots).toEqual(names);
      }
      return !isCut;
    };
    let cuts = 0;
    while (!(await isDone(cuts + 1))) cuts += 1;
    if (taken.length === 0) expect(cuts).toBe(0);
    else expect(cuts).toBeGreaterThanOrEqual(6 * taken.length);
  });

  it.each(CASES)("in an approver's folder: signed by %s", (_, roots, good) => {
    // A folder takes a chain of roots whole or not at all.
    const taken = good.length === roots.length ? good : [];
    const before = new MemoryFiles();
    writeFirstRoot(toFiles(before), pinned.trust.root, OWN);
    toMetadataFolder(toFiles(before)).update(pinned.trust);
    const content = listContent(before);
    const chain = [pinned.trust.root, ...taken].map(toName);
    const attack: TrustBundle = toRootsOnly(...roots);
    const isDone = (cutAt: number): boolean => {
      const disk = before.clone();
      const folder = toMetadataFolder(toFiles(disk));
      disk.cutAt = disk.operations + cutAt;
      const isCut = isPowerCutIn(() => folder.update(attack));
      for (const left of disk.afterPowerCut()) {
        const again = toMetadataFolder(toFiles(left));
        const held = [again.pinnedRoot, ...again.read().roots].map(toName);
        expect(held, `cut ${cutAt}`).toEqual(chain.slice(0, held.length));
        if (taken.length === 0) expect(listContent(left)).toEqual(content);
        expect(again.trust()?.rootVersion).toBe(held.length === 1 ? 1 : undefined);
        isPowerCutIn(() => again.update(attack));
        expect([again.pinnedRoot, ...again.read().roots].map(toName)).toEqual(chain);
      }
      return !isCut;
    };
    let cuts = 0;
    while (!isDone(cuts + 1)) cuts += 1;
    if (taken.length === 0) expect(cuts).toBe(0);
    else expect(cuts).toBeGreaterThanOrEqual(6 * taken.length);
  });
});

/** Whether the power went; a refusal is none. */
function isPowerCutIn(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    if (error instanceof PowerCut) return true;
    expect(toErrorCode(error)).toMatch(/^TRUST_/);
    return false;
  }
}
