import { describe, expect, it } from "vitest";
import { toHello } from "../../agent/hello.ts";
import { MAX_REFUSALS_PER_WINDOW, MAX_UNSENT_OUTCOMES } from "../../agent/machine/reports.ts";
import { toPhase } from "../../agent/machine/state.ts";
import { TIMESTAMP_VALIDITY_S } from "../../certs/trust/verify.ts";
import { parseDelivery, toDeliveryBytes } from "../../proto/delivery.ts";
import type { Directive } from "../../proto/directive.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { toReceiptBytes } from "../../proto/terminal-messages.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { parseTusn } from "../../proto/tusn.ts";
import { TUSN } from "../support/machine.ts";
import {
  createWorld,
  DEVICE_KEY,
  type MemoryAgent,
  type MemoryWorld,
  NOW,
  openMemoryAgent,
  toReceipt,
  toTrustBytes,
} from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { SAMPLE_PROFILE, toDelivery, toDirective, toNextProfile } from "../support/release.ts";

const DAY_S = 86_400;
const NEIGHBOUR = parseTusn("00000304N7NL00072365");
const SECOND = toNextProfile(SAMPLE_PROFILE, { merchant: { shortName: "小李餐饮" } });

function deliver(
  world: MemoryWorld,
  sequence: number,
  profile: Profile,
  base?: Profile,
  change: Partial<Directive> = {},
) {
  const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence, profile, now: NOW };
  const directive = toDirective(base === undefined ? terms : { ...terms, base }, change);
  return toDelivery(world.approvers, directive, "binding", NOW);
}

async function open(world = createWorld(), files = new MemoryFiles()): Promise<MemoryAgent> {
  const agent = openMemoryAgent(world, files);
  await agent.runner.start();
  await agent.settle();
  return agent;
}

/** An agent with fresh trust metadata that committed the first profile; no report waits. */
async function openTrading(world = createWorld()): Promise<MemoryAgent> {
  const agent = await open(world);
  await agent.runner.receive("trust", toTrustBytes(world));
  await agent.runner.receive("directive", deliver(world, 1, SAMPLE_PROFILE));
  await agent.settle();
  await agent.receiptAll();
  return agent;
}

/** The same metadata in other bytes. */
function respace(trust: TrustBundle, spaces: number): TrustBundle {
  const json = JSON.parse(Buffer.from(trust.timestamp).toString());
  return { ...trust, timestamp: Buffer.from(JSON.stringify(json, null, spaces)) };
}

const objects = ({ files }: MemoryAgent) => files.list().filter((name) => name.startsWith("objects/"));
const kinds = ({ reports }: MemoryWorld) => reports.map(({ kind, code }) => `${kind} ${code}`.trim());

