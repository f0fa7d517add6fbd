import { describe, expect, it } from "vitest";
import { toDigest } from "../../proto/bytes.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import type { Directive } from "../../proto/directive.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { TUSN } from "../support/machine.ts";
import {
  createWorld,
  DEVICE_KEY,
  type MemoryAgent,
  type MemoryWorld,
  NOW,
  openMemoryAgent,
  toTrustBytes,
} from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { SAMPLE_PROFILE, toDelivery, toDirective, toNextProfile } from "../support/release.ts";
import { toName } from "../support/rotation.ts";

// The cap on settlement changes, from the message to the disk.

const HOUR_S = 3_600;
const DAY_S = 86_400;
const A = SAMPLE_PROFILE;
const B = toNextProfile(A, { binding: { last4: "2222" } });
const C = toNextProfile(B, { binding: { last4: "3333" } });

async function open(world: MemoryWorld, files = new MemoryFiles()): Promise<MemoryAgent> {
  const agent = openMemoryAgent(world, files);
  await agent.runner.start();
  await agent.settle();
  return agent;
}

async function openTrading() {
  const world = createWorld();
  const agent = await open(world);
  await agent.runner.receive("trust", toTrustBytes(world));
  expect(await deliver(agent, world, 1, A)).toBe("committed");
  return { world, agent };
}

/** What came of a directive, as its report says. */
async function deliver(
  agent: MemoryAgent,
  world: MemoryWorld,
  sequence: number,
  profile: Profile,
  base?: Profile,
  change: Partial<Directive> = {},
): Promise<string> {
  const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence, profile, now: world.clock };
  const directive = toDirective(base === undefined ? terms : { ...terms, base }, change);
  const delivery = toDelivery(world.approvers, directive, "binding", world.clock);
  await agent.runner.receive("directive", delivery);
  await agent.settle();
  const named = toName(parseDelivery(delivery).directive);
  const report = agent.runner.unsent().find(({ directive }) => Buffer.from(directive).toString("hex") === named);
  await agent.receiptAll();
  return `${report?.kind} ${report?.code}`.trim();
}

/** Time goes by, and the service goes on saying that all is as it was. */
async function pass(agent: MemoryAgent, world: MemoryWorld, seconds: number): Promise<void> {
  world.clock += seconds;
  world.uptime += seconds;
  const version = (agent.runner.state.trust?.versions.timestamp ?? 0) + 1;
  await agent.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(version, world.clock)));
}

describe("a terminal's settlement card", () => {
  it("changes once a day, and the second change comes through a day later", async () => {
    const { world, agent } = await openTrading();
    expect(await deliver(agent, world, 2, B, A)).toBe("committed");
    expect(await deliver(agent, world, 3, C, B)).toBe("refused CARD_CHANGE_TOO_SOON");
    expect(world.content).toEqual(toProfileBytes(B));
    expect(agent.runner.state.sequence).toBe(2);
    await pass(agent, world, DAY_S - HOUR_S);
    expect(await deliver(agent, world, 3, C, B)).toBe("refused CARD_CHANGE_TOO_SOON");
    await pass(agent, world, HOUR_S);
    expect(await deliver(agent, world, 3, C, B)).toBe("committed");
  });

  it("is not changed sooner by a restart", async () => {
    const { world, agent } = await openTrading();
    expect(await deliver(agent, world, 2, B, A)).toBe("committed");
    const again = await open(world, agent.files.clone());
    expect(await deliver(again, world, 3, C, B)).toBe("refused CARD_CHANGE_TOO_SOON");
  });

  it("is not changed sooner by a clock set forward, as far as metadata is fresh", async () => {
    const { world, agent } = await openTrading();
    expect(await deliver(agent, world, 2, B, A)).toBe("committed");
    await pass(agent, world, HOUR_S);
    world.clock = NOW + DAY_S + 60;
    expect(await deliver(agent, world, 3, C, B)).toBe("refused CARD_CHANGE_TOO_SOON");
  });

  it("can be changed again although the clock was set back for good, once a day has gone by", async () => {
    const { world, agent } = await openTrading();
    world.clock = NOW + DAY_S - 1;
    expect(await deliver(agent, world, 2, B, A)).toBe("committed");
    world.clock = NOW;
    await pass(agent, world, DAY_S);
    expect(await deliver(agent, world, 3, C, B)).toBe("refused CARD_CHANGE_TOO_SOON");
    await pass(agent, world, DAY_S);
    expect(await deliver(agent, world, 3, C, B)).toBe("committed");
  });

  it("that did not stay does not count: the next try is not kept waiting", async () => {
    const { world, agent } = await openTrading();
    world.verdicts.push("failed");
    expect(await deliver(agent, world, 2, B, A)).toBe("rolled_back TEST_FAILED");
    expect(await deliver(agent, world, 3, B, A)).toBe("committed");
    expect(await deliver(agent, world, 4, C, B)).toBe("refused CARD_CHANGE_TOO_SOON");
  });

  it("can be put back to the previous one at once by a signed way back, and to no other", async () => {
    const { world, agent } = await openTrading();
    expect(await deliver(agent, world, 2, B, A)).toBe("committed");
    const back = { restores: toDigest(toProfileBytes(A)) };
    expect(await deliver(agent, world, 3, A, B, back)).toBe("committed");
    expect(world.content).toEqual(toProfileBytes(A));
    expect(agent.runner.state.cardChanges).toEqual([NOW]);
    const unknown = { restores: toDigest(toProfileBytes(C)) };
    expect(await deliver(agent, world, 4, C, A, unknown)).toBe("refused RESTORE_UNKNOWN");
    expect(await deliver(agent, world, 4, C, A)).toBe("refused CARD_CHANGE_TOO_SOON");
  });

  it("that was put back does not come forward again on the same day, also not as what was held before", async () => {
    const { world, agent } = await openTrading();
    expect(await deliver(agent, world, 2, B, A)).toBe("committed");
    expect(await deliver(agent, world, 3, A, B, { restores: toDigest(toProfileBytes(A)) })).toBe("committed");
    const forward = { restores: toDigest(toProfileBytes(B)) };
    expect(await deliver(agent, world, 4, B, A, forward)).toBe("refused CARD_CHANGE_TOO_SOON");
    expect(world.content).toEqual(toProfileBytes(A));
    await pass(agent, world, DAY_S);
    expect(await deliver(agent, world, 4, B, A, forward)).toBe("committed");
    expect(agent.runner.state.cardChanges).toEqual([NOW, NOW + DAY_S]);
  });

  it("that must never return cannot be put back", async () => {
    const { world, agent } = await openTrading();
    expect(await deliver(agent, world, 2, B, A, { onFail: "suspend" })).toBe("committed");
    const back = { restores: toDigest(toProfileBytes(A)) };
    expect(await deliver(agent, world, 3, A, B, back)).toBe("refused RESTORE_UNKNOWN");
    expect(world.content).toEqual(toProfileBytes(B));
  });
});
