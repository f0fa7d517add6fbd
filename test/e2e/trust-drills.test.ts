import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  toFrozen,
  toUnfrozen,
  withHolders,
  withKeyOf,
  withoutPerson,
  withPerson,
} from "../../certs/ceremony/changes.ts";
import { createCeremony } from "../../certs/ceremony/create.ts";
import { toHolders } from "../../certs/ceremony/holders.ts";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { initHome } from "../../certs/sign/home.ts";
import { createTimestamp } from "../../certs/trust/create.ts";
import { TIMESTAMP_VALIDITY_S } from "../../certs/trust/verify.ts";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import { toProfileBytes } from "../../proto/profile.ts";
import { openDataFolder } from "../../src/app/data-folder.ts";
import { prepareOnlineKey } from "../../src/app/trust/online-key.ts";
import { RENEW_AFTER_S } from "../../src/app/trust-files.ts";
import { carryOut, createCompany, toPerson } from "../support/ceremony.ts";
import {
  type Drill,
  type DrillTerminal,
  deliver,
  openDrill,
  openTerminal,
  tell,
  toDrill,
  toOrder,
  update,
} from "../support/drill.ts";
import { makeFolder, readLedgerKinds } from "../support/fleet-store.ts";
import { NOW } from "../support/memory-agent.ts";
import { SAMPLE_PROFILE, toNextProfile } from "../support/release.ts";

// The drills of docs/trust.md, one after another. Agents are real, on disks in memory; ceremonies are applied in a real
// trust folder.

const HOUR_S = 3_600;
const FIRST = SAMPLE_PROFILE;
const SECOND = toNextProfile(FIRST, { binding: { last4: "9999" } });
const THIRD = toNextProfile(SECOND, { binding: { last4: "7777" } });
const FLEET = 100;
/** For the whole fleet, each with ceremonies and test transactions of its own. */
const PATIENCE = { timeout: 120_000 };

/** A terminal that has heard the service and committed its first profile. */
async function openTrading(drill: Drill, n = 0): Promise<DrillTerminal> {
  const terminal = await openTerminal(n, drill.company.files.root);
  await update(terminal, drill.service);
  const { maker, checker } = drill.company;
  expect(await deliver(terminal, toOrder(terminal, { profile: FIRST, signers: [maker, checker] }))).toBe("committed");
  return terminal;
}

/** Moves the clocks of service and terminals. */
function moveTo(now: number, drill: Drill, ...terminals: readonly DrillTerminal[]): void {
  drill.fleet.at = now;
  for (const { world } of terminals) {
    world.uptime += now - world.clock;
    world.clock = now;
  }
}

const trades = ({ world }: DrillTerminal, profile = FIRST) =>
  Buffer.from(world.content ?? "").equals(Buffer.from(toProfileBytes(profile)));

describe("a person leaves", () => {
  it("and is refused by every terminal that heard of it, by the others when their trust is a day old", async () => {
    const drill = await openDrill();
    const { company, service } = drill;
    const [heard, deaf] = [await openTrading(drill, 1), await openTrading(drill, 2)];
    const order = (terminal: DrillTerminal, profile = SECOND) =>
      toOrder(terminal, { profile, signers: [company.maker, company.checker] });
    const before = order(heard);
    await drill.carryOut(({ policy }) => ({ policy: withoutPerson(policy, "chen.bo") }), company.holders.slice(0, 2));
    await update(heard, service);
    expect(await deliver(heard, before)).toBe("refused STATEMENT_UNSIGNED");
    expect(await deliver(heard, order(heard))).toBe("refused STATEMENT_UNSIGNED");
    expect(await deliver(deaf, order(deaf))).toBe("committed");
    moveTo(NOW + TIMESTAMP_VALIDITY_S, drill, heard, deaf);
    expect(await deliver(deaf, order(deaf, THIRD))).toBe("refused TRUST_STALE");
    await service.renewTimestamp(drill.fleet.at);
    await update(deaf, service);
    expect(await deliver(deaf, order(deaf, THIRD))).toBe("refused STATEMENT_UNSIGNED");
    expect([trades(heard), trades(deaf, SECOND)]).toEqual([true, true]);
  });
});

