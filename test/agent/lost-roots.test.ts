import { describe, expect, it } from "vitest";
import { createTrust } from "../../certs/trust/create.ts";
import { MAX_TRUST_BUNDLE_BYTES, MAX_TRUST_FILE_BYTES } from "../../proto/bounds.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { TUSN } from "../support/machine.ts";
import {
  createWorld,
  DEVICE_KEY,
  type MemoryAgent,
  type MemoryWorld,
  NOW,
  openMemoryAgent,
} from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { createApprovers, SAMPLE_PROFILE, toDelivery, toDirective } from "../support/release.ts";
import {
  createApproversUnder,
  createRoleSigners,
  toBundle,
  toName,
  toRootBytes,
  toRootsOnly,
} from "../support/rotation.ts";

// A root that a terminal has followed and cannot read any more, and roots that a broker made larger than they are.

const ONE = createRoleSigners();
/** The keys of root 1 were stolen, all of them. */
const TWO = createRoleSigners();
const THREE = { ...TWO, timestamp: createRoleSigners().timestamp };
const ROOT_2 = toRootBytes(2, ONE, TWO, NOW);
const ROOT_3 = toRootBytes(3, TWO, THREE, NOW);

async function open(world: MemoryWorld, files = new MemoryFiles()): Promise<MemoryAgent> {
  const agent = openMemoryAgent(world, files);
  await agent.runner.start();
  await agent.settle();
  return agent;
}

const tell = ({ runner }: MemoryAgent, bundle: TrustBundle) => runner.receive("trust", toTrustBundleBytes(bundle));

/** Follows roots 2 and 3, and holds metadata under the last. */
async function openRotated() {
  const world = createWorld(createApproversUnder(ONE, NOW));
  const agent = await open(world);
  const { policy } = world.approvers;
  const rotation = toBundle(THREE, {
    policy: { ...policy, version: 7 },
    now: NOW,
    timestampVersion: 5,
    roots: [ROOT_2, ROOT_3],
  });
  await tell(agent, rotation);
  expect(await agent.runner.greet()).toMatchObject({ rootVersion: 3, stale: false });
  return { world, agent, rotation };
}

async function openWithout(root: Uint8Array) {
  const { world, agent, rotation } = await openRotated();
  const files = agent.files.clone();
  files.damage(`objects/${toName(root)}`, undefined);
  const again = await open(world, files);
  expect(again.log).toContain("root unreadable");
  return { world, agent: again, rotation };
}

describe("a terminal whose trust root is lost", () => {
  it("does not fall back on keys that the root had taken away", async () => {
    for (const root of [ROOT_2, ROOT_3]) {
      const { world, agent } = await openWithout(root);
      const thieves = createApprovers(NOW);
      const stolen = root === ROOT_2 ? ONE : TWO;
      const forged = { ...thieves.policy, version: 99 };
      await tell(agent, {
        ...createTrust(stolen, forged, NOW),
        ...toBundle(stolen, { policy: forged, now: NOW, timestampVersion: 99 }),
      });
      const directive = toDirective({
        tusn: TUSN,
        deviceKey: DEVICE_KEY,
        sequence: 1,
        profile: SAMPLE_PROFILE,
        now: NOW,
      });
      await agent.runner.receive("directive", toDelivery(thieves, directive, "binding", NOW));
      await agent.settle();
      expect(world.content).toBeUndefined();
      expect(agent.runner.state).toMatchObject({ sequence: 0, trust: { versions: { timestamp: 5, policy: 7 } } });
      expect(agent.runner.unsent()).toMatchObject([{ kind: "refused", code: "TRUST_STALE" }]);
    }
  });

  it("is not led along another chain by whoever has the keys of an earlier root", async () => {
    const { agent, rotation } = await openWithout(ROOT_2);
    const thieves = createRoleSigners();
    const theirs = toRootBytes(2, ONE, thieves, NOW);
    await tell(agent, toRootsOnly(theirs));
    expect(agent.runner.state.roots).toEqual([toName(ROOT_2), toName(ROOT_3)]);
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 1, stale: true });
    await tell(agent, rotation);
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 3, stale: false });
  });

  it("takes it again in the same bytes, and believes at once what it held, and nothing older", async () => {
    const { world, agent } = await openWithout(ROOT_2);
    await tell(agent, toRootsOnly(ROOT_2));
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 3, stale: false, timestampVersion: 5 });
    await tell(agent, toBundle(THREE, { policy: world.approvers.policy, now: NOW, timestampVersion: 4 }));
    expect(agent.runner.state.trust?.versions).toMatchObject({ timestamp: 5, policy: 7 });
  });

  it("does not ask for it again and again where the disk forgets it at once", async () => {
    const { world, agent, rotation } = await openRotated();
    const files = agent.files.clone();
    const read = files.read.bind(files);
    Object.assign(files, { read: (name: string) => (name.endsWith(toName(ROOT_2)) ? undefined : read(name)) });
    const again = await open(world, files);
    const { operations } = files;
    await tell(again, rotation);
    expect(again.log).not.toContain("announce");
    expect(files.operations - operations).toBeLessThan(16);
  });
});

describe("a root that a broker has padded to the largest file", () => {
  it("leaves room for the metadata under it", async () => {
    const { world, agent } = await openRotated();
    const four = createRoleSigners({ root: TWO.root });
    const root4 = toRootBytes(4, THREE, four, NOW);
    const padded = Buffer.concat([root4, Buffer.alloc(MAX_TRUST_FILE_BYTES - root4.length, 0x20)]);
    await tell(agent, toRootsOnly(padded));
    const { policy } = world.approvers;
    const persons = Array.from({ length: 98 }, (_, n) => {
      const { policy: other } = createApprovers(NOW);
      const [person] = other.persons;
      return { ...(person as (typeof other.persons)[number]), id: `person.${n}`, name: "名".repeat(20) };
    });
    const large = { ...policy, version: 8, persons: [...policy.persons, ...persons] };
    const bundle = toBundle(four, { policy: large, now: NOW, timestampVersion: 6 });
    const bytes = toTrustBundleBytes(bundle).length;
    expect(bytes).toBeLessThan(MAX_TRUST_BUNDLE_BYTES);
    expect(bytes + padded.length).toBeGreaterThan(MAX_TRUST_BUNDLE_BYTES);
    await tell(agent, bundle);
    expect(await agent.runner.greet()).toMatchObject({ rootVersion: 4, stale: false, timestampVersion: 6 });
  });
});
