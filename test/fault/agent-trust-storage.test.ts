import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openCardKey } from "../../agent/card-key.ts";
import { toPhase } from "../../agent/machine/state.ts";
import { createCardKey, sealCardNumber } from "../../certs/seal.ts";
import { SALT_BYTES } from "../../proto/bytes.ts";
import { parseDelivery, toDeliveryBytes } from "../../proto/delivery.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { toCommitment } from "../../proto/settlement.ts";
import { isOutcome } from "../../proto/terminal-messages.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
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
import { SAMPLE_PROFILE, toDelivery, toDirective, toNextProfile } from "../support/release.ts";
import { createApproversUnder, createRoleSigners, toBundle, toName, toRootBytes } from "../support/rotation.ts";

// The life of a terminal whose trust roots are rotated between two settlement cards, both sealed to it, on disks that
// lose what was not synced, fail, or are tampered with: exhaustively, in memory.

const deviceKey = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
const KEY = openCardKey(createCardKey().export({ type: "pkcs8", format: "pem" }).toString(), TUSN, deviceKey);
const SALT = Buffer.alloc(SALT_BYTES, 7);
const NUMBERS = ["6228480000000000018", "6228480000000002222"] as const;

function withNumber(profile: Profile, number: string): Profile {
  const binding = { bin: "622848", last4: number.slice(-4), commitment: toCommitment(number, SALT) };
  return toNextProfile(profile, { binding });
}

const FIRST = withNumber({ ...SAMPLE_PROFILE, number: 0 }, NUMBERS[0]);
const SECOND = withNumber(FIRST, NUMBERS[1]);

/** Root 2 takes the online key away, root 3 all others. */
const ONE = createRoleSigners();
const TWO = { ...ONE, timestamp: createRoleSigners().timestamp };
const THREE = createRoleSigners();
const ROOTS = [toRootBytes(2, ONE, TWO, NOW), toRootBytes(3, TWO, THREE, NOW)];

interface Plan {
  readonly world: MemoryWorld;
  readonly rotation: Uint8Array;
  readonly deliveries: readonly [Uint8Array, Uint8Array];
}

async function createPlan(): Promise<Plan> {
  const world = { ...createWorld(createApproversUnder(ONE, NOW)), cardKey: KEY };
  const { policy } = world.approvers;
  const deliver = async (sequence: number, profile: Profile, number: string, base?: Profile) => {
    const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence, profile, now: NOW };
    const directive = toDirective(base === undefined ? terms : { ...terms, base });
    const { commitment } = profile.binding;
    const sealed = await sealCardNumber(KEY.publicKey, { number, salt: SALT }, { tusn: TUSN, commitment });
    return toDeliveryBytes({ ...parseDelivery(toDelivery(world.approvers, directive, "binding", NOW)), sealed });
  };
  return {
    world,
    rotation: toTrustBundleBytes(toBundle(THREE, { policy, now: NOW, roots: ROOTS })),
    deliveries: [await deliver(1, FIRST, NUMBERS[0]), await deliver(2, SECOND, NUMBERS[1], FIRST)],
  };
}

/** The plan in a world of its own, in which nothing has happened yet. */
function restart(plan: Plan): Plan {
  return { ...plan, world: { ...createWorld(plan.world.approvers), cardKey: KEY } };
}

/** Everything the service would send; gives up where the agent lost its power. */
async function run(agent: MemoryAgent, { world, rotation, deliveries }: Plan): Promise<void> {
  const { runner } = agent;
  const deliver = async (index: 0 | 1) => {
    if (runner.state.sequence > index + 1) return;
    await runner.receive("directive", deliveries[index]);
    await agent.settle();
    await agent.receiptAll();
  };
  const live = async () => {
    await runner.start();
    await agent.settle();
    // After a rotation these are of no use any more, and must do no harm.
    await runner.receive("trust", toTrustBundleBytes(world.approvers.trust));
    await deliver(0);
    await runner.receive("trust", rotation);
    await deliver(1);
    await runner.greet();
  };
  let over = false;
  const dead = async () => {
    while (!over && !isDead(agent)) await new Promise((resolve) => setImmediate(resolve));
  };
  await Promise.race([live(), dead()]);
  over = true;
}

function isDead({ files }: MemoryAgent): boolean {
  return files.cutAt !== 0 && files.operations >= files.cutAt;
}