describe("an approver's key is stolen or lost", () => {
  it("alone it approves nothing, and after its replacement not even with another's", async () => {
    const drill = await openDrill();
    const { company, service } = drill;
    const terminal = await openTrading(drill);
    const { maker: stolen, checker } = company;
    for (const signers of [[stolen], [stolen, stolen], [stolen, createApproverKey()]]) {
      expect(await deliver(terminal, toOrder(terminal, { profile: SECOND, signers }))).toBe(
        "refused STATEMENT_UNSIGNED",
      );
    }
    const fresh = createApproverKey();
    const change = drill.carryOut(
      ({ policy }) => ({ policy: withKeyOf(policy, "wang.li", toPublicKey(fresh)) }),
      company.holders.slice(1),
    );
    expect(await change).toMatchObject({ versions: { policy: 2 } });
    await update(terminal, service);
    const refused = toOrder(terminal, { profile: SECOND, signers: [stolen, checker] });
    expect(await deliver(terminal, refused)).toBe("refused STATEMENT_UNSIGNED");
    expect(await deliver(terminal, toOrder(terminal, { profile: SECOND, signers: [fresh, checker] }))).toBe(
      "committed",
    );
  });
});

describe("the online key", () => {
  it("lost: terminals trade on without changes, until a rotation puts another one in force", async () => {
    const drill = await openDrill();
    const terminal = await openTrading(drill);
    const { maker, checker } = drill.company;
    moveTo(NOW + TIMESTAMP_VALIDITY_S, drill, terminal);
    expect(await terminal.agent.runner.greet()).toMatchObject({ stale: true });
    const order = () => toOrder(terminal, { profile: SECOND, signers: [maker, checker] });
    expect(await deliver(terminal, order())).toBe("refused TRUST_STALE");
    expect(trades(terminal)).toBe(true);
    await rotateOnlineKey(drill);
    await update(terminal, drill.service);
    expect(await terminal.agent.runner.greet()).toMatchObject({ stale: false, rootVersion: 2, timestampVersion: 1 });
    expect(await deliver(terminal, order())).toBe("committed");
  });

  it("stolen and driven to the highest version: hears the thief until a rotation, and nothing of him afterwards", async () => {
    const drill = await openDrill();
    const { company, service } = drill;
    const terminal = await openTrading(drill);
    const { snapshot } = company.files;
    const forge = (version: number) => createTimestamp([company.online], version, snapshot, 1, drill.fleet.at);
    moveTo(NOW + RENEW_AFTER_S, drill, terminal);
    await tell(terminal.agent, { ...service.bundle(), timestamp: forge(MAX_UINT32) });
    expect(await terminal.agent.runner.greet()).toMatchObject({ timestampVersion: MAX_UINT32 });
    moveTo(NOW + 2 * RENEW_AFTER_S, drill, terminal);
    await service.renewTimestamp(drill.fleet.at);
    await update(terminal, service);
    expect(await terminal.agent.runner.greet()).toMatchObject({ timestampVersion: MAX_UINT32 });
    // What the thief holds says "still so" and nothing else: no order is taken that people did not sign.
    const forged = toOrder(terminal, { profile: SECOND, signers: [company.online, createApproverKey()] });
    expect(await deliver(terminal, forged)).toBe("refused STATEMENT_UNSIGNED");
    await rotateOnlineKey(drill);
    await update(terminal, service);
    expect(await terminal.agent.runner.greet()).toMatchObject({ timestampVersion: 1, rootVersion: 2, stale: false });
    await tell(terminal.agent, { ...service.bundle(), roots: [], timestamp: forge(MAX_UINT32) });
    expect(await terminal.agent.runner.greet()).toMatchObject({ timestampVersion: 1, rootVersion: 2, stale: false });
    const order = toOrder(terminal, { profile: SECOND, signers: [company.maker, company.checker] });
    expect(await deliver(terminal, order)).toBe("committed");
  });
});

async function rotateOnlineKey(drill: Drill): Promise<void> {
  const online = toPublicKey(await prepareOnlineKey(drill.folder));
  const toChange = ({ root }: Parameters<Parameters<Drill["carryOut"]>[0]>[0]) => ({
    holders: withHolders(toHolders(root), { online }),
  });
  await drill.carryOut(toChange, drill.company.holders.slice(0, 2));
}

