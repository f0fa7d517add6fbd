import { describe, expect, it } from "vitest";
import { MAX_ROOTS } from "../../certs/trust/roots.ts";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { TUSN } from "../support/machine.ts";
import {
  createWorld,
  DEVICE_KEY,
  isWhole,
  type MemoryAgent,
  type MemoryWorld,
  NOW,
  openMemoryAgent,
} from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { SAMPLE_PROFILE, toDeliveries, toDirective, toNextProfile } from "../support/release.ts";
import {
  createApproversUnder,
  createRoleSigners,
  toBundle,
  toName,
  toRootBytes,
  toRootsOnly,
} from "../support/rotation.ts";

const SECOND = toNextProfile(SAMPLE_PROFILE, { merchant: { shortName: "小李餐饮" } });
const THIRD = toNextProfile(SECOND, { merchant: { shortName: "小王餐饮" } });
const YEAR_2100 = 4_102_444_800;

/** Keys of root 1 and of root 2, which has another key for the timestamp. */
const ONE = createRoleSigners();
const TWO = { ...ONE, timestamp: createRoleSigners().timestamp };
const ROOT_2 = toRootBytes(2, ONE, TWO, NOW);

async function open(world: MemoryWorld, files = new MemoryFiles()): Promise<MemoryAgent> {
  const agent = openMemoryAgent(world, files);
  await agent.runner.start();
  await agent.settle();
  return agent;
}

/** An agent under root 1 that has committed the first profile. */
async function openTrading() {
  const world = createWorld(createApproversUnder(ONE, NOW));
  const agent = await open(world);
  await tell(agent, world.approvers.trust);
  expect(await deliver(agent, world, 1, SAMPLE_PROFILE)).toBe("committed");
  return { world, agent };
}

const tell = ({ runner }: MemoryAgent, bundle: TrustBundle) => runner.receive("trust", toTrustBundleBytes(bundle));

interface Sent {
  readonly now?: number;
  readonly signers?: readonly (keyof MemoryWorld["approvers"] & ("maker" | "checker"))[];
}

/** What came of a directive, as its report says. */
async function deliver(
  agent: MemoryAgent,
  world: MemoryWorld,
  sequence: number,
  profile: Profile,
  base?: Profile,
  { now = NOW, signers = ["maker", "checker"] }: Sent = {},
): Promise<string> {
  const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence, profile, now };
  const directive = toDirective(base === undefined ? terms : { ...terms, base });
  const keys = signers.map((name) => world.approvers[name]);
  const [delivery] = toDeliveries({ directives: [directive], purpose: "binding", signers: keys, now });
  await agent.runner.receive("directive", delivery as Uint8Array);
  await agent.settle();
  const named = toName(parseDelivery(delivery as Uint8Array).directive);
  const report = agent.runner.unsent().find(({ directive }) => Buffer.from(directive).toString("hex") === named);
  await agent.receiptAll();
  return `${report?.kind} ${report?.code}`.trim();
}

const rootVersion = async ({ runner }: MemoryAgent) => (await runner.greet()).rootVersion;

