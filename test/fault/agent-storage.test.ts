import { describe, expect, it } from "vitest";
import { type State, skipUsed, toPhase } from "../../agent/machine/state.ts";
import { toStateJson } from "../../agent/machine/state-json.ts";
import { openStateFile } from "../../agent/slots/state-file.ts";
import { isEqual, toHex } from "../../proto/bytes.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { isOutcome } from "../../proto/terminal-messages.ts";
import { TUSN } from "../support/machine.ts";
import {
  createWorld,
  DEVICE_KEY,
  isWhole,
  type MemoryAgent,
  type MemoryWorld,
  NOW,
  openMemoryAgent,
  toTrustBytes,
} from "../support/memory-agent.ts";
import { MemoryFiles } from "../support/memory-files.ts";
import { errorOf } from "../support/refusal.ts";
import { SAMPLE_PROFILE, toDelivery, toDirective, toNextProfile } from "../support/release.ts";

// Disks that lose what was not synced, fail, or are tampered with: exhaustively, in memory.

const FIRST = SAMPLE_PROFILE;
const SECOND = toNextProfile(FIRST, { merchant: { shortName: "小李餐饮" } });

interface Plan {
  readonly world: MemoryWorld;
  readonly deliveries: readonly Uint8Array[];
}

function createPlan(): Plan {
  const world = createWorld();
  const deliver = (sequence: number, profile: Profile, base?: Profile) => {
    const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence, profile, now: NOW };
    const directive = toDirective(base === undefined ? terms : { ...terms, base });
    return toDelivery(world.approvers, directive, "binding", NOW);
  };
  return { world, deliveries: [deliver(1, FIRST), deliver(2, SECOND, FIRST)] };
}

/** The plan in a world of its own, in which nothing has happened yet. */
function restart({ world, deliveries }: Plan): Plan {
  return { world: createWorld(world.approvers), deliveries };
}