describe("the keys of the root", PATIENCE, () => {
  it("one lost: the others put another in its place, and terminals follow", async () => {
    const drill = await openDrill();
    const terminal = await openTrading(drill);
    const [lost, second, third] = drill.company.holders;
    const successor = createApproverKey();
    const replace = drill.carryOut(
      ({ root }) => ({
        holders: withHolders(toHolders(root), {
          addRoot: [toPublicKey(successor)],
          removeRoot: [toPublicKey(lost).id],
        }),
      }),
      [second, third],
    );
    expect(await replace).toMatchObject({ rootVersion: 2 });
    const without = drill.carryOut(({ policy }) => ({ policy: toFrozen(policy) }), [successor, lost]);
    await expect(without).rejects.toThrow(expect.objectContaining({ code: "SIGNER_NOT_ALLOWED" }));
    await drill.carryOut(({ policy }) => ({ policy: toFrozen(policy) }), [successor, second]);
    await update(terminal, drill.service);
    expect(await terminal.agent.runner.greet()).toMatchObject({ rootVersion: 2, stale: false });
  });

  it("three of five: every one of the 32 groups is taken exactly if it has three", () => {
    const holders = Array.from({ length: 5 }, createApproverKey);
    const company = createCompany(NOW);
    const role = { keys: holders.map(toPublicKey), threshold: 3 };
    const online = toPublicKey(company.online);
    const wide = { holders: { root: role, targets: role, online } };
    const present = carryOut(company.files, wide, [...company.holders, ...holders], NOW);
    const next = { holders: { ...wide.holders, online: toPublicKey(createApproverKey()) } };
    for (let group = 0; group < 32; group += 1) {
      const members = holders.filter((_, n) => (group >> n) & 1);
      const attempt = () => carryOut(present, next, members, NOW);
      if (members.length >= 3) expect(attempt().root).toBeDefined();
      else expect(attempt, String(group)).toThrow(expect.objectContaining({ code: "TRUST_UNSIGNED" }));
    }
  });

  it("too many lost or stolen: all of a fleet of 100 recover under a new root, and hear nothing of the thieves", async () => {
    const old = await openDrill();
    const fleet = await Promise.all(Array.from({ length: FLEET }, (_, n) => openTrading(old, n)));
    // Thieves with the threshold of the root are in power: they name their own people.
    const [thief, accomplice] = [createApproverKey(), createApproverKey()];
    const stolen = old.company.holders.slice(0, 2);
    await old.carryOut(({ policy }) => {
      const alone = { ...policy, persons: [] };
      const first = withPerson(alone, toPerson("thief", thief, "maker"));
      return { policy: withPerson(first, toPerson("accomplice", accomplice, "checker")) };
    }, stolen);
    const [victim] = fleet as [DrillTerminal];
    await update(victim, old.service);
    const robbery = (terminal: DrillTerminal) => toOrder(terminal, { profile: SECOND, signers: [thief, accomplice] });
    expect(await deliver(victim, robbery(victim))).toBe("committed");

    const fresh = await openDrill();
    const { maker, checker, files } = fresh.company;
    const outcomes: string[] = [];
    for (const [n, before] of fleet.entries()) {
      // The deliberate local act: another root file, and the agent's state put aside.
      const again = await openTerminal(n, files.root, { world: before.world });
      expect(trades(again, n === 0 ? SECOND : FIRST)).toBe(true);
      await tell(again.agent, { ...old.service.bundle(), roots: [] });
      await tell(again.agent, old.service.bundle());
      expect(await again.agent.runner.greet()).toMatchObject({ rootVersion: 1, timestampVersion: 0, stale: true });
      await update(again, fresh.service);
      expect(await deliver(again, robbery(again))).toBe("refused STATEMENT_UNSIGNED");
      outcomes.push(await deliver(again, toOrder(again, { profile: FIRST, signers: [maker, checker] })));
      expect(trades(again)).toBe(true);
      expect(await again.agent.runner.greet()).toMatchObject({ stale: false, sequence: 1, phase: "idle" });
    }
    expect(outcomes).toEqual(Array.from({ length: FLEET }, () => "committed"));
  });

  it("another root over the agent's old state recovers nothing, and does no harm", async () => {
    const old = await openDrill();
    const terminal = await openTrading(old);
    moveTo(NOW + RENEW_AFTER_S, old, terminal);
    await old.service.renewTimestamp(old.fleet.at);
    await update(terminal, old.service);
    const fresh = await openDrill();
    const { world, files } = terminal;
    const again = await openTerminal(0, fresh.company.files.root, { world, files });
    await update(again, fresh.service);
    expect(await again.agent.runner.greet()).toMatchObject({ stale: true });
    expect(trades(again)).toBe(true);
  });
});