describe("an agent's messages", () => {
  it("in whatever order they come in one go are taken one after the other", async () => {
    const world = createWorld();
    const agent = await open(world);
    const done = [
      agent.runner.receive("directive", deliver(world, 1, SAMPLE_PROFILE)),
      agent.runner.receive("trust", toTrustBytes(world)),
      agent.runner.receive("directive", deliver(world, 2, SAMPLE_PROFILE)),
      agent.runner.receive("directive", deliver(world, 3, SECOND)),
    ];
    await Promise.all(done);
    await agent.settle();
    expect(agent.runner.state.sequence).toBe(2);
    expect(world.content).toEqual(toProfileBytes(SAMPLE_PROFILE));
    expect(kinds(world)[0]).toBe("refused TRUST_STALE");
    expect(agent.log).toContain("directive left for later");
  });

  it("that are garbage change nothing but the queue of reports", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    const before = agent.runner.state;
    await agent.runner.receive("receipt", Buffer.from("garbage"));
    await agent.runner.receive("trust", Buffer.from("garbage"));
    expect(agent.runner.state).toBe(before);
    await agent.runner.receive("directive", Buffer.from("garbage"));
    const { unsent, refusals, counter, ...rest } = agent.runner.state;
    expect(before).toMatchObject(rest);
    expect(unsent).toMatchObject([{ kind: "refused", code: "BYTES_NOT_CANONICAL", counter }]);
    expect(refusals.queued).toBe(1);
  });

  it("while an update is under way are judged as far as they can be", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    const second = deliver(world, 2, SECOND, SAMPLE_PROFILE);
    await agent.runner.receive("directive", second);
    expect(toPhase(agent.runner.state)).toBe("verified");
    const third = deliver(world, 3, toNextProfile(SECOND, { merchant: { shortName: "小王餐饮" } }), SECOND);
    await agent.runner.receive("directive", third);
    await agent.runner.receive("directive", deliver(world, 9, SECOND, SAMPLE_PROFILE, { tusn: NEIGHBOUR }));
    await agent.settle();
    expect(agent.runner.state.sequence).toBe(2);
    expect(kinds(world).slice(-4)).toEqual(["verified", "refused WRONG_TERMINAL", "applied", "committed"]);
    await agent.runner.receive("directive", third);
    await agent.settle();
    expect(agent.runner.state.sequence).toBe(3);
  });

  it("find it at work throughout an update that has touched the terminal, and not while it waits to begin", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    expect(agent.runner.isAtWork).toBe(false);
    world.busyTimes = 3;
    world.verdicts.push("inconclusive", "failed");
    await agent.runner.receive("directive", deliver(world, 2, SECOND, SAMPLE_PROFILE));
    const seen = new Map<string, Set<boolean>>();
    while (agent.runner.state.underWay !== undefined) {
      const phase = toPhase(agent.runner.state);
      seen.set(phase, (seen.get(phase) ?? new Set()).add(agent.runner.isAtWork));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [always, sometimes] = [new Set([true]), new Set([true, false])];
    expect(Object.fromEntries(seen)).toEqual({
      ...{ verified: always, waiting: sometimes, applying: always, testing: always, reversing: always },
      rolling_back: always,
    });
    await agent.settle();
    expect(agent.runner.isAtWork).toBe(false);
  });

  it("that come again are answered by the reports that still wait, or by the outcome", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    const second = deliver(world, 2, SECOND, SAMPLE_PROFILE);
    await agent.runner.receive("directive", second);
    await agent.settle();
    const outcome = world.reports.at(-1) as MemoryWorld["reports"][number];
    await agent.runner.receive("directive", second);
    await agent.runner.receive("receipt", toReceiptBytes(toReceipt(outcome)));
    expect(agent.runner.unsent()).toEqual([]);
    await agent.runner.receive("directive", second);
    expect(agent.runner.unsent()).toEqual([outcome]);
    const sent = world.reports.filter(({ counter }) => counter === outcome.counter);
    expect(sent).toEqual([outcome, outcome, outcome]);
    expect(world.standing).toBe(0);
  });

  it("that come again are answered however often, with a bound on what that writes", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    const second = deliver(world, 2, SECOND, SAMPLE_PROFILE);
    await agent.runner.receive("directive", second);
    await agent.settle();
    const outcome = world.reports.at(-1) as MemoryWorld["reports"][number];
    const receipt = toReceiptBytes(toReceipt(outcome));
    const { length } = world.reports;
    const { operations } = agent.files;
    for (let times = 0; times < 200; times += 1) {
      await agent.runner.receive("receipt", receipt);
      await agent.runner.receive("directive", second);
    }
    expect(world.reports.slice(length)).toEqual(Array.from({ length: 200 }, () => outcome));
    expect(agent.files.operations - operations).toBeLessThanOrEqual(2 * 4 * (MAX_REFUSALS_PER_WINDOW + 1));
  });

  it("that come again are answered by nothing about other directives", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    const second = deliver(world, 2, SECOND, SAMPLE_PROFILE);
    await agent.runner.receive("directive", second);
    await agent.settle();
    await agent.runner.receive("directive", Buffer.from("garbage"));
    expect(agent.runner.unsent()).toHaveLength(2);
    const sent = world.reports.length;
    await agent.runner.receive("directive", second);
    expect(kinds(world).slice(sent)).toEqual(["committed"]);
  });

  it("that would be one directive too many leave nothing behind, under however many nonces they come", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    let held = SAMPLE_PROFILE;
    for (let sequence = 2; sequence < 2 + MAX_UNSENT_OUTCOMES; sequence += 1) {
      const next = toNextProfile(held, { merchant: { shortName: `第${sequence}店` } });
      await agent.runner.receive("directive", deliver(world, sequence, next, held));
      await agent.settle();
      held = next;
    }
    expect(agent.runner.unsent()).toHaveLength(MAX_UNSENT_OUTCOMES);
    const { operations } = agent.files;
    const before = objects(agent);
    const delivery = parseDelivery(deliver(world, 99, toNextProfile(held, {}), held));
    for (let nonce = 0; nonce < 5; nonce += 1) {
      await agent.runner.receive("directive", toDeliveryBytes({ ...delivery, nonce: Buffer.alloc(16, nonce + 1) }));
    }
    expect(objects(agent)).toEqual(before);
    expect(agent.files.operations).toBe(operations);
    await agent.receiptAll();
    await agent.runner.receive("directive", toDeliveryBytes(delivery));
    expect(agent.runner.state.sequence).toBe(99);
  });

  it("in a flood of forgeries are counted, not stored", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    for (let i = 0; i < 50; i += 1) {
      await agent.runner.receive("directive", deliver(world, 2, SECOND, SAMPLE_PROFILE, { tusn: NEIGHBOUR }));
    }
    const operations = agent.files.operations;
    await agent.runner.receive("directive", deliver(world, 2, SECOND, SAMPLE_PROFILE, { tusn: NEIGHBOUR }));
    expect(agent.files.operations).toBe(operations);
    expect(agent.runner.unsent()).toHaveLength(8);
    expect(agent.log.filter((event) => event === "refusal suppressed")).toHaveLength(43);
    expect(objects(agent)).toHaveLength(2);
  });

  it("are not taken any more once the agent ends", async () => {
    const agent = await openTrading();
    await agent.runner.close();
    await expect(agent.runner.receive("trust", Buffer.from(""))).rejects.toThrow(
      expect.objectContaining({ code: "BUS_CLOSED" }),
    );
    await expect(agent.runner.greet()).rejects.toThrow(expect.objectContaining({ code: "BUS_CLOSED" }));
  });
});

