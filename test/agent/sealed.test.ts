import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openCardKey } from "../../agent/card-key.ts";
import { createCardKey, sealCardNumber } from "../../certs/seal.ts";
import { SALT_BYTES, toDigest, toHex } from "../../proto/bytes.ts";
import { parseDelivery, toDeliveryBytes } from "../../proto/delivery.ts";
import type { Directive } from "../../proto/directive.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { toCommitment } from "../../proto/settlement.ts";
import { toReportBytes } from "../../proto/terminal-messages.ts";
import { parseTusn } from "../../proto/tusn.ts";
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
import { SAMPLE_PROFILE, toDelivery, toDirective, toNextProfile } from "../support/release.ts";
import { toName } from "../support/rotation.ts";

// A terminal whose model needs the card number: from the sealed bytes to what the terminal is told, and what is on disk.

const NEIGHBOUR = parseTusn("00000304N7NL00072365");
const deviceKey = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;

function createKey() {
  return openCardKey(createCardKey().export({ type: "pkcs8", format: "pem" }).toString(), TUSN, deviceKey);
}

const KEY = createKey();
const salt = Buffer.alloc(SALT_BYTES, 7);
const FIRST_NUMBER = "6228480000000000018";
const SECOND_NUMBER = "6228480000000002222";

function withNumber(profile: Profile, number: string): Profile {
  const binding = { bin: "622848", last4: number.slice(-4), commitment: toCommitment(number, salt) };
  return toNextProfile(profile, { binding });
}

const FIRST = withNumber({ ...SAMPLE_PROFILE, number: 0 }, FIRST_NUMBER);
const RENAMED = toNextProfile(FIRST, { merchant: { shortName: "小李餐饮" } });
const SECOND = withNumber(RENAMED, SECOND_NUMBER);

/** The number as the approver's program seals it. */
function seal(number: string, tusn = TUSN, key = KEY): Promise<Uint8Array> {
  return sealCardNumber(key.publicKey, { number, salt }, { tusn, commitment: toCommitment(number, salt) });
}

async function open(world: MemoryWorld, files = new MemoryFiles()): Promise<MemoryAgent> {
  const agent = openMemoryAgent(world, files);
  await agent.runner.start();
  await agent.settle();
  return agent;
}

async function openNew({ cardKey }: Pick<MemoryWorld, "cardKey"> = { cardKey: KEY }) {
  const world = { ...createWorld(), cardKey };
  const agent = await open(world);
  await agent.runner.receive("trust", toTrustBytes(world));
  return { world, agent };
}

interface Sent {
  readonly sealed?: Uint8Array;
  readonly directive?: Partial<Directive>;
}

/** What came of a directive, as its report says. */
async function deliver(
  agent: MemoryAgent,
  world: MemoryWorld,
  sequence: number,
  profile: Profile,
  base?: Profile,
  { sealed = new Uint8Array(0), directive: change = {} }: Sent = {},
): Promise<string> {
  const terms = { tusn: TUSN, deviceKey: DEVICE_KEY, sequence, profile, now: NOW };
  const directive = toDirective(base === undefined ? terms : { ...terms, base }, change);
  const delivery = parseDelivery(toDelivery(world.approvers, directive, "binding", NOW));
  await agent.runner.receive("directive", toDeliveryBytes({ ...delivery, sealed }));
  await agent.settle();
  const report = agent.runner.unsent().find((one) => toHex(one.directive) === toName(delivery.directive));
  await agent.receiptAll();
  return `${report?.kind} ${report?.code}`.trim();
}

/** On the first card, and renamed since. */
async function openTrading() {
  const { world, agent } = await openNew();
  expect(await deliver(agent, world, 1, FIRST, undefined, { sealed: await seal(FIRST_NUMBER) })).toBe("committed");
  expect(await deliver(agent, world, 2, RENAMED, FIRST)).toBe("committed");
  return { world, agent };
}

