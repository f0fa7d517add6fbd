import { describe, expect, it } from "vitest";
import { toPhase } from "../../agent/machine/state.ts";
import type { Policy } from "../../certs/trust/policy.ts";
import { toProfileBytes } from "../../proto/profile.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { TUSN } from "../support/machine.ts";
import { createWorld, DEVICE_KEY, type MemoryAgent, NOW, openMemoryAgent } from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { SAMPLE_PROFILE, toDelivery, toDirective, toNextProfile } from "../support/release.ts";
import { createApproversUnder, createRoleSigners, toBundle, toRootBytes, toRootsOnly } from "../support/rotation.ts";

// A directive that was accepted and has not begun, because the terminal is busy, when who may approve changes.

const SIGNERS = createRoleSigners();
const NEXT = toNextProfile(SAMPLE_PROFILE, { binding: { last4: "2222" } });

const tell = ({ runner }: MemoryAgent, bundle: TrustBundle) => runner.receive("trust", toTrustBundleBytes(bundle));

/** An agent on its first profile that has accepted the next one, and not asked its terminal yet. */
async function openWaiting() {
  const world = createWorld(createApproversUnder(SIGNERS, NOW));
  const agent = openMemoryAgent(world, new MemoryFiles());
  await agent.runner.start();
  await tell(agent, world.approvers.trust);
  const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, now: NOW };
  const first = toDirective({ ...terms, sequence: 1, profile: SAMPLE_PROFILE });
  await agent.runner.receive("directive", toDelivery(world.approvers, first, "binding", NOW));
  await agent.settle();
  await agent.receiptAll();
  const next = toDirective({ ...terms, sequence: 2, base: SAMPLE_PROFILE, profile: NEXT });
  await agent.runner.receive("directive", toDelivery(world.approvers, next, "binding", NOW));
  expect(toPhase(agent.runner.state)).toBe("verified");
  return { world, agent };
}

describe("a directive that was accepted and has not begun", () => {
  it("ends refused where a policy has come since under which it is not approved", async () => {
    const removed = ({ persons }: Policy) => ({ persons: persons.filter(({ roles }) => !roles.includes("checker")) });
    const cases = [
      ["STATEMENT_UNSIGNED", removed],
      ["TYPE_NOT_ALLOWED", () => ({ types: [] })],
    ] as const;
    for (const [code, change] of cases) {
      const { world, agent } = await openWaiting();
      const { policy } = world.approvers;
      const newer = { ...policy, version: 2, ...change(policy) };
      await tell(agent, toBundle(SIGNERS, { policy: newer, now: NOW, timestampVersion: 2 }));
      expect(toPhase(agent.runner.state)).toBe("verified");
      await agent.settle();
      expect(world.content).toEqual(toProfileBytes(SAMPLE_PROFILE));
      expect(agent.runner.state).toMatchObject({ sequence: 2, underWay: undefined, cardChanges: [] });
      expect(agent.runner.unsent()).toMatchObject([{ kind: "refused", code }]);
    }
  });

  it("goes on under a newer policy that still approves it, and while none can be judged by", async () => {
    const two = { ...SIGNERS, timestamp: createRoleSigners().timestamp };
    for (const toNews of [
      (own: Policy) => toBundle(SIGNERS, { policy: { ...own, version: 2 }, now: NOW, timestampVersion: 2 }),
      () => toRootsOnly(toRootBytes(2, SIGNERS, two, NOW)),
    ]) {
      const { world, agent } = await openWaiting();
      await tell(agent, toNews(world.approvers.policy));
      await agent.settle();
      expect(world.content).toEqual(toProfileBytes(NEXT));
      expect(agent.runner.unsent()).toMatchObject([{ kind: "committed" }]);
    }
  });

  it("whose bytes are lost meanwhile ends as such, with the terminal as it was", async () => {
    const { world, agent } = await openWaiting();
    agent.files.damage(`objects/${agent.runner.state.underWay?.next.delivery}`, undefined);
    await agent.settle();
    expect(agent.runner.unsent()).toMatchObject([{ code: "SLOT_CORRUPT" }]);
    expect(world.content).toEqual(toProfileBytes(SAMPLE_PROFILE));
  });
});
