import type { KeyObject } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { readState } from "../../agent/slots/state-file.ts";
import { verifyRoots } from "../../certs/trust/roots.ts";
import { toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../../proto/errors.ts";
import { toProfileBytes } from "../../proto/profile.ts";
import { parseHello } from "../../proto/terminal-messages.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import {
  createHolders,
  type Holders,
  ROOT_THRESHOLD,
  toBundle,
  toPolicy,
  toRoles,
  toRoot,
  toTimestamp,
} from "../support/red-team-metadata.ts";
import { createRandom, toKey } from "../support/red-team-random.ts";
import { type AttackedTerminal, openAttacked, type TerminalIdentity } from "../support/red-team-terminal.ts";
import { DAY_S, deliver, NOW, toCard, toStanding, toTusn } from "../support/red-team-trading.ts";
import { signRoot } from "../support/red-team-trust.ts";
import { SAMPLE_PROFILE, toDeliveries, toDirective, toNextProfile } from "../support/release.ts";

const random = createRandom(20);
const make = () => toKey(random.bytes(32));
const holders = createHolders(random);
const [maker, checker, leaver] = [make(), make(), make()];
const ENOUGH = holders.root.slice(0, ROOT_THRESHOLD);
const pinnedRoot = toRoot(holders, 1, ENOUGH, NOW);
const policy = toPolicy(1, maker, [checker, leaver]);
const first = toBundle(holders, { roots: [pinnedRoot], policy, timestamp: 1, version: 1, now: NOW });

async function openTerminal(n = 0): Promise<AttackedTerminal> {
  const tusn = toTusn(n);
  const terminal = await openAttacked({ tusn, deviceKey: toDigest(toUtf8(tusn)), pinnedRoot }, { clock: NOW });
  onTestFinished(() => terminal.close());
  await terminal.receive("trust", toTrustBundleBytes(first));
  return terminal;
}

/** A first profile for the terminal, or another card where it holds one, signed by these. */
function toOrder(identity: TerminalIdentity, signers: readonly KeyObject[], sequence = 1, now = NOW): Uint8Array {
  const { tusn, deviceKey } = identity;
  const next = toNextProfile(SAMPLE_PROFILE, toCard(`card ${1_000 + sequence}`));
  const request = sequence === 1 ? { profile: SAMPLE_PROFILE } : { profile: next, base: SAMPLE_PROFILE };
  const directive = toDirective({ tusn, deviceKey, sequence, now, ...request }, { notAfter: now + 400 * DAY_S });
  const statement = { expires: now + 400 * DAY_S };
  return toDeliveries({ directives: [directive], purpose: "binding", signers, now, statement })[0] as Uint8Array;
}

/** Root version that every disk says which a power cut now may leave. */
function readRootCounts({ files }: AttackedTerminal): ReadonlySet<number> {
  return new Set(files.afterPowerCut().map((disk) => readState(disk)?.generation.state.roots.length ?? 0));
}

function codeOf(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    return toErrorCode(error);
  }
}

/** Every choice of some of them. */
function toSubsets<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** items.length }, (_, bits) => items.filter((_item, at) => (bits >> at) & 1));
}

function rootsOnly(...roots: readonly Uint8Array[]): Uint8Array {
  const none = new Uint8Array(0);
  return toTrustBundleBytes({ roots, timestamp: none, snapshot: none, targets: none, policy: none });
}