/** Everything the service would send, as often as it takes; gives up where the agent lost its power. */
async function run(agent: MemoryAgent, { world, deliveries }: Plan): Promise<void> {
  const live = async () => {
    await agent.runner.start();
    await agent.settle();
    await agent.runner.receive("trust", toTrustBytes(world));
    for (const [index, delivery] of deliveries.entries()) {
      if (agent.runner.state.sequence > index + 1) continue;
      await agent.runner.receive("directive", delivery);
      await agent.settle();
      await agent.receiptAll();
    }
    await agent.runner.greet();
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
  expect(isWhole(agent)).toBe(true);
  expect(agent.slots.read(state.slots.current as NonNullable<State["slots"]["current"]>).profile).toEqual(SECOND);
  expect(world.content).toEqual(toProfileBytes(SECOND));
  expect(world.standing).toBe(0);
  expect(state.sequence).toBe(2);
  const outcomes = world.reports.filter(({ kind }) => isOutcome(kind));
  expect(new Set(outcomes.map(({ counter }) => counter)).size).toBe(2);
  expect(new Set(outcomes.map(({ directive }) => toHex(directive))).size).toBe(2);
  expect(outcomes.every(({ kind }) => kind === "committed")).toBe(true);
}

interface Cut {
  readonly plan: Plan;
  readonly cutAt: number;
  /** Disks and worlds that were gone on from before: the same ones would go the same way. */
  readonly seen: Set<string>;
  readonly wrap?: (files: MemoryFiles) => MemoryFiles;
}

/** Cuts the power at one operation, and goes on from every disk that may leave behind. */
async function cut({ plan: whole, cutAt, seen, wrap = (files) => files }: Cut): Promise<void> {
  const reference = restart(whole);
  const files = wrap(new MemoryFiles());
  files.cutAt = cutAt;
  try {
    await run(openMemoryAgent(reference.world, files), reference);
  } catch (error) {
    expect(error).toMatchObject({ code: "STATE_WRITE_FAILED" });
  }
  const { content, standing, reports } = reference.world;
  for (const disk of files.afterPowerCut()) {
    const text = JSON.stringify([disk.toText(), content, standing, reports]);
    if (seen.has(text)) continue;
    seen.add(text);
    // The same world goes on, for every disk anew.
    const world = { ...reference.world, content, standing, reports: [...reports] };
    const plan = { ...reference, world };
    const agent = openMemoryAgent(world, disk);
    // What was told once is never forgotten.
    for (const { counter, sequence } of reports) {
      expect(agent.runner.state.counter).toBeGreaterThanOrEqual(counter);
      expect(agent.runner.state.sequence).toBeGreaterThanOrEqual(sequence);
    }
    await run(agent, plan);
    check(agent, plan);
  }
}

/** A plan, and how many operations it takes. */
async function measure() {
  const plan = createPlan();
  const files = new MemoryFiles();
  const trial = restart(plan);
  const agent = openMemoryAgent(trial.world, files);
  await run(agent, trial);
  check(agent, trial);
  return { plan, operations: files.operations };
}

describe("a power cut at any operation on the disk", () => {
  it("leaves a terminal that ends on the new profile, whole, having said so once", async () => {
    const { plan, operations } = await measure();
    expect(operations).toBeGreaterThan(50);
    const seen = new Set<string>();
    for (let cutAt = 1; cutAt <= operations; cutAt += 1) await cut({ plan, cutAt, seen });
    expect(seen.size).toBeGreaterThan(operations / 2);
  }, 120_000);

  it.each([
    ["files", (name: string) => name.endsWith(".new")],
    ["folders", (name: string) => !name.endsWith(".new")],
  ])("would not, were %s not synced", async (_, isForgotten) => {
    const careless = (files: MemoryFiles) => {
      const sync = files.sync.bind(files);
      return Object.assign(files, { sync: (name: string) => (isForgotten(name) ? undefined : sync(name)) });
    };
    const { plan, operations } = await measure();
    const seen = new Set<string>();
    let isCaught = false;
    for (let cutAt = operations; cutAt > 0 && !isCaught; cutAt -= 1) {
      isCaught = await cut({ plan, cutAt, seen, wrap: careless }).then(
        () => false,
        () => true,
      );
    }
    expect(isCaught).toBe(true);
  });
});

describe("a disk that fails", () => {
  it("once, at any operation, is tried again and nothing is lost", async () => {
    const { plan: whole, operations } = await measure();
    // From the second on: an agent that cannot make its very first state does not start.
    for (let failAt = 5; failAt <= operations; failAt += 1) {
      const plan = restart(whole);
      const files = new MemoryFiles();
      files.failAt = failAt;
      const agent = openMemoryAgent(plan.world, files);
      await run(agent, plan);
      check(agent, plan);
    }
  }, 120_000);

  it("at the very first state keeps the agent from starting", () => {
    for (let failAt = 1; failAt <= 4; failAt += 1) {
      const files = new MemoryFiles();
      files.failAt = failAt;
      expect(() => openStateFile(files, TUSN, NOW)).toThrow(expect.objectContaining({ code: "STATE_WRITE_FAILED" }));
    }
  });
});

describe("a file with one byte changed", () => {
  async function prepare() {
    const plan = createPlan();
    const files = new MemoryFiles();
    const agent = openMemoryAgent(plan.world, files);
    await run(agent, plan);
    return { plan, disk: files.clone(), state: agent.runner.state };
  }

  function* flips(disk: MemoryFiles, names: readonly string[]) {
    for (const name of names) {
      const content = disk.read(name) as Uint8Array;
      for (let at = 0; at < content.length; at += 1) {
        const copy = disk.clone();
        copy.damage(name, flip(content, at));
        yield { name, at, copy };
      }
    }
  }

  it("is never believed where it is a state: the other generation takes its place, and nothing is used twice", async () => {
    const { disk, state } = await prepare();
    const newest = toStateJson(state);
    const before = toOlder(disk);
    const older = toStateJson(skipUsed(before));
    expect(older).not.toBe(newest);
    for (const { name, at, copy } of flips(disk, ["state.0", "state.1"])) {
      const opened = openStateFile(copy, TUSN, NOW);
      expect([newest, older, toStateJson(skipUsed(state))], `${name} ${at}`).toContain(toStateJson(opened.state));
      expect(opened.recovered || toStateJson(opened.state) === newest).toBe(true);
      expect(opened.state.trace).toBeGreaterThanOrEqual(state.trace);
      expect(opened.state.counter).toBeGreaterThanOrEqual(state.counter);
    }
  });

  it("is never believed where it is a slot or trust metadata", async () => {
    const { plan, disk, state } = await prepare();
    const { current, previous } = state.slots as {
      current: NonNullable<typeof state.slots.current>;
      previous: NonNullable<typeof state.slots.previous>;
    };
    const objects = disk.list().filter((name) => name.startsWith("objects/"));
    expect(objects).toHaveLength(3);
    // One agent over all of them: it reads its slots from the disk each time.
    const { slots } = openMemoryAgent(plan.world, disk);
    for (const name of objects) {
      const hit = [current, previous].filter((slot) => name.endsWith(slot.delivery) || name.endsWith(slot.trust));
      const content = disk.read(name) as Uint8Array;
      for (let at = 0; at < content.length; at += 1) {
        disk.damage(name, flip(content, at));
        for (const slot of hit) expect(errorOf(() => slots.read(slot)).code, `${name} ${at}`).toBe("SLOT_CORRUPT");
      }
      disk.damage(name, content);
      for (const slot of hit) expect(slots.read(slot).profile).toBeDefined();
    }
  }, 120_000);

  it("costs the current slot and not the terminal: it goes back to the previous profile, whole", async () => {
    const { plan, disk, state } = await prepare();
    disk.damage(`objects/${state.slots.current?.delivery}`, Buffer.from("edited"));
    const agent = openMemoryAgent(plan.world, disk);
    await agent.runner.start();
    await agent.settle();
    expect(toPhase(agent.runner.state)).toBe("idle");
    expect(plan.world.content).toEqual(toProfileBytes(FIRST));
    expect(agent.runner.state.unsent).toMatchObject([{ kind: "broken", code: "SLOT_CORRUPT" }]);
    expect(agent.runner.state.sequence).toBe(2);
    expect(agent.log).toContain("announce");
  });

  it("leaves the terminal trading as it is where no slot can be proven any more", async () => {
    const { plan, disk, state } = await prepare();
    disk.damage(`objects/${state.slots.current?.trust}`, undefined);
    const agent = openMemoryAgent(plan.world, disk);
    await agent.runner.start();
    await agent.settle();
    expect(toPhase(agent.runner.state)).toBe("broken");
    expect(plan.world.content).toEqual(toProfileBytes(SECOND));
    expect(agent.runner.state.slots).toEqual({ current: undefined, previous: undefined });
  });

  it("in both states is not guessed around", async () => {
    const { disk } = await prepare();
    for (const name of ["state.0", "state.1"]) disk.damage(name, Buffer.from("edited"));
    const files = disk.list();
    expect(() => openStateFile(disk, TUSN, NOW)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
    expect(disk.list()).toEqual(files);
    expect(isEqual(disk.read("state.0") as Uint8Array, Buffer.from("edited"))).toBe(true);
  });
});

/** The bytes with one bit of the byte at this place changed. */
function flip(content: Uint8Array, at: number): Uint8Array {
  const bytes = Uint8Array.from(content);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (at & 7));
  return bytes;
}

/** The state before the last one. */
function toOlder(disk: MemoryFiles): State {
  const numbers = ["state.0", "state.1"].map((name) => {
    const copy = disk.clone();
    copy.damage(name, undefined);
    return openStateFile(copy, TUSN, NOW).state;
  });
  const [a, b] = numbers as [State, State];
  const older = a.counter < b.counter ? a : b;
  // Opening has skipped once already.
  return { ...older, counter: older.counter - 16, trace: older.trace - 16 };
}
