import { describe, expect, it } from "vitest";
import { createCardKey, toRawCardKey } from "../../../../certs/seal.ts";
import { ALARM_PAUSE_S, STALE_GRACE_S } from "../../../../src/app/intake/hello-alarms.ts";
import { commitAll } from "../../../support/committed.ts";
import { readLedgerKinds, release, START, type TestFleet } from "../../../support/fleet-store.ts";
import { readDeliveries, readReserved } from "../../../support/queued-deliveries.ts";
import { count, openIntake, openReleased, readCodes, readDeployment } from "../../../support/test-intake.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";

async function readSequences(fleet: TestFleet) {
  const rows = await fleet.store.selectFrom("deployments").selectAll().orderBy("sequence").execute();
  return rows.map(({ sequence, state }) => [sequence, state]);
}

describe("a hello", () => {
  it("is stored, and answered with what the terminal lacks", async () => {
    const { fleet, terminal, receive, hellos } = await openReleased();
    await fleet.store.updateTable("deployments").set({ state: "sent" }).execute();
    await fleet.store.updateTable("outbox").set({ dueAt: null, sends: 4 }).execute();
    await receive(terminal, "hello", terminal.hello({ stale: true }));
    expect(hellos).toMatchObject([{ sendTrust: true, sendDirective: true }]);
    expect(await readDeployment(fleet)).toMatchObject({ state: "pending" });
    expect(await fleet.store.selectFrom("outbox").select(["dueAt", "sends"]).execute()).toEqual([
      { dueAt: START, sends: 0 },
    ]);
    expect(await fleet.store.selectFrom("reported").selectAll().execute()).toMatchObject([
      { counter: 1, phase: "idle", stale: 1, agentVersion: "0.1.0", currentDigest: null },
    ]);
  });

  it("says what keeps the terminal from taking a profile, until the next one says otherwise", async () => {
    const { fleet, terminal, receive } = await openReleased();
    const busy = () => fleet.store.selectFrom("reported").select("busy").execute();
    await receive(terminal, "hello", terminal.hello({ busy: "open_batch" }));
    expect(await busy()).toEqual([{ busy: "open_batch" }]);
    await receive(terminal, "hello", terminal.hello());
    expect(await busy()).toEqual([{ busy: null }]);
  });

  it("concludes a directive whose report was lost, records and ledger included", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    terminal.report(delivery, "committed");
    await receive(terminal, "hello", terminal.hello());
    expect(await readDeployment(fleet)).toMatchObject({ state: "committed", detail: "told by hello" });
    expect(await count(fleet, "outbox")).toBe(0);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["deployment.concluded", "terminal.active"]);
    await receive(terminal, "report", terminal.report(delivery, "committed"));
    expect(await readDeployment(fleet)).toMatchObject({ state: "committed" });
  });

  it("of another day is dropped", async () => {
    const { fleet, terminal, receive, hellos } = await openReleased();
    const old = terminal.hello();
    await receive(terminal, "hello", old);
    await receive(terminal, "hello", terminal.hello({ phase: "suspended" }));
    await receive(terminal, "hello", old);
    expect(readCodes(fleet)).toEqual(["REPORT_INVALID"]);
    expect(hellos).toHaveLength(2);
    expect(await fleet.store.selectFrom("reported").select("phase").execute()).toEqual([{ phase: "suspended" }]);
  });

  it("with a sequence that was never issued raises an alarm once, and the next directive is above it", async () => {
    const { fleet, terminal, receive } = await openReleased();
    terminal.sequence = 40;
    await receive(terminal, "hello", terminal.hello());
    await receive(terminal, "hello", terminal.hello());
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual(["alarm.sequence_ahead"]);
    expect(await fleet.store.selectFrom("terminals").select("issuedSequence").execute()).toEqual([
      { issuedSequence: 40 },
    ]);
  });

  it("with a sequence far beyond any issued raises an alarm once, and uses up none of its sequences", async () => {
    const { fleet, terminal, receive } = await openReleased();
    terminal.sequence = 0xffff_ffff;
    await receive(terminal, "hello", terminal.hello());
    await receive(terminal, "hello", terminal.hello());
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual(["alarm.sequence_ahead"]);
    expect(await fleet.store.selectFrom("terminals").select("issuedSequence").execute()).toEqual([
      { issuedSequence: 1 },
    ]);
    expect(await release(fleet, { patch: { parameters: { attempts: 3 } } })).toMatchObject({ deployments: 1 });
  });

  it("with a lower counter is news of an old state or a replay: one alarm per counter, no answer", async () => {
    const { fleet, terminal, receive, hellos } = await openIntake();
    const old = terminal.hello();
    await receive(terminal, "hello", old);
    for (let n = 0; n < 3; n += 1) await receive(terminal, "hello", terminal.hello());
    const newest = terminal.counter;
    terminal.counter = 1;
    const putBack = terminal.hello();
    await Promise.all([receive(terminal, "hello", putBack), receive(terminal, "hello", putBack)]);
    for (const replay of [old, putBack, old]) await receive(terminal, "hello", replay);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([
      "alarm.counter_behind",
      "alarm.counter_behind",
    ]);
    expect(hellos).toHaveLength(4);
    expect(readCodes(fleet)).toEqual(Array(5).fill("REPORT_INVALID"));
    expect(await fleet.store.selectFrom("reported").select("counter").execute()).toEqual([{ counter: newest }]);
  });

  it("that comes twice is answered once, without an alarm", async () => {
    const { fleet, terminal, receive, hellos } = await openIntake();
    const hello = terminal.hello();
    await receive(terminal, "hello", hello);
    await receive(terminal, "hello", hello);
    expect(hellos).toHaveLength(1);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([]);
  });

  it.each(["verified", "applied"] as const)(
    "that proves that what was %s is lost closes it, so that the terminal can be released to again",
    async (kind) => {
      const { fleet, terminal, delivery, receive } = await openReleased();
      await receive(terminal, "report", terminal.report(delivery, kind));
      terminal.sequence = 0;
      await receive(terminal, "hello", terminal.hello());
      expect(await readDeployment(fleet)).toMatchObject({ state: "superseded", code: "TERMINAL_LOST_STATE" });
      expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["deployment.lost", "alarm.sequence_behind"]);
      expect(await release(fleet)).toMatchObject({ deployments: 1, skipped: [] });
    },
  );

  it("that proves a loss closes an older directive too, and asks for the newer one", async () => {
    const { fleet, terminal, delivery, receive, hellos } = await openReleased();
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    await receive(terminal, "report", terminal.report(delivery, "verified"));
    terminal.sequence = 0;
    await receive(terminal, "hello", terminal.hello());
    const rows = await fleet.store
      .selectFrom("deployments")
      .select(["sequence", "state"])
      .orderBy("sequence")
      .execute();
    expect(rows).toEqual([
      { sequence: 1, state: "superseded" },
      { sequence: 2, state: "pending" },
    ]);
    expect(hellos).toMatchObject([{ sendDirective: true }]);
  });

  it.each([
    ["committed", "idle"],
    ["rolled_back", "idle"],
  ] as const)("tells that an older directive was %s, too, and asks for the newer one", async (outcome, phase) => {
    const { fleet, terminal, delivery, receive, hellos } = await openReleased();
    // The terminal took it just before another took its place, and the outcome was lost to a forged receipt.
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    await receive(terminal, "report", terminal.report(delivery, "applied"));
    if (outcome === "committed") terminal.report(delivery, "committed");
    await receive(terminal, "hello", terminal.hello({ phase }));
    expect(await readSequences(fleet)).toEqual([
      [1, outcome],
      [2, "pending"],
    ]);
    expect(hellos).toMatchObject([{ sendDirective: true }]);
    expect(await readLedgerKinds(fleet)).toContain("deployment.concluded");
  });

  it("closes what its terminal has left behind for a newer directive, and has nothing more to tell of", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    await receive(terminal, "report", terminal.report(delivery, "applied"));
    const [newer = new Uint8Array(0)] = await readDeliveries(fleet);
    terminal.report(newer, "committed");
    await receive(terminal, "hello", terminal.hello({ unsent: 1 }));
    expect(await readSequences(fleet)).toContainEqual([1, "applied"]);
    await receive(terminal, "hello", terminal.hello());
    expect(await readSequences(fleet)).toEqual([
      [1, "superseded"],
      [2, "committed"],
    ]);
    expect(await release(fleet, { patch: { parameters: { attempts: 4 } } })).toMatchObject({ deployments: 1 });
  });

  it("with a sequence below the one it once told raises an alarm", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "committed"));
    terminal.sequence = 0;
    await receive(terminal, "hello", terminal.hello());
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("alarm.sequence_behind");
  });

  it("that tells newer trust metadata than ours raises an alarm, once for what it tells", async () => {
    const { fleet, terminal, receive, hellos } = await openIntake();
    for (const timestampVersion of [9, 9, 10]) await receive(terminal, "hello", terminal.hello({ timestampVersion }));
    for (const rootVersion of [2, 2]) await receive(terminal, "hello", terminal.hello({ rootVersion }));
    expect(await readAlarms(fleet)).toEqual(Array(3).fill("alarm.trust_ahead"));
    expect(hellos.every(({ sendTrust }) => sendTrust)).toBe(true);
    await receive(terminal, "hello", terminal.hello({ timestampVersion: 2 }));
    expect(await readAlarms(fleet)).toHaveLength(3);
    expect(hellos.at(-1)).toMatchObject({ sendTrust: false });
    expect(await fleet.store.selectFrom("reported").select(["timestampVersion", "rootVersion"]).execute()).toEqual([
      { timestampVersion: 2, rootVersion: 1 },
    ]);
  });

  it("that is stale still, though it was sent trust metadata a while ago, raises an alarm once a day", async () => {
    const { fleet, terminal, receive } = await openIntake();
    const greet = () => receive(terminal, "hello", terminal.hello({ stale: true }));
    await greet();
    fleet.at += STALE_GRACE_S - 1;
    await greet();
    expect(await readAlarms(fleet)).toEqual([]);
    fleet.at += 1;
    for (const _ of [1, 2, 3]) await greet();
    expect(await readAlarms(fleet)).toEqual(["alarm.trust_stale"]);
    fleet.at += ALARM_PAUSE_S;
    await greet();
    expect(await readAlarms(fleet)).toHaveLength(2);
    expect(await fleet.store.selectFrom("reported").select(["stale", "staleSince"]).execute()).toEqual([
      { stale: 1, staleSince: START },
    ]);
  });

  it("that is fresh again ends that, and one that is stale anew has its while again", async () => {
    const { fleet, terminal, receive } = await openIntake();
    for (const stale of [true, false, true]) {
      await receive(terminal, "hello", terminal.hello({ stale }));
      fleet.at += STALE_GRACE_S;
    }
    expect(await readAlarms(fleet)).toEqual([]);
    expect(await fleet.store.selectFrom("reported").select(["stale", "staleSince"]).execute()).toEqual([
      { stale: 1, staleSince: START + 2 * STALE_GRACE_S },
    ]);
  });

  it("with a card key that its device key vouches for has it stored, with an entry where it is new", async () => {
    const { fleet, terminal, receive } = await openIntake();
    const [first, second] = [toRawCardKey(createCardKey()), toRawCardKey(createCardKey())];
    for (const key of [first, first, second]) await receive(terminal, "hello", terminal.hello(terminal.vouch(key)));
    expect((await readLedgerKinds(fleet)).filter((kind) => kind === "terminal.card_key")).toHaveLength(2);
    expect(await fleet.store.selectFrom("reported").selectAll().execute()).toMatchObject([
      { cardKey: Buffer.from(second), cardKeyProof: Buffer.from(terminal.vouch(second).cardKeyProof) },
    ]);
    await receive(terminal, "hello", terminal.hello());
    expect(await fleet.store.selectFrom("reported").select(["cardKey", "cardKeyProof"]).execute()).toEqual([
      { cardKey: null, cardKeyProof: null },
    ]);
  });

  it("with a card key that it does not vouch for keeps the one before, with one alarm", async () => {
    const { fleet, terminals, terminal, receive, hellos } = await openIntake(2);
    const [good, bad] = [toRawCardKey(createCardKey()), toRawCardKey(createCardKey())];
    await receive(terminal, "hello", terminal.hello(terminal.vouch(good)));
    const ofAnother = (terminals[1] as TestTerminal).vouch(bad);
    const swapped = { cardKey: bad, cardKeyProof: terminal.vouch(good).cardKeyProof };
    const none = { cardKey: bad, cardKeyProof: new Uint8Array(0) };
    for (const wrong of [ofAnother, swapped, none]) await receive(terminal, "hello", terminal.hello(wrong));
    expect(await readAlarms(fleet)).toEqual(["alarm.card_key_unproven"]);
    expect(hellos).toHaveLength(4);
    expect(await fleet.store.selectFrom("reported").select("cardKey").execute()).toEqual([
      { cardKey: Buffer.from(good) },
    ]);
  });
});