describe("trust metadata", () => {
  it("is kept, and an older one is never taken again, also after a restart and without the newer one's bytes", async () => {
    const world = createWorld();
    const agent = await open(world);
    await agent.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(3, NOW)));
    await agent.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(2, NOW)));
    expect(agent.runner.state.trust?.versions.timestamp).toBe(3);
    const files = agent.files.clone();
    for (const name of objects(agent)) files.damage(name, undefined);
    const again = await open(world, files);
    expect(again.log).toContain("trust unreadable");
    await again.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(2, NOW)));
    expect(again.log).toContain("trust refused");
    expect((await again.runner.greet()).timestampVersion).toBe(0);
    await again.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(3, NOW)));
    expect((await again.runner.greet()).timestampVersion).toBe(3);
  });

  it("that is held already costs no write", async () => {
    const world = createWorld();
    const agent = await open(world);
    await agent.runner.receive("trust", toTrustBytes(world));
    const operations = agent.files.operations;
    await agent.runner.receive("trust", toTrustBytes(world));
    expect(agent.files.operations).toBe(operations);
  });

  it("that is held already costs no write where its JSON is spaced otherwise", async () => {
    const world = createWorld();
    const agent = await open(world);
    await agent.runner.receive("trust", toTrustBytes(world));
    const { operations } = agent.files;
    for (const spaces of [1, 2, 3]) {
      await agent.runner.receive("trust", toTrustBundleBytes(respace(world.approvers.trust, spaces)));
    }
    expect(agent.files.operations).toBe(operations);
  });

  it("that is no canonical JSON is refused like any other", async () => {
    const world = createWorld();
    const agent = await open(world);
    const json = JSON.parse(Buffer.from(world.approvers.trust.timestamp).toString());
    json.signed.more = 1.5;
    const timestamp = Buffer.from(JSON.stringify(json));
    await agent.runner.receive("trust", toTrustBundleBytes({ ...world.approvers.trust, timestamp }));
    expect(agent.log).toContain("trust refused");
    expect(agent.runner.state.trust).toBeUndefined();
  });

  it("grows stale, and directives expire, also where the terminal's clock is behind", async () => {
    const world = createWorld();
    const agent = await open(world);
    const issued = NOW + 9 * DAY_S;
    await agent.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(2, issued)));
    const delivery = deliver(world, 1, SAMPLE_PROFILE, undefined, { notAfter: issued + 60 });
    world.uptime += 61.5;
    await agent.runner.receive("directive", delivery);
    expect(agent.runner.unsent()).toMatchObject([{ code: "EXPIRED", at: issued + 61 }]);
    expect(await agent.runner.greet()).toMatchObject({ stale: false });
    world.uptime += TIMESTAMP_VALIDITY_S - 61;
    expect(await agent.runner.greet()).toMatchObject({ stale: true });
  });

  it("that was held back on its way does not turn the time back", async () => {
    const world = createWorld();
    const agent = await open(world);
    const issued = NOW + 9 * DAY_S;
    await agent.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(2, issued)));
    world.uptime += 3_600;
    await agent.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(3, issued + 60)));
    await agent.runner.receive("directive", Buffer.from("garbage"));
    expect(agent.runner.unsent()).toMatchObject([{ at: issued + 3_600 }]);
  });

  it("tells a clock that is behind what time it is not before", async () => {
    const world = createWorld();
    const agent = await open(world);
    await agent.runner.receive("trust", toTrustBundleBytes(world.approvers.renew(2, NOW + 9 * DAY_S)));
    await agent.runner.receive("directive", deliver(world, 1, SAMPLE_PROFILE));
    expect(agent.runner.unsent()).toMatchObject([{ code: "EXPIRED", at: NOW + 9 * DAY_S }]);
  });

  it("is stale in a hello once it has expired", async () => {
    const agent = await openTrading();
    const hello = await agent.runner.greet();
    expect(hello).toMatchObject({ stale: false, timestampVersion: 1, sequence: 1, phase: "idle", unsent: 0 });
    const without = { trust: undefined, rootVersion: 1, cardKey: undefined, run: new Uint8Array(8), busy: undefined };
    expect(toHello(agent.runner.state, { ...without, now: NOW })).toMatchObject({ stale: true, timestampVersion: 0 });
  });
});