describe("an emergency", () => {
  it("is stopped for all terminals by two who hold the targets, told by an alarm, and let go again", async () => {
    const drill = await openDrill();
    const { company, service, fleet } = drill;
    const terminals = [await openTrading(drill, 1), await openTrading(drill, 2)];
    const order = (terminal: DrillTerminal) =>
      toOrder(terminal, { profile: SECOND, signers: [company.maker, company.checker] });
    const [first] = company.holders;
    for (const signers of [[], [first]]) {
      const alone = drill.carryOut(({ policy }) => ({ policy: toFrozen(policy) }), signers);
      await expect(alone).rejects.toThrow(expect.objectContaining({ code: "TRUST_UNSIGNED" }));
    }
    expect(await readLedgerKinds(fleet)).toEqual([]);
    await drill.carryOut(({ policy }) => ({ policy: toFrozen(policy) }), company.holders.slice(1));
    expect(await readLedgerKinds(fleet)).toEqual(["trust.changed", "alarm.trust_emergency"]);
    for (const terminal of terminals) {
      await update(terminal, service);
      expect(await deliver(terminal, order(terminal))).toBe("refused TYPE_NOT_ALLOWED");
      expect(trades(terminal)).toBe(true);
    }
    await drill.carryOut(({ policy }) => ({ policy: toUnfrozen(policy) }), company.holders.slice(0, 2));
    for (const terminal of terminals) {
      await update(terminal, service);
      expect(await deliver(terminal, order(terminal))).toBe("committed");
    }
  });

  it("lets nobody skip the checker, not even all who hold the root", async () => {
    const { company, service } = await openDrill();
    const { policy } = service.trust();
    const present = company.files;
    for (const binding of [["maker"], ["checker"], ["parameters"], []] as const) {
      const change = { policy: { ...policy, thresholds: { ...policy.thresholds, binding } } };
      const attempt = () => createCeremony(present, change, { reason: "at once", now: NOW });
      expect(attempt).toThrow(expect.objectContaining({ code: "POLICY_TOO_WEAK" }));
    }
  });
});

describe("a service is lost with everything on it", () => {
  it("and comes back from what an approver kept, while terminals trade on", async () => {
    const drill = await openDrill();
    const { company } = drill;
    const terminal = await openTrading(drill);
    await drill.carryOut(({ policy }) => ({ policy: withoutPerson(policy, "chen.bo") }), company.holders.slice(0, 2));
    const place = makeFolder();
    const home = join(place, "home");
    initHome(home, company.files.root).update(drill.service.bundle());

    moveTo(NOW + 30 * 24 * HOUR_S, drill, terminal);
    expect(await terminal.agent.runner.greet()).toMatchObject({ stale: true });
    expect(trades(terminal)).toBe(true);

    const { folder } = await openDataFolder(join(place, "data"), drill.fleet.at, join(home, "trust"));
    const restored = await toDrill(company, drill.fleet, folder.trust);
    const silent = restored.service.renewTimestamp(drill.fleet.at);
    await expect(silent).rejects.toThrow(expect.objectContaining({ code: "TRUST_UNSIGNED" }));
    await rotateOnlineKey(restored);
    const checker = createApproverKey();
    await restored.carryOut(
      ({ policy }) => ({ policy: withPerson(policy, toPerson("zhao.min", checker, "checker")) }),
      company.holders.slice(1),
    );
    await update(terminal, restored.service);
    expect(await terminal.agent.runner.greet()).toMatchObject({ stale: false, rootVersion: 2 });
    const order = toOrder(terminal, { profile: SECOND, signers: [company.maker, checker] });
    expect(await deliver(terminal, order)).toBe("committed");
  });
});