describe("row 12: whoever holds the online key of the service", () => {
  it("says when, and never what: any content of its own is refused, and a fresh timestamp changes nothing", async () => {
    const terminal = await openTerminal();
    await deliver(terminal, toOrder(terminal.identity, [maker, checker]));
    const thief = toPolicy(9, make(), [make()]);
    const { online } = holders;
    const forged = toBundle(
      { ...holders, targets: online, snapshot: online },
      {
        ...{ roots: [pinnedRoot], policy: thief, timestamp: 9, version: 9, now: NOW },
      },
    );
    const stamp = (snapshot: Uint8Array, version: number) => toTimestamp(online, snapshot, version, 9, NOW);
    const mixtures: readonly Partial<TrustBundle>[] = [
      forged,
      { ...forged, policy: first.policy },
      { policy: forged.policy },
      { targets: forged.targets, policy: forged.policy },
      { snapshot: forged.snapshot, timestamp: forged.timestamp },
      { snapshot: forged.snapshot, timestamp: stamp(forged.snapshot, 9), targets: forged.targets },
      { timestamp: stamp(first.snapshot, 9) },
      { roots: [pinnedRoot, toRoot(holders, 2, [online, online, online], NOW)] },
    ];
    const before = toStanding(terminal);
    for (const mixture of mixtures) await terminal.receive("trust", toTrustBundleBytes({ ...first, ...mixture }));
    expect(toStanding(terminal)).toEqual(before);
    expect([...terminal.codes.keys()].toSorted()).toEqual(["TRUST_INVALID", "TRUST_UNSIGNED"]);
    expect([...terminal.codes.values()].reduce((sum, count) => sum + count, 0)).toBe(mixtures.length);

    const fresh = { ...first, timestamp: toTimestamp(online, first.snapshot, 1, 9, NOW + 60) };
    await terminal.receive("trust", toTrustBundleBytes(fresh));
    expect(terminal.state.trust?.versions).toEqual({ timestamp: 9, snapshot: 1, targets: 1, policy: 1 });
    await deliver(terminal, toOrder(terminal.identity, [online, maker], 2));
    expect(terminal.codes.get("STATEMENT_UNSIGNED")).toBe(1);
    expect(terminal.state.sequence).toBe(1);
  });
});

describe("row 18: a person who left", () => {
  const without = toPolicy(2, maker, [checker]);
  const second = toBundle(holders, { roots: [pinnedRoot], policy: without, timestamp: 2, version: 2, now: NOW });

  it("is nobody to a terminal that holds the policy without the person", async () => {
    const terminal = await openTerminal();
    await terminal.receive("trust", toTrustBundleBytes(second));
    const before = toStanding(terminal);
    await deliver(terminal, toOrder(terminal.identity, [maker, leaver]));
    expect(toStanding(terminal)).toEqual(before);
    expect([...terminal.codes]).toEqual([["STATEMENT_UNSIGNED", 1]]);
    await deliver(terminal, toOrder(terminal.identity, [maker, checker]));
    expect(terminal.state.sequence).toBe(1);
  });

  it("does not come back with older metadata, not even under a timestamp that a thief of the online key signs anew", async () => {
    const terminal = await openTerminal();
    await terminal.receive("trust", toTrustBundleBytes(second));
    const before = toStanding(terminal);
    const again = { ...first, timestamp: toTimestamp(holders.online, first.snapshot, 1, 99, NOW) };
    for (const bundle of [first, again, { ...second, policy: first.policy }]) {
      await terminal.receive("trust", toTrustBundleBytes(bundle));
    }
    expect(toStanding(terminal)).toEqual(before);
    expect([...terminal.codes]).toEqual([
      ["TRUST_ROLLBACK", 2],
      ["TRUST_INVALID", 1],
    ]);
  });

  it("counts no longer than a day at a terminal that is kept from hearing of it", async () => {
    const terminal = await openTerminal();
    const order = toOrder(terminal.identity, [maker, leaver]);
    terminal.clock = NOW + DAY_S;
    const before = toStanding(terminal);
    await deliver(terminal, order);
    expect(toStanding(terminal)).toEqual(before);
    expect([...terminal.codes]).toEqual([["TRUST_STALE", 1]]);
  });
});