describe("trust roots", () => {
  it("are followed version by version, each under the one before it, and told in the next hello", async () => {
    const { world, agent } = await openTrading();
    const three = createRoleSigners();
    const root3 = toRootBytes(3, TWO, three, NOW);
    await tell(agent, toBundle(three, { policy: world.approvers.policy, now: NOW, roots: [ROOT_2, root3] }));
    expect(agent.runner.state.roots).toEqual([toName(ROOT_2), toName(root3)]);
    expect(agent.log).toContain("announce");
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 3, stale: false, timestampVersion: 1 });
    expect(await deliver(agent, world, 2, SECOND, SAMPLE_PROFILE)).toBe("committed");
  });

  it("are kept where what comes with them is not to be believed", async () => {
    const { world, agent } = await openTrading();
    await tell(agent, { ...world.approvers.trust, roots: [ROOT_2] });
    expect(agent.log).toContain("trust refused");
    expect(agent.runner.state.roots).toEqual([toName(ROOT_2)]);
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 2, stale: true, timestampVersion: 0 });
    expect(agent.files.read(`objects/${toName(ROOT_2)}`)).toEqual(Buffer.from(ROOT_2));
  });

  it("are kept up to the first that is not good", async () => {
    const { agent } = await openTrading();
    const three = createRoleSigners();
    const bySelfOnly = toRootBytes(3, three, three, NOW);
    await tell(agent, toRootsOnly(ROOT_2, bySelfOnly));
    expect(agent.runner.state.roots).toEqual([toName(ROOT_2)]);
    expect(agent.files.read(`objects/${toName(bySelfOnly)}`)).toBeUndefined();
  });

  it("are refused with a gap, signed by one side only, or as another one of the version held", async () => {
    const { agent } = await openTrading();
    const three = createRoleSigners();
    const strangers = createRoleSigners();
    for (const root of [
      toRootBytes(3, ONE, three, NOW),
      toRootBytes(2, strangers, strangers, NOW),
      toRootBytes(1, ONE, strangers, NOW),
    ]) {
      await tell(agent, toRootsOnly(root));
    }
    expect(agent.runner.state.roots).toEqual([]);
    expect(await rootVersion(agent)).toBe(1);
  });

  it("alone leave an agent trading and willing where they take nothing away", async () => {
    const { world, agent } = await openTrading();
    const newRootKey = { ...ONE, root: createRoleSigners().root };
    await tell(agent, toRootsOnly(toRootBytes(2, ONE, newRootKey, NOW)));
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 2, stale: false, timestampVersion: 1 });
    expect(await deliver(agent, world, 2, SECOND, SAMPLE_PROFILE)).toBe("committed");
  });

  it("that are held already cost no write and no hello", async () => {
    const { world, agent } = await openTrading();
    const bundle = toBundle(TWO, { policy: world.approvers.policy, now: NOW, roots: [ROOT_2] });
    await tell(agent, bundle);
    const { operations } = agent.files;
    const { length } = agent.log;
    await tell(agent, bundle);
    await tell(agent, toRootsOnly(ROOT_2));
    expect(agent.files.operations).toBe(operations);
    expect(agent.log).toHaveLength(length);
  });

  it("are held again after a restart, and what a slot was accepted under stays its proof", async () => {
    const { world, agent } = await openTrading();
    const three = createRoleSigners();
    const root3 = toRootBytes(3, TWO, three, NOW);
    await tell(agent, toBundle(TWO, { policy: world.approvers.policy, now: NOW, roots: [ROOT_2] }));
    expect(await deliver(agent, world, 2, SECOND, SAMPLE_PROFILE)).toBe("committed");
    await tell(agent, toBundle(three, { policy: world.approvers.policy, now: NOW, roots: [root3] }));
    const again = await open(world, agent.files.clone());
    expect(await rootVersion(again)).toBe(3);
    expect(isWhole(again)).toBe(true);
    const { current, previous } = again.runner.state.slots;
    expect(current?.trust).not.toBe(previous?.trust);
    expect(await deliver(again, world, 3, THIRD, SECOND)).toBe("committed");
    expect(isWhole(again)).toBe(true);
  });

  it("that cannot be read any more are taken anew, and nothing behind them is believed until then", async () => {
    const { world, agent } = await openTrading();
    const three = createRoleSigners();
    const root3 = toRootBytes(3, TWO, three, NOW);
    const bundle = toBundle(three, { policy: world.approvers.policy, now: NOW, roots: [ROOT_2, root3] });
    await tell(agent, bundle);
    const files = agent.files.clone();
    files.damage(`objects/${toName(ROOT_2)}`, Buffer.from("edited"));
    const again = await open(world, files);
    expect(again.log).toContain("root unreadable");
    expect(await again.runner.greet()).toMatchObject({ rootVersion: 1, stale: true });
    expect(isWhole(again)).toBe(true);
    await tell(again, bundle);
    expect(again.runner.state.roots).toEqual([toName(ROOT_2), toName(root3)]);
    expect(await again.runner.greet()).toMatchObject({ rootVersion: 3, stale: false });
  });

  it("that a failing disk forgets at once do not keep the agent busy for ever", async () => {
    const { agent } = await openTrading();
    const read = agent.files.read.bind(agent.files);
    const lost = `objects/${toName(ROOT_2)}`;
    Object.assign(agent.files, { read: (name: string) => (name === lost ? undefined : read(name)) });
    await tell(agent, toRootsOnly(ROOT_2));
    expect(agent.log).toContain("root unreadable");
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 1, phase: "idle" });
    expect(agent.runner.state.roots).toEqual([toName(ROOT_2)]);
  });

  it("end at a bound, however many are told", async () => {
    const { agent } = await openTrading();
    const names = Array.from({ length: MAX_ROOTS }, (_, at) => toName(Buffer.from(String(at))));
    expect(agent.runner.state.roots.length).toBeLessThan(MAX_ROOTS);
    Object.assign(agent.trusts.roots, { names });
    await tell(agent, toRootsOnly(ROOT_2));
    expect(agent.log).toContain("trust refused");
    expect(agent.runner.state.roots).toEqual([]);
  });
});