describe("what lies on disk", () => {
  it("is exactly what is still referred to", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    expect(objects(agent)).toHaveLength(2);
    await agent.runner.receive("directive", deliver(world, 2, SECOND, SAMPLE_PROFILE));
    await agent.settle();
    expect(objects(agent)).toHaveLength(3);
    world.verdicts.push("failed");
    const third = toNextProfile(SECOND, { merchant: { shortName: "小王餐饮" } });
    await agent.runner.receive("directive", deliver(world, 3, third, SECOND));
    await agent.settle();
    expect(kinds(world).at(-1)).toBe("rolled_back TEST_FAILED");
    expect(objects(agent)).toHaveLength(3);
    expect(world.content).toEqual(toProfileBytes(SECOND));
  });

  it("that goes bad while the agent runs is found at the next message, and the other slot takes its place", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    await agent.runner.receive("directive", deliver(world, 2, SECOND, SAMPLE_PROFILE));
    await agent.settle();
    agent.files.damage(`objects/${agent.runner.state.slots.current?.delivery}`, Buffer.from("edited"));
    const third = toNextProfile(SECOND, { merchant: { shortName: "小王餐饮" } });
    await agent.runner.receive("directive", deliver(world, 3, third, SECOND));
    await agent.settle();
    expect(agent.log).toContain("slot unreadable");
    expect(world.content).toEqual(toProfileBytes(SAMPLE_PROFILE));
    expect(agent.runner.state.sequence).toBe(2);
    expect(agent.log).toContain("announce");
  });

  it("that goes bad before it is applied ends the directive, with the terminal as it was", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    await agent.runner.receive("directive", deliver(world, 2, SECOND, SAMPLE_PROFILE));
    agent.files.damage(`objects/${agent.runner.state.underWay?.next.delivery}`, undefined);
    await agent.settle();
    expect(agent.log).toContain("effect failed");
    expect(kinds(world).at(-1)).toBe("rolled_back SLOT_CORRUPT");
    expect(world.content).toEqual(toProfileBytes(SAMPLE_PROFILE));
    expect(toPhase(agent.runner.state)).toBe("idle");
  });

  it("cannot be swept costs nothing but space", async () => {
    const world = createWorld();
    const agent = await openTrading(world);
    Object.assign(agent.files, {
      keepOnly: () => {
        throw new Error("read-only");
      },
    });
    await agent.runner.receive("directive", deliver(world, 2, SECOND, SAMPLE_PROFILE));
    await agent.settle();
    expect(agent.log).toContain("sweep failed");
    expect(kinds(world).at(-1)).toBe("committed");
  });
});