describe("row 2: a broker that drops everything", () => {
  it("makes a terminal stale, which tells so and trades on, and takes no order until it hears again", async () => {
    const terminal = await openTerminal();
    await deliver(terminal, toOrder(terminal.identity, [maker, checker]));
    const isStale = async () => parseHello(await terminal.greet()).stale;
    terminal.clock = NOW + DAY_S - 1;
    expect(await isStale()).toBe(false);
    for (const later of [0, 60, 400 * DAY_S]) {
      terminal.clock = NOW + DAY_S + later;
      expect(await isStale()).toBe(true);
      const before = toStanding(terminal);
      await deliver(terminal, toOrder(terminal.identity, [maker, checker], 2, NOW));
      expect(toStanding(terminal)).toEqual(before);
      expect(before.content).toBe(toHex(toDigest(toProfileBytes(SAMPLE_PROFILE))));
    }
    expect([...terminal.codes]).toEqual([["TRUST_STALE", 3]]);
    // A year on the shelf: the profile is proven again at the start, and is as good as ever.
    const started = await openAttacked(terminal.identity, { from: terminal.snapshot(), clock: NOW + 400 * DAY_S });
    expect(started.state.slots.current).toEqual(terminal.state.slots.current);
    await started.close();

    terminal.clock = NOW + DAY_S + 60;
    const fresh = { ...first, timestamp: toTimestamp(holders.online, first.snapshot, 1, 2, NOW + DAY_S + 60) };
    await terminal.receive("trust", toTrustBundleBytes(fresh));
    expect(await isStale()).toBe(false);
    await deliver(terminal, toOrder(terminal.identity, [maker, checker], 2, NOW + DAY_S));
    expect(terminal.state.sequence).toBe(2);
  });
});

