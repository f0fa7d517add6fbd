import { describe, expect, it } from "vitest";
import { toSealedAccountJson } from "../../certs/acquirer/seal.ts";
import { toHex } from "../../proto/bytes.ts";
import { toErrorCode } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { placeOrder } from "../../src/app/acquirers/orders.ts";
import { OrderRunner } from "../../src/app/acquirers/runner.ts";
import { adoptRelease } from "../../src/app/backup/adopt-release.ts";
import { Intake } from "../../src/app/intake/intake.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { publishRelease } from "../../src/app/release/publish.ts";
import { RESTORE_GAP } from "../../src/domain/restore.ts";
import { findOrder } from "../../src/store/acquirer-orders.ts";
import { transact } from "../../src/store/store.ts";
import { openSettling, type Settling, toCard } from "../support/acquirers.ts";
import {
  enrolFleet,
  openTestFleet,
  readLedgerKinds,
  signFile,
  type TestFleet,
  toRequest,
} from "../support/fleet-store.ts";
import { readDeliveries } from "../support/queued-deliveries.ts";
import { dispatchTo, greet, restoreSnapshot, TRUST, takeSnapshot } from "../support/restored-fleet.ts";
import { readDelivery, type TestTerminal } from "../support/test-terminal.ts";

// Threat 11: an older backup is restored. Directives were issued after it: some were accepted, some are still on their
// way. None of their sequences may ever be issued again.

const ROUNDS = 10;
const TERMINALS = 20;
type SimLook = ReturnType<Settling["sim"]["apply"]>;
const ACT = { actor: "wang", reason: "a drill" };