describe("a stolen online key", () => {
  /** The thief told the highest version, of the year 2100. */
  async function openDriven() {
    const { world, agent } = await openTrading();
    const { policy } = world.approvers;
    await tell(agent, world.approvers.renew(MAX_UINT32, YEAR_2100));
    expect(agent.runner.state.trust?.versions.timestamp).toBe(MAX_UINT32);
    await tell(agent, world.approvers.renew(2, NOW));
    expect(agent.runner.state.trust?.versions.timestamp).toBe(MAX_UINT32);
    expect(await deliver(agent, world, 2, SECOND, SAMPLE_PROFILE)).toBe("refused TRUST_STALE");
    return { world, agent, recovery: toBundle(TWO, { policy, now: NOW, timestampVersion: 3, roots: [ROOT_2] }) };
  }

  it("that drove version and time to their end is recovered from by rotation, in the same process", async () => {
    const { world, agent, recovery } = await openDriven();
    await tell(agent, recovery);
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 2, stale: false, timestampVersion: 3 });
    expect(await deliver(agent, world, 2, SECOND, SAMPLE_PROFILE)).toBe("committed");
    expect(agent.runner.state.last?.at).toBe(NOW);
  });

  it("is recovered from after a restart between the root and what it proves", async () => {
    const { world, agent, recovery } = await openDriven();
    await tell(agent, toRootsOnly(ROOT_2));
    const again = await open(world, agent.files.clone());
    expect(await again.runner.greet()).toMatchObject({ rootVersion: 2, stale: true, timestampVersion: 0 });
    await tell(again, recovery);
    expect(await deliver(again, world, 2, SECOND, SAMPLE_PROFILE)).toBe("committed");
  });

  it("says nothing any more after rotation, however new its timestamps are", async () => {
    const { world, agent, recovery } = await openDriven();
    await tell(agent, recovery);
    await tell(agent, world.approvers.renew(MAX_UINT32, NOW + 60));
    expect(agent.runner.state.trust?.versions.timestamp).toBe(3);
  });

  it("cannot be undone by turning the versions of the policy back", async () => {
    const { world, agent } = await openTrading();
    const { policy } = world.approvers;
    await tell(agent, toBundle(ONE, { policy: { ...policy, version: 5 }, now: NOW, timestampVersion: 2 }));
    await tell(agent, toBundle(TWO, { policy, now: NOW, timestampVersion: 9, roots: [ROOT_2] }));
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 2, stale: true });
  });
});

describe("a time that was proven", () => {
  it("stays where a new root leaves the timestamp's key as it was, also while the rest is missing", async () => {
    const { world, agent } = await openTrading();
    const later = NOW + 7_200;
    await tell(agent, world.approvers.renew(2, later));
    const newTargets = { ...ONE, targets: createRoleSigners().targets };
    await tell(agent, toRootsOnly(toRootBytes(2, ONE, newTargets, NOW)));
    await agent.runner.receive("directive", Buffer.from("garbage"));
    expect(agent.runner.unsent().at(-1)?.at).toBe(later);
  });
});

describe("a person who was removed", () => {
  it("signs nothing new, and what was accepted with the signature before stays usable", async () => {
    const { world, agent } = await openTrading();
    const { policy } = world.approvers;
    const persons = policy.persons.filter(({ roles }) => !roles.includes("checker"));
    const without = { ...policy, version: 2, persons };
    await tell(agent, toBundle(ONE, { policy: without, now: NOW, timestampVersion: 2 }));
    expect(await deliver(agent, world, 2, SECOND, SAMPLE_PROFILE)).toBe("refused STATEMENT_UNSIGNED");
    const again = await open(world, agent.files.clone());
    expect(isWhole(again)).toBe(true);
    expect(world.content).toEqual(toProfileBytes(SAMPLE_PROFILE));
    expect(await deliver(again, world, 2, SECOND, SAMPLE_PROFILE)).toBe("refused STATEMENT_UNSIGNED");
  });
});