describe("a way back that no operator ordered", () => {
  /** A terminal that committed a change, and the delivery of the way back as whoever holds the service could send it. */
  async function openShown() {
    const opened = await openReleased();
    const { fleet, terminal } = opened;
    await commitAll(fleet, [terminal]);
    await release(fleet, { patch: { merchant: { name: "新名字" } }, withRollback: true });
    await commitAll(fleet, [terminal]);
    return { ...opened, shown: await readReserved(fleet) };
  }

  async function readReserve(fleet: TestFleet) {
    const row = await fleet.store.selectFrom("deployments").selectAll().where("sequence", "=", 3).executeTakeFirst();
    return { state: row?.state, detail: row?.detail };
  }

  it("and that a terminal reports all the same is recorded, with an alarm", async () => {
    const { fleet, terminal, receive, shown } = await openShown();
    await receive(terminal, "report", terminal.report(shown, "verified"));
    await receive(terminal, "report", terminal.report(shown, "committed"));
    expect(await readReserve(fleet)).toMatchObject({ state: "committed" });
    expect(await readAlarms(fleet)).toEqual(["alarm.reserve_unordered"]);
    expect(await fleet.store.selectFrom("merchants").select("name").execute()).toEqual([
      { name: "福州闽江春茶文化有限公司" },
    ]);
  });

  it("and that a terminal refuses stays as it is, with an alarm", async () => {
    const { fleet, terminal, receive, shown } = await openShown();
    await receive(terminal, "report", terminal.report(shown, "refused"));
    expect(await readReserve(fleet)).toMatchObject({ state: "reserved" });
    expect(await readAlarms(fleet)).toEqual(["alarm.reserve_unordered"]);
  });

  it("and that a hello proves to be committed is recorded, with an alarm", async () => {
    const { fleet, terminal, receive, shown } = await openShown();
    terminal.report(shown, "committed");
    await receive(terminal, "hello", terminal.hello());
    expect(await readReserve(fleet)).toEqual({ state: "committed", detail: "told by hello" });
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["alarm.reserve_unordered", "deployment.concluded"]);
  });

  it("lapses where a hello proves that the terminal holds something else by now", async () => {
    const { fleet, terminal, receive } = await openShown();
    await receive(terminal, "hello", terminal.hello());
    expect(await readReserve(fleet)).toMatchObject({ state: "reserved" });
    terminal.current = terminal.previous;
    await receive(terminal, "hello", terminal.hello());
    expect(await readReserve(fleet)).toMatchObject({ state: "lapsed" });
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("deployment.lapsed");
  });
});

async function readAlarms(fleet: TestFleet): Promise<readonly string[]> {
  return (await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"));
}