describe("row 20: holders of the root who are too few", () => {
  it("make no new root, whichever of the 32 choices of five they are", async () => {
    for (const signers of toSubsets(holders.root)) {
      const terminal = await openTerminal();
      const next = toRoot({ ...holders, online: make() }, 2, signers, NOW);
      await terminal.receive("trust", rootsOnly(next));
      const isEnough = signers.length >= ROOT_THRESHOLD;
      expect([...readRootCounts(terminal)], `${signers.length} of 5`).toEqual([isEnough ? 1 : 0]);
      expect(terminal.codes.get("TRUST_UNSIGNED")).toBe(isEnough ? undefined : 1);
    }
  });

  it("make none with any of five successors: of all 1,024 choices only enough of both count", () => {
    const successors = createHolders(random);
    const { signed, signatures } = JSON.parse(
      Buffer.from(toRoot(successors, 2, [...holders.root, ...successors.root], NOW)).toString(),
    ) as { signed: object; signatures: readonly object[] };
    const wrong: string[] = [];
    for (const old of toSubsets(signatures.slice(0, holders.root.length))) {
      for (const young of toSubsets(signatures.slice(holders.root.length))) {
        const next = toUtf8(JSON.stringify({ signed, signatures: [...old, ...young] }));
        const code = codeOf(() => verifyRoots(pinnedRoot, [next]));
        const isEnough = old.length >= ROOT_THRESHOLD && young.length >= ROOT_THRESHOLD;
        if (code !== (isEnough ? "" : "TRUST_UNSIGNED")) wrong.push(`${old.length}+${young.length} ${code}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});

describe("row 22: a thief of the online key who drives the versions to the highest there is", () => {
  const HIGHEST = 2 ** 32 - 1;

  it("is locked out by another key, after which the versions begin anew and the policy's does not", async () => {
    const terminal = await openTerminal();
    const thief = { ...first, timestamp: toTimestamp(holders.online, first.snapshot, 1, HIGHEST, NOW + 300 * DAY_S) };
    await terminal.receive("trust", toTrustBundleBytes(thief));
    expect(terminal.state.trust?.versions.timestamp).toBe(HIGHEST);
    // Beyond the highest there is nothing, and what the service says is too old.
    for (const version of [HIGHEST + 1, 2 ** 53 - 1]) {
      const beyond = { ...first, timestamp: toTimestamp(holders.online, first.snapshot, 1, version, NOW) };
      await terminal.receive("trust", toTrustBundleBytes(beyond));
    }
    const genuine = { ...first, timestamp: toTimestamp(holders.online, first.snapshot, 1, 2, NOW) };
    await terminal.receive("trust", toTrustBundleBytes(genuine));
    expect([...terminal.codes]).toEqual([
      ["TRUST_INVALID", 2],
      ["TRUST_ROLLBACK", 1],
    ]);

    const recovered: Holders = { ...holders, online: make() };
    const roots = [pinnedRoot, toRoot(recovered, 2, ENOUGH, NOW)];
    const bundle = toBundle(recovered, { roots, policy, timestamp: 1, version: 1, now: NOW });
    await terminal.receive("trust", toTrustBundleBytes(bundle));
    expect(terminal.state.trust?.versions).toEqual({ timestamp: 1, snapshot: 1, targets: 1, policy: 1 });
    // The time that the thief signed is forgotten with the key: an order of today is not too late.
    await deliver(terminal, toOrder(terminal.identity, [maker, checker]));
    expect(terminal.state.sequence).toBe(1);
    // And the thief is nobody any more, with what was signed then too.
    const before = toStanding(terminal);
    await terminal.receive("trust", toTrustBundleBytes(thief));
    await terminal.receive("trust", toTrustBundleBytes({ ...thief, roots }));
    expect(toStanding(terminal)).toEqual(before);
  });

  it("does not bring back an older policy by it", async () => {
    const terminal = await openTerminal();
    const newer = toBundle(holders, {
      ...{ roots: [pinnedRoot], policy: toPolicy(2, maker, [checker]), timestamp: 2, version: 2, now: NOW },
    });
    await terminal.receive("trust", toTrustBundleBytes(newer));
    const recovered: Holders = { ...holders, online: make() };
    const roots = [pinnedRoot, toRoot(recovered, 2, ENOUGH, NOW)];
    const older = toBundle(recovered, { roots, policy, timestamp: 1, version: 1, now: NOW });
    await terminal.receive("trust", toTrustBundleBytes(older));
    expect(terminal.state.roots).toHaveLength(1);
    expect(terminal.state.trust?.versions.policy).toBe(2);
    expect([...terminal.codes]).toEqual([["TRUST_ROLLBACK", 1]]);
    await deliver(terminal, toOrder(terminal.identity, [maker, leaver]));
    expect(terminal.state.sequence).toBe(0);
  });
});

describe("row 23: a repository that skips a root or has one half verified", () => {
  const second = createHolders(random);
  const third = createHolders(random);
  const some = (of: Holders) => of.root.slice(0, ROOT_THRESHOLD);
  const root2 = toRoot(second, 2, [...ENOUGH, ...some(second)], NOW);
  const root3 = toRoot(third, 3, [...some(second), ...some(third)], NOW);
  const toThird = (signers: readonly KeyObject[], version = 3) => toRoot(third, version, signers, NOW);

  it.each<[name: string, roots: readonly Uint8Array[], steps: number, code: string]>([
    ["one step", [root2], 1, ""],
    ["two steps", [root2, root3], 2, ""],
    ["the pinned one before them", [pinnedRoot, root2, root3], 2, ""],
    ["a step left out", [root3], 0, "TRUST_UNSIGNED"],
    ["a step left out that the pinned holders signed", [toThird([...ENOUGH, ...some(third)])], 0, "TRUST_INVALID"],
    ["the second before the first", [root3, root2], 0, "TRUST_UNSIGNED"],
    ["the new holders alone", [toRoot(second, 2, some(second), NOW)], 0, "TRUST_UNSIGNED"],
    ["the old holders alone", [toRoot(second, 2, ENOUGH, NOW)], 0, "TRUST_UNSIGNED"],
    ["nobody", [toRoot(second, 2, [], NOW)], 0, "TRUST_UNSIGNED"],
    ["one too few of the old", [toRoot(second, 2, [...ENOUGH.slice(1), ...some(second)], NOW)], 0, "TRUST_UNSIGNED"],
    ["one too few of the new", [toRoot(second, 2, [...ENOUGH, ...some(second).slice(1)], NOW)], 0, "TRUST_UNSIGNED"],
    ["a good step and a bad one", [root2, toThird(some(third))], 1, "TRUST_UNSIGNED"],
    ["a bad step and a good one", [toRoot(second, 2, some(second), NOW), root3], 0, "TRUST_UNSIGNED"],
    ["a third that the first holders signed", [root2, toThird([...ENOUGH, ...some(third)])], 1, "TRUST_UNSIGNED"],
    ["the same version in other bytes", [toRoot(holders, 1, holders.root, NOW)], 0, "TRUST_INVALID"],
    ["a second that says it is the fourth", [toRoot(second, 4, [...ENOUGH, ...some(second)], NOW)], 0, "TRUST_INVALID"],
    ["one without the roles that it must name", [toNameless()], 0, "TRUST_INVALID"],
  ])("keeps what was verified whole and nothing else: %s", async (_name, roots, steps, code) => {
    const terminal = await openTerminal();
    await terminal.receive("trust", rootsOnly(...roots));
    expect([...readRootCounts(terminal)]).toEqual([steps]);
    expect([...terminal.codes]).toEqual(code === "" ? [] : [[code, 1]]);
    // It stands after a start, and what it leaves behind is what was proven.
    const again = await openAttacked(terminal.identity, { from: terminal.snapshot(), clock: NOW });
    expect(parseHello(await again.greet()).rootVersion).toBe(1 + steps);
    expect(again.state.roots).toEqual(terminal.state.roots);
    await again.close();
  });

  it("believes the holders before no more, once it took the step", async () => {
    const terminal = await openTerminal();
    await terminal.receive("trust", rootsOnly(root2));
    const before = toStanding(terminal);
    const other = toRoot(holders, 2, holders.root, NOW);
    const older = toBundle(holders, { roots: [pinnedRoot], policy, timestamp: 9, version: 9, now: NOW });
    for (const bytes of [rootsOnly(other), toTrustBundleBytes(older)]) await terminal.receive("trust", bytes);
    expect(toStanding(terminal)).toEqual(before);
    expect([...terminal.codes]).toEqual([
      ["TRUST_INVALID", 1],
      ["TRUST_UNSIGNED", 1],
    ]);
    // Nor what they vouched for until now.
    await deliver(terminal, toOrder(terminal.identity, [maker, checker]));
    expect(terminal.codes.get("TRUST_STALE")).toBe(1);
  });

  function toNameless(): Uint8Array {
    const { root } = toRoles(second);
    const signers = [...ENOUGH, ...second.root];
    const change = { roles: { root: { keyids: [], threshold: root.threshold } } };
    return signRoot({ version: 2, expires: NOW + DAY_S, signers, roles: toRoles(second), change });
  }
});

describe("row 21: holders of the root who are thieves, or have lost their keys", () => {
  it("cost a visit to each terminal: all of 100 trade on meanwhile, and take up again under a new root", async () => {
    const fresh = createHolders(random);
    const root = toRoot(fresh, 1, fresh.root.slice(0, ROOT_THRESHOLD), NOW);
    const [newMaker, newChecker] = [make(), make()];
    const renewed = toPolicy(1, newMaker, [newChecker]);
    const bundle = toBundle(fresh, { roots: [root], policy: renewed, timestamp: 1, version: 1, now: NOW });
    const recovered: number[] = [];
    for (let n = 0; n < 100; n += 1) {
      const lost = await openTerminal(n);
      await deliver(lost, toOrder(lost.identity, [maker, checker]));
      await lost.close();
      // Somebody puts the new root where the old one was pinned, and nothing else.
      const identity = { ...lost.identity, pinnedRoot: root };
      const terminal = await openAttacked(identity, { from: lost.snapshot(), clock: NOW });
      await terminal.settle();
      expect(toHex(toDigest(terminal.content as Uint8Array))).toBe(toHex(toDigest(toProfileBytes(SAMPLE_PROFILE))));
      await terminal.receive("trust", toTrustBundleBytes(first));
      await deliver(terminal, toOrder(identity, [maker, checker], 2));
      expect(terminal.state.sequence).toBe(1);

      await terminal.receive("trust", toTrustBundleBytes(bundle));
      const { tusn, deviceKey } = identity;
      const profile = toNextProfile(SAMPLE_PROFILE, { parameters: { attempts: 4 } });
      const directive = toDirective({ tusn, deviceKey, sequence: 2, profile, now: NOW });
      const signers = [newMaker, newChecker];
      const [order] = toDeliveries({ directives: [directive], purpose: "binding", signers, now: NOW });
      await deliver(terminal, order as Uint8Array);
      if (toHex(toDigest(terminal.content ?? new Uint8Array(0))) === toHex(toDigest(directive.profile)))
        recovered.push(n);
      await terminal.close();
    }
    expect(recovered).toHaveLength(100);
  });
});
