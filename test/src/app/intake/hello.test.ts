import { describe, expect, it } from "vitest";
import { readLedgerKinds, release, START } from "../../../support/fleet-store.ts";
import { count, openIntake, openReleased, readCodes, readDeployment } from "../../../support/test-intake.ts";

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

  it("concludes a directive whose report was lost, records and ledger included", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    terminal.report(delivery, "committed");
    await receive(terminal, "hello", terminal.hello());
    expect(await readDeployment(fleet)).toMatchObject({ state: "committed", detail: "told by hello" });
    expect(await count(fleet, "outbox")).toBe(0);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("deployment.concluded");
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

  it("with a sequence below the one it once told raises an alarm", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "committed"));
    terminal.sequence = 0;
    await receive(terminal, "hello", terminal.hello());
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("alarm.sequence_behind");
  });
});