describe("a terminal that needs card numbers", () => {
  it("says so in its hello, with the device key's word for its card key", async () => {
    const { agent } = await openNew();
    expect(await agent.runner.greet()).toMatchObject({ cardKey: KEY.publicKey, cardKeyProof: KEY.proof });
    const { agent: other } = await openNew({ cardKey: undefined });
    const nothing = new Uint8Array(0);
    expect(await other.runner.greet()).toMatchObject({ cardKey: nothing, cardKeyProof: nothing });
  });

  it("is told the number with the profile, and again with every later profile of the same binding", async () => {
    const { world, agent } = await openNew();
    expect(await deliver(agent, world, 1, FIRST, undefined, { sealed: await seal(FIRST_NUMBER) })).toBe("committed");
    expect(world.cardNumber).toBe(FIRST_NUMBER);
    world.cardNumber = undefined;
    expect(await deliver(agent, world, 2, RENAMED, FIRST)).toBe("committed");
    expect(world.cardNumber).toBe(FIRST_NUMBER);
    const { current, previous } = agent.runner.state.slots;
    expect(current?.sealed).toBe(previous?.sealed);
    expect(current?.sealed).not.toBe("");
  });

  it("takes no binding whose number it is not sealed, and changes nothing", async () => {
    const { world, agent } = await openTrading();
    const { state } = agent.runner;
    const objects = agent.files.list().length;
    expect(await deliver(agent, world, 3, SECOND, RENAMED)).toBe("refused SEAL_MISSING");
    expect(agent.runner.state).toMatchObject({ sequence: 2, slots: state.slots, underWay: undefined });
    expect(agent.files.list()).toHaveLength(objects);
    expect(world.content).toEqual(toProfileBytes(RENAMED));
    const { world: newWorld, agent: newAgent } = await openNew();
    expect(await deliver(newAgent, newWorld, 1, FIRST)).toBe("refused SEAL_MISSING");
  });

  it("takes no number but the one that was approved, sealed to itself", async () => {
    const { world, agent } = await openTrading();
    const good = await seal(SECOND_NUMBER);
    const swapped = { ...SECOND.binding, last4: "0018", commitment: toCommitment(FIRST_NUMBER, salt) };
    expect(swapped.commitment).not.toEqual(SECOND.binding.commitment);
    for (const sealed of [
      await seal(FIRST_NUMBER),
      await seal(SECOND_NUMBER, NEIGHBOUR),
      await seal(SECOND_NUMBER, TUSN, createKey()),
      Uint8Array.from(good, (byte, at) => (at === 40 ? byte ^ 1 : byte)),
      good.subarray(0, 20),
    ]) {
      expect(await deliver(agent, world, 3, SECOND, RENAMED, { sealed })).toBe("refused SEAL_INVALID");
    }
    expect(agent.runner.state.sequence).toBe(2);
    expect(world.cardNumber).toBe(FIRST_NUMBER);
    expect(await deliver(agent, world, 3, SECOND, RENAMED, { sealed: good })).toBe("committed");
    expect(world.cardNumber).toBe(SECOND_NUMBER);
  });

  it("takes no number that ends otherwise than what people read and typed", async () => {
    const { world, agent } = await openNew();
    const lying = toNextProfile(FIRST, { binding: { last4: "9999" } });
    const sealed = await seal(FIRST_NUMBER);
    expect(await deliver(agent, world, 1, lying, undefined, { sealed })).toBe("refused SEAL_INVALID");
  });

  it("judges the number last: who forged the rest learns nothing from it", async () => {
    const { world, agent } = await openTrading();
    const directive = { tusn: NEIGHBOUR };
    expect(await deliver(agent, world, 3, SECOND, RENAMED, { directive })).toBe("refused WRONG_TERMINAL");
    expect(await deliver(agent, world, 2, SECOND, RENAMED)).toBe("refused SEQUENCE_REPLAYED");
  });

  it("is told the old number where an update is rolled back, also after a restart", async () => {
    const { world, agent } = await openTrading();
    world.verdicts.push("failed");
    const sealed = await seal(SECOND_NUMBER);
    expect(await deliver(agent, world, 3, SECOND, RENAMED, { sealed })).toBe("rolled_back TEST_FAILED");
    expect(world.cardNumber).toBe(FIRST_NUMBER);
    expect(world.content).toEqual(toProfileBytes(RENAMED));
    const again = await open(world, agent.files.clone());
    expect(isWhole(again)).toBe(true);
    world.verdicts.push("failed");
    expect(await deliver(again, world, 4, SECOND, RENAMED, { sealed })).toBe("rolled_back TEST_FAILED");
    expect(world.cardNumber).toBe(FIRST_NUMBER);
  });

  it("is told the older number by a signed way back that brings none", async () => {
    const { world, agent } = await openTrading();
    const sealed = await seal(SECOND_NUMBER);
    expect(await deliver(agent, world, 3, SECOND, RENAMED, { sealed })).toBe("committed");
    const directive = { restores: toDigest(toProfileBytes(RENAMED)) };
    expect(await deliver(agent, world, 4, RENAMED, SECOND, { directive })).toBe("committed");
    expect(world.cardNumber).toBe(FIRST_NUMBER);
  });

  it("keeps trading without a number where it was given its card before it needed one", async () => {
    const { world, agent } = await openNew({ cardKey: undefined });
    expect(await deliver(agent, world, 1, FIRST, undefined, { sealed: await seal(FIRST_NUMBER) })).toBe("committed");
    expect(world.cardNumber).toBeUndefined();
    expect(agent.runner.state.slots.current?.sealed).toBe("");
    const needing = { ...world, cardKey: KEY };
    const again = await open(needing, agent.files.clone());
    expect(await deliver(again, needing, 2, RENAMED, FIRST)).toBe("committed");
    expect(needing.cardNumber).toBeUndefined();
    const next = toNextProfile(RENAMED, { parameters: { attempts: 3 } });
    const sealed = await seal(FIRST_NUMBER);
    expect(await deliver(again, needing, 3, next, RENAMED, { sealed })).toBe("committed");
    expect(needing.cardNumber).toBe(FIRST_NUMBER);
  });

  it("under a new card key wants its number anew, and fails to apply what it cannot open", async () => {
    const { world, agent } = await openTrading();
    const key = createKey();
    const renewed = { ...world, cardKey: key };
    const again = await open(renewed, agent.files.clone());
    const sealed = await seal(FIRST_NUMBER, TUSN, key);
    const next = toNextProfile(RENAMED, { parameters: { attempts: 3 } });
    expect(await deliver(again, renewed, 3, next, RENAMED, { sealed })).toBe("committed");
    expect(renewed.cardNumber).toBe(FIRST_NUMBER);
    renewed.verdicts.push("failed");
    const second = await seal(SECOND_NUMBER, TUSN, key);
    const newest = withNumber(next, SECOND_NUMBER);
    expect(await deliver(again, renewed, 4, newest, next, { sealed: second })).toBe("rolled_back TEST_FAILED");
    expect(renewed.cardNumber).toBe(FIRST_NUMBER);
  });

  it("under a new card key goes back to a profile whose number it cannot open, and leaves the number to the terminal", async () => {
    const { world, agent } = await openTrading();
    const renewed = { ...world, cardKey: createKey() };
    const again = await open(renewed, agent.files.clone());
    const next = toNextProfile(RENAMED, { parameters: { attempts: 3 } });
    renewed.verdicts.push("failed");
    expect(await deliver(again, renewed, 3, next, RENAMED)).toBe("rolled_back TEST_FAILED");
    expect(renewed.content).toEqual(toProfileBytes(RENAMED));
    expect(renewed.cardNumber).toBeUndefined();
    expect(await deliver(again, renewed, 4, next, RENAMED)).toBe("committed");
  });

  it("is not whole any more where its sealed number is lost or edited", async () => {
    const { world, agent } = await openTrading();
    const { current } = agent.runner.state.slots;
    for (const content of [undefined, Buffer.from("edited")]) {
      const files = agent.files.clone();
      files.damage(`objects/${current?.sealed}`, content);
      const again = openMemoryAgent(world, files);
      expect(() => isWhole(again)).toThrow(expect.objectContaining({ code: "SLOT_CORRUPT" }));
    }
  });

  it("never puts a number in clear on its disk, in its reports or in its log", async () => {
    const { world, agent } = await openTrading();
    const sealed = await seal(SECOND_NUMBER);
    world.verdicts.push("failed", "passed");
    expect(await deliver(agent, world, 3, SECOND, RENAMED, { sealed })).toBe("rolled_back TEST_FAILED");
    expect(await deliver(agent, world, 4, SECOND, RENAMED, { sealed })).toBe("committed");
    const bytes = agent.files.list().map((name) => agent.files.read(name) as Uint8Array);
    const said = Buffer.concat([...bytes, ...world.reports.map(toReportBytes), Buffer.from(agent.log.join())]);
    for (const number of [FIRST_NUMBER, SECOND_NUMBER]) {
      expect(said.includes(number)).toBe(false);
      expect(said.includes(Buffer.from(number).toString("hex"))).toBe(false);
    }
    expect(said.includes(Buffer.from(sealed))).toBe(true);
  });
});