/** Numbers that look random and are the same in every run (a linear congruential generator). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Everything that was ever issued by the service and its restored copy, and what the terminals make of it. */
class World {
  readonly issued = new Map<string, string>();
  readonly reused: string[] = [];
  readonly highest = new Map<Tusn, number>();
  /** Deliveries that were sent and are still on their way, and may arrive whenever they like. */
  readonly underWay = new Map<Tusn, Uint8Array[]>();
  /** Signed releases as the people have them. */
  readonly files: Uint8Array[] = [];
  readonly #random: (below: number) => number;
  #value = 1;

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  /** Some of the terminals, at least one. */
  pick(terminals: readonly TestTerminal[]): readonly TestTerminal[] {
    const some = terminals.filter(() => this.#random(2) === 0);
    return some.length === 0 ? terminals.slice(0, 1) : some;
  }

  /** Publishes something new for some of the terminals; part of them take it, the rest is on its way. */
  async step(fleet: TestFleet, terminals: readonly TestTerminal[]): Promise<void> {
    const chosen = this.pick(terminals);
    this.#value += 1;
    const file = await this.publish(fleet, chosen, this.#value);
    if (file === undefined) return;
    const deliveries = await readDeliveries(fleet);
    for (const delivery of deliveries) {
      const { tusn } = readDelivery(delivery).parsed;
      this.underWay.set(tusn, [...(this.underWay.get(tusn) ?? []), delivery]);
    }
    await this.arrive(fleet, this.pick(chosen));
  }

  /** Signs and publishes a release; undefined where nobody may have it. */
  async publish(fleet: TestFleet, chosen: readonly TestTerminal[], amountFen: number): Promise<Uint8Array | undefined> {
    const tusns = chosen.map(({ tusn }) => tusn);
    try {
      const { file } = await buildRelease(fleet, toRequest({ tusns, patch: { parameters: { amountFen } } }));
      const bytes = signFile(fleet, file);
      await publishRelease(fleet, bytes, fleet.approvers.policy);
      this.files.push(bytes);
      await this.note(fleet);
      return bytes;
    } catch (error) {
      if (toErrorCode(error) !== "NOTHING_TO_RELEASE") throw error;
      return undefined;
    }
  }

  /** Whatever is on its way to these terminals arrives, oldest or newest first; they take what their gate would. */
  async arrive(fleet: TestFleet, terminals: readonly TestTerminal[]): Promise<void> {
    const intake = new Intake(fleet, { trust: () => TRUST, received: () => {}, proven: () => {}, greeted: () => {} });
    for (const terminal of terminals) {
      const arriving = this.underWay.get(terminal.tusn) ?? [];
      this.underWay.set(terminal.tusn, []);
      for (const delivery of this.#random(2) === 0 ? arriving : arriving.toReversed()) {
        const { parsed } = readDelivery(delivery);
        const isTaken = parsed.sequence > terminal.sequence && toHex(parsed.baseDigest) === toHex(terminal.current);
        if (!isTaken) continue;
        const payload = terminal.report(delivery, "committed");
        await intake.receive({ tusn: terminal.tusn, kind: "report", payload });
      }
    }
    await intake.close();
  }

  /** Notes what the database says was issued. */
  async note({ store }: TestFleet): Promise<void> {
    const rows = await store.selectFrom("deployments").select(["tusn", "sequence", "directiveDigest"]).execute();
    for (const { tusn, sequence, directiveDigest } of rows) {
      const key = `${tusn} ${sequence}`;
      const digest = toHex(directiveDigest);
      if ((this.issued.get(key) ?? digest) !== digest) this.reused.push(key);
      this.issued.set(key, digest);
      this.highest.set(tusn, Math.max(sequence, this.highest.get(tusn) ?? 0));
    }
  }
}

async function readIssued({ store }: TestFleet): Promise<ReadonlyMap<Tusn, number>> {
  const rows = await store.selectFrom("terminals").select(["tusn", "issuedSequence"]).execute();
  return new Map(rows.map(({ tusn, issuedSequence }) => [tusn, issuedSequence]));
}

describe("a restored backup", () => {
  it("never issues a sequence again, over 200 random histories of terminals", async () => {
    let histories = 0;
    let temptations = 0;
    let served = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const random = createRandom(round + 1);
      const world = new World(random);
      const fleet = await openTestFleet();
      const terminals = await enrolFleet(fleet, TERMINALS);
      for (let steps = random(3); steps > 0; steps -= 1) await world.step(fleet, terminals);
      const snapshot = await takeSnapshot(fleet);
      const atBackup = world.files.length;
      for (let steps = 1 + random(3); steps > 0; steps -= 1) await world.step(fleet, terminals);

      const { restored, counts } = await restoreSnapshot(fleet, snapshot);
      expect(counts.unsettled).toBe(TERMINALS);
      expect(await world.publish(restored, terminals, 900)).toBeUndefined();
      expect(await dispatchTo(restored, terminals)).toEqual([]);
      // What people approved for the service that is lost comes back as a file.
      for (const file of world.files.slice(atBackup)) {
        const again = publishRelease(restored, file, fleet.approvers.policy);
        expect(await again.then(() => "published", toErrorCode)).toBe("RESTORE_UNSETTLED");
        await adoptRelease(restored, file, fleet.approvers.policy, ACT);
      }
      const issued = await readIssued(restored);
      temptations += terminals.filter(({ tusn, sequence }) => {
        return (world.highest.get(tusn) ?? 0) > Math.max(issued.get(tusn) ?? 0, sequence);
      }).length;

      for (let steps = 0; steps < 4; steps += 1) {
        await world.arrive(restored, world.pick(terminals));
        await greet(restored, world.pick(terminals));
        await world.step(restored, terminals);
      }
      await greet(restored, terminals);
      expect(await restored.store.selectFrom("unsettled").selectAll().execute()).toEqual([]);
      await world.step(restored, terminals);
      expect(world.reused).toEqual([]);
      served += [...world.highest.values()].filter((sequence) => sequence > RESTORE_GAP).length;
      histories += terminals.length;
      await restored.store.destroy();
    }
    expect(histories).toBe(200);
    expect(served).toBeGreaterThan(150);
    // Otherwise this would show nothing: sequences that the restored database did not know of, and nobody could tell it.
    expect(temptations).toBeGreaterThan(40);
  });

  it("sends nothing that waited before its terminal has said hello, and then what it has not taken", async () => {
    const fleet = await openTestFleet();
    const terminals = await enrolFleet(fleet, 2);
    const [first, second] = terminals as [TestTerminal, TestTerminal];
    await publishRelease(fleet, signFile(fleet, (await buildRelease(fleet, toRequest())).file), fleet.approvers.policy);
    const snapshot = await takeSnapshot(fleet);
    const { restored, counts } = await restoreSnapshot(fleet, snapshot);
    expect(counts.waiting).toBe(2);
    expect(await dispatchTo(restored, terminals)).toEqual([]);
    const codes = await restored.store.selectFrom("deployments").select("code").execute();
    expect(codes.map(({ code }) => code)).toEqual(["RESTORE_UNSETTLED", "RESTORE_UNSETTLED"]);

    await greet(restored, [first]);
    expect((await dispatchTo(restored, terminals)).map(({ tusn }) => tusn)).toEqual([first.tusn]);
    await greet(restored, [second]);
    expect((await dispatchTo(restored, terminals)).map(({ tusn }) => tusn)).toEqual([second.tusn]);
  });

  it("refuses a release whose number the lost service gave, once the terminal is settled, too", async () => {
    const fleet = await openTestFleet();
    const [terminal] = (await enrolFleet(fleet, 1)) as [TestTerminal];
    const snapshot = await takeSnapshot(fleet);
    const bytes = signFile(fleet, (await buildRelease(fleet, toRequest())).file);
    const { restored } = await restoreSnapshot(fleet, snapshot);
    await greet(restored, [terminal]);
    const again = publishRelease(restored, bytes, fleet.approvers.policy);
    expect(await again.then(() => "published", toErrorCode)).toBe("SEQUENCE_REPLAYED");
    expect((await readIssued(restored)).get(terminal.tusn)).toBe(RESTORE_GAP);
  });
});

describe("an order to an acquirer that waited at the backup", () => {
  /** Placed and not sent; then the service that was lost sent it, and a later one for another card. */
  async function openLost() {
    const settling = await openSettling("wechatpay");
    const { fleet, acquirer, sim, order } = settling;
    const made = order();
    const { requestNo, merchant, wanted, before, sealed } = made;
    if (sealed === undefined) throw new Error("not sealed");
    const bytes = toSealedAccountJson(sealed);
    const placed = { requestNo, change: "C-1", purpose: "change", acquirer: "A1", merchant, wanted, before } as const;
    await transact(fleet.store, (tx) => placeOrder(tx, fleet.at, { ...placed, sealed: bytes }));
    const snapshot = await takeSnapshot(fleet);
    sim.apply({ type: "settle", decision: { state: "succeeded" } });
    await acquirer.request(made);
    const restore = async () => {
      const { restored, counts } = await restoreSnapshot(fleet, snapshot, { closeWaiting: true });
      const acquirers = new Map([["A1", acquirer]]);
      const runner = new OrderRunner(restored, { acquirers, changed: async () => undefined });
      const poll = async () => {
        fleet.at = Math.max(fleet.at + 1, (await findOrder(restored.store, requestNo))?.dueAt ?? 0);
        await runner.poll();
        return findOrder(restored.store, requestNo);
      };
      return { restored, counts, runner, poll };
    };
    const look = () => sim.apply({ type: "look" });
    return { ...settling, requestNo, restore, look };
  }

  const settlesTo = ({ accounts }: SimLook) => Object.values(accounts).map(({ number }) => number.slice(-4));

  it("is not sent over what was asked for later: it is held, told, and held again when a person resumes it", async () => {
    const { acquirer, order, restore, look, requestNo } = await openLost();
    await acquirer.request(order({}, toCard("6228481234567890128")));
    const { restored, counts, runner, poll } = await restore();
    expect(counts).toMatchObject({ held: 1 });
    expect(await poll()).toMatchObject({ state: "held", dueAt: null });
    expect(await readLedgerKinds(restored)).toContain("alarm.acquirer_held");
    const { changes } = look();
    await runner.resume(requestNo, ACT);
    expect(await poll()).toMatchObject({ state: "held", code: "OTHER", dueAt: null });
    expect(settlesTo(look())).toEqual(["0128"]);
    expect(look().changes).toEqual(changes);
    await runner.judge(requestNo, false, ACT);
    expect(await poll()).toMatchObject({ state: "failed", sealed: "" });
  });

  it("is confirmed by the record where the lost service had sent it, and not sent twice", async () => {
    const { restore, look, requestNo } = await openLost();
    const { runner, poll } = await restore();
    await runner.resume(requestNo, ACT);
    expect(await poll()).toMatchObject({ state: "confirmed" });
    expect(look().changes).toHaveLength(1);
  });
});