/** What must hold once everything has been sent and answered. */
function check(agent: MemoryAgent, { world }: Plan): void {
  const { state } = agent.runner;
  expect(toPhase(state)).toBe("idle");
  expect(state.roots).toEqual(ROOTS.map(toName));
  expect(agent.trusts.roots).toMatchObject({ version: 3, names: state.roots });
  expect(agent.runner.isStale).toBe(false);
  expect(isWhole(agent)).toBe(true);
  expect(world.content).toEqual(toProfileBytes(SECOND));
  expect(world.cardNumber).toBe(NUMBERS[1]);
  expect(state).toMatchObject({ sequence: 2, cardChanges: [NOW] });
  const outcomes = world.reports.filter(({ kind }) => isOutcome(kind));
  expect(new Set(outcomes.map(({ counter }) => counter)).size).toBe(2);
  expect(outcomes.every(({ kind }) => kind === "committed")).toBe(true);
}

/**
 * Cuts the power at one operation, and goes on from every disk that may leave behind, unless disk and world are in
 * `seen`: the same ones would go the same way.
 */
async function cut(whole: Plan, cutAt: number, seen: Set<string>): Promise<void> {
  const reference = restart(whole);
  const files = new MemoryFiles();
  files.cutAt = cutAt;
  try {
    await run(openMemoryAgent(reference.world, files), reference);
  } catch (error) {
    expect(error).toMatchObject({ code: "STATE_WRITE_FAILED" });
  }
  const { content, cardNumber, reports } = reference.world;
  for (const disk of files.afterPowerCut()) {
    const text = JSON.stringify([disk.toText(), content, cardNumber, reports]);
    if (seen.has(text)) continue;
    seen.add(text);
    const world = { ...reference.world, reports: [...reports] };
    const agent = openMemoryAgent(world, disk);
    const { roots } = agent.runner.state;
    agent.trusts.follow(roots);
    // The state never names a root that is not there, and what is held is proven under those that are.
    expect(agent.trusts.roots.names).toEqual(roots);
    expect(roots).toEqual(ROOTS.map(toName).slice(0, roots.length));
    expect(isWhole(agent)).toBe(true);
    const plan = { ...reference, world };
    await run(agent, plan);
    check(agent, plan);
  }
}

async function runWhole() {
  const plan = await createPlan();
  const agent = openMemoryAgent(plan.world, new MemoryFiles());
  await run(agent, plan);
  check(agent, plan);
  return { plan, agent };
}

describe("a power cut at any operation on the disk", () => {
  it("leaves a terminal that follows all roots and ends on its new card, whole, having said so once", async () => {
    const { plan, agent } = await runWhole();
    const { operations } = agent.files;
    expect(operations).toBeGreaterThan(80);
    const seen = new Set<string>();
    for (let cutAt = 1; cutAt <= operations; cutAt += 1) await cut(plan, cutAt, seen);
    expect(seen.size).toBeGreaterThan(operations / 2);
  }, 240_000);
});

describe("a disk that fails once, at any operation", () => {
  it("is tried again, and no root and no card number is lost", async () => {
    const { plan: whole, agent: reference } = await runWhole();
    for (let failAt = 5; failAt <= reference.files.operations; failAt += 1) {
      const plan = restart(whole);
      const files = new MemoryFiles();
      files.failAt = failAt;
      const agent = openMemoryAgent(plan.world, files);
      await run(agent, plan);
      check(agent, plan);
    }
  }, 120_000);
});

describe("a sealed card number or a trust root with a byte changed", () => {
  it("is never used, and takes with it what rests on it and no more", async () => {
    const { plan, agent } = await runWhole();
    const { current, previous } = agent.runner.state.slots;
    if (current === undefined || previous === undefined) throw new Error("two slots expected");
    const names = [current.sealed, previous.sealed, ...ROOTS.map(toName)];
    expect(new Set(names).size).toBe(4);
    for (const name of names) {
      const content = agent.files.read(`objects/${name}`) as Uint8Array;
      // A root is long, and every byte of it counts as much as any other.
      const stride = content.length > 256 ? 16 : 1;
      for (let at = 0; at < content.length; at += stride) {
        const disk = agent.files.clone();
        disk.damage(
          `objects/${name}`,
          Uint8Array.from(content, (byte, index) => (index === at ? byte ^ (1 << (at & 7)) : byte)),
        );
        const { slots, trusts } = openMemoryAgent(plan.world, disk);
        trusts.follow(agent.runner.state.roots);
        const readable = [current, previous].map((slot) => {
          try {
            return slots.read(slot) !== undefined;
          } catch (error) {
            expect(error).toMatchObject({ code: "SLOT_CORRUPT" });
            return false;
          }
        });
        // The first card was accepted under the pinned root, the second under root 3.
        expect(readable, `${name} ${at}`).toEqual([name === previous.sealed, name !== previous.sealed]);
      }
    }
  }, 120_000);
});
