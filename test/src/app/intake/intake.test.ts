import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { generateRsaKey } from "../../../../certs/x509/rsa-key.ts";
import { toDigest } from "../../../../proto/bytes.ts";
import { parseTusn } from "../../../../proto/tusn.ts";
import { Intake } from "../../../../src/app/intake/intake.ts";
import { verifyLedger } from "../../../../src/app/queries/ledger.ts";
import { listReports } from "../../../../src/store/reports.ts";
import { transact } from "../../../../src/store/store.ts";
import { MERCHANT, readLedgerKinds, release, START } from "../../../support/fleet-store.ts";
import { readDeliveries } from "../../../support/queued-deliveries.ts";
import { count, openIntake, openReleased, readCodes, readDeployment } from "../../../support/test-intake.ts";
import { TestTerminal } from "../../../support/test-terminal.ts";

describe("a report", () => {
  it("moves its deployment on, empties the outbox, is stored once and gets a receipt", async () => {
    const { fleet, terminal, delivery, receive, receipts } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "verified"));
    expect(await readDeployment(fleet)).toMatchObject({ state: "verified" });
    expect(await count(fleet, "outbox")).toBe(0);
    await receive(terminal, "report", terminal.report(delivery, "applied"));
    await receive(terminal, "report", terminal.report(delivery, "committed"));
    expect(await readDeployment(fleet)).toMatchObject({ state: "committed", code: "" });
    expect((await listReports(fleet.store, terminal.tusn)).map(({ kind }) => kind)).toEqual([
      "verified",
      "applied",
      "committed",
    ]);
    expect(receipts.map(({ counter }) => counter)).toEqual([1, 2, 3]);
    expect((await readLedgerKinds(fleet)).slice(-4)).toEqual([
      "report.verified",
      "report.applied",
      "report.committed",
      "terminal.active",
    ]);
  });

  it("of a commit brings what the terminal holds and the records up to date", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "committed"));
    const first = terminal.current;
    await release(fleet, { patch: { merchant: { name: "新名字" }, acquiring: { terminalNo: "58D99999" } } });
    const [next = delivery] = await readDeliveries(fleet);
    await receive(terminal, "report", terminal.report(next, "committed"));
    const { store } = fleet;
    expect(await store.selectFrom("merchants").select(["number", "name"]).execute()).toEqual([
      { number: MERCHANT, name: "新名字" },
    ]);
    expect(await store.selectFrom("terminals").select("terminalNo").execute()).toEqual([{ terminalNo: "58D99999" }]);
    expect(await store.selectFrom("reported").selectAll().execute()).toMatchObject([
      { currentDigest: terminal.current, previousDigest: first, sequence: 2, lastSeen: START },
    ]);
  });

  it("of a commit takes only what the profile changed into the records", async () => {
    const { fleet, terminals, receive } = await openReleased(2);
    for (const [n, bytes] of (await readDeliveries(fleet)).entries()) {
      const terminal = terminals[n] as TestTerminal;
      await receive(terminal, "report", terminal.report(bytes, "committed"));
    }
    const [first, second] = terminals as [TestTerminal, TestTerminal];
    await release(fleet, { tusns: [first.tusn], patch: { merchant: { name: "新名字" } } });
    const [renaming = new Uint8Array(0)] = await readDeliveries(fleet);
    await receive(first, "report", first.report(renaming, "committed"));
    await release(fleet, { tusns: [second.tusn], patch: { parameters: { attempts: 3 } } });
    const [other = new Uint8Array(0)] = await readDeliveries(fleet);
    await receive(second, "report", second.report(other, "committed"));
    expect(await fleet.store.selectFrom("merchants").select("name").execute()).toEqual([{ name: "新名字" }]);
  });

  it("of a rollback says why, and changes no record", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    const before = await fleet.store.selectFrom("merchants").selectAll().execute();
    await receive(terminal, "report", terminal.report(delivery, "rolled_back"));
    expect(await readDeployment(fleet)).toEqual({ state: "rolled_back", code: "TEST_FAILED", detail: "97" });
    expect(await fleet.store.selectFrom("merchants").selectAll().execute()).toEqual(before);
  });

  it("that comes again gets its receipt again, and nothing else", async () => {
    const { fleet, terminal, delivery, receive, receipts } = await openReleased();
    const report = terminal.report(delivery, "committed");
    await receive(terminal, "report", report);
    const kinds = await readLedgerKinds(fleet);
    await receive(terminal, "report", report);
    await Promise.all([receive(terminal, "report", report), receive(terminal, "report", report)]);
    expect(receipts).toHaveLength(4);
    expect(await count(fleet, "reports")).toBe(1);
    expect(await readLedgerKinds(fleet)).toEqual(kinds);
  });

  it("under a used counter with other content is no report: alarms, no receipt, nothing stored", async () => {
    const { fleet, terminal, delivery, receive, receipts } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "verified"));
    terminal.counter -= 1;
    await receive(terminal, "report", terminal.report(delivery, "committed"));
    expect(readCodes(fleet)).toEqual(["REPORT_INVALID"]);
    expect(receipts).toHaveLength(1);
    expect(await readDeployment(fleet)).toMatchObject({ state: "verified" });
    // Two devices use one identity: the terminal is in quarantine from here on.
    expect((await readLedgerKinds(fleet)).slice(-3)).toEqual([
      "alarm.report_conflict",
      "terminal.quarantined",
      "alarm.clone_suspected",
    ]);
    expect(await count(fleet, "reports")).toBe(1);
  });

  it("under a used counter raises its alarms once, however often a terminal without receipt sends it again", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "verified"));
    terminal.counter -= 1;
    const other = terminal.report(delivery, "committed");
    await Promise.all([receive(terminal, "report", other), receive(terminal, "report", other)]);
    await receive(terminal, "report", other);
    const alarms = (await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"));
    expect(alarms).toEqual(["alarm.report_conflict", "alarm.clone_suspected"]);
    expect(readCodes(fleet)).toEqual(Array(3).fill("REPORT_INVALID"));
  });

  it("that does not echo the nonce answers nothing we asked: stored with an alarm, the deployment waits on", async () => {
    const { fleet, terminal, delivery, receive, receipts } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "committed", { nonce: Buffer.alloc(16, 1) }));
    expect(await readDeployment(fleet)).toMatchObject({ state: "pending" });
    expect(receipts).toHaveLength(1);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["report.committed", "alarm.report_conflict"]);
  });

  it("of a refusal of bytes we never sent is news of an attack: stored, in the ledger, receipted", async () => {
    const { fleet, terminal, delivery, receive, receipts } = await openReleased();
    const forged = toDigest(Uint8Array.of(1));
    await receive(
      terminal,
      "report",
      terminal.report(delivery, "refused", { directive: forged, nonce: new Uint8Array(0) }),
    );
    expect(await readDeployment(fleet)).toMatchObject({ state: "pending" });
    expect(await count(fleet, "outbox")).toBe(1);
    expect(receipts).toHaveLength(1);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("report.refused");
  });

  it("of an outcome sends what the terminal left alone meanwhile, though it was given up", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    await fleet.store.updateTable("outbox").set({ dueAt: null, sends: 4 }).execute();
    await receive(terminal, "report", terminal.report(delivery, "verified"));
    expect(await fleet.store.selectFrom("outbox").select(["sequence", "dueAt"]).execute()).toEqual([
      { sequence: 2, dueAt: null },
    ]);
    await receive(terminal, "report", terminal.report(delivery, "rolled_back"));
    expect(await fleet.store.selectFrom("outbox").select(["sequence", "dueAt"]).execute()).toEqual([
      { sequence: 2, dueAt: START },
    ]);
  });

  it("that contradicts an outcome leaves it, with an alarm", async () => {
    const { fleet, terminal, delivery, receive, receipts } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "committed"));
    await receive(terminal, "report", terminal.report(delivery, "rolled_back"));
    expect(await readDeployment(fleet)).toMatchObject({ state: "committed" });
    expect(receipts).toHaveLength(2);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("alarm.report_conflict");
  });

  it("with a card number in it counts, and the number is kept nowhere", async () => {
    const { fleet, terminal, delivery, receive, receipts } = await openReleased();
    const detail = "card 6228480402564890018";
    await receive(terminal, "report", terminal.report(delivery, "rolled_back", { detail }));
    expect(await readDeployment(fleet)).toMatchObject({ state: "rolled_back", detail: "card 622848*********0018" });
    expect(await fleet.store.selectFrom("reports").select("payload").execute()).toEqual([{ payload: Buffer.alloc(0) }]);
    expect(receipts).toHaveLength(1);
  });

  it("that is late changes nothing of what a newer message told", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    const late = terminal.report(delivery, "verified");
    const committed = terminal.report(delivery, "committed");
    await receive(terminal, "report", committed);
    await receive(terminal, "report", late);
    expect(await readDeployment(fleet)).toMatchObject({ state: "committed" });
    expect(await fleet.store.selectFrom("reported").select(["counter", "currentDigest"]).execute()).toEqual([
      { counter: 2, currentDigest: terminal.current },
    ]);
  });

  it("about another terminal's directive is nobody's progress", async () => {
    const { fleet, terminals, deliveries, receive } = await openReleased(2);
    const [, second] = terminals as [TestTerminal, TestTerminal];
    await receive(second, "report", second.report(deliveries[0] as Uint8Array, "committed"));
    const states = await fleet.store.selectFrom("deployments").select("state").execute();
    expect(states).toEqual([{ state: "pending" }, { state: "pending" }]);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("alarm.report_conflict");
  });
});

describe("a message that proves nothing", () => {
  it("is dropped and logged by its code, and the service goes on", async () => {
    const { fleet, terminal, delivery, receive, receipts, terminals } = await openReleased(2);
    const stranger = new TestTerminal(terminal.tusn, await generateRsaKey());
    const other = terminals[1] as TestTerminal;
    await receive(terminal, "report", stranger.report(delivery, "committed"));
    await receive(terminal, "report", terminal.hello());
    await receive(terminal, "report", other.report(delivery, "committed"));
    await receive(terminal, "report", Buffer.from("no envelope"));
    await receive(terminal, "report", new Uint8Array(0));
    await receive(terminal, "hello", terminal.sign("hello", Buffer.from("no hello")));
    const unknown = new TestTerminal(parseTusn("0000290210015708"), terminal.deviceKey);
    await receive(unknown, "hello", unknown.hello());
    expect(readCodes(fleet)).toEqual([
      "SIGNATURE_INVALID",
      "SIGNATURE_INVALID",
      "WRONG_TERMINAL",
      "BYTES_NOT_CANONICAL",
      "FIELD_INVALID",
      "BYTES_NOT_CANONICAL",
      "NOT_FOUND",
    ]);
    expect(await count(fleet, "reports")).toBe(0);
    await receive(terminal, "report", terminal.report(delivery, "verified"));
    expect(receipts).toHaveLength(1);
  });

  it("signed with a key that was replaced since counts for nothing", async () => {
    const { fleet, terminal, delivery, receive } = await openReleased();
    await receive(terminal, "report", terminal.report(delivery, "verified"));
    const spki = createPublicKey(await generateRsaKey()).export({ type: "spki", format: "der" });
    await fleet.store.updateTable("terminals").set({ deviceKey: spki }).execute();
    await receive(terminal, "report", terminal.report(delivery, "committed"));
    expect(readCodes(fleet)).toEqual(["SIGNATURE_INVALID"]);
    expect(await readDeployment(fleet)).toMatchObject({ state: "verified" });
  });
});

describe("many messages at once", () => {
  it("share transactions, in order, and each gets its receipt once it is stored", async () => {
    const { fleet, terminals, deliveries, receive, receipts } = await openReleased(20);
    const messages = terminals.flatMap((terminal, n) =>
      (["verified", "applied", "committed"] as const).map((kind) =>
        receive(terminal, "report", terminal.report(deliveries[n] as Uint8Array, kind)),
      ),
    );
    await Promise.all(messages);
    const states = await fleet.store.selectFrom("deployments").select("state").execute();
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(["committed"]));
    expect(receipts).toHaveLength(60);
    expect(await count(fleet, "reports")).toBe(60);
    expect(await verifyLedger(fleet.store)).not.toHaveProperty("firstBad");
  });

  it("are not held up by one that the database refuses; that one is rejected so that it comes again", async () => {
    const { fleet, terminals, deliveries, receive, receipts } = await openReleased(3);
    const [first, second, third] = terminals as [TestTerminal, TestTerminal, TestTerminal];
    await sql`create trigger refuse before insert on reports when new.tusn = ${sql.lit(second.tusn)}
      begin select raise(abort, 'refused'); end`.execute(fleet.store);
    const outcomes = await Promise.allSettled(
      [first, second, third].map((terminal, n) =>
        receive(terminal, "report", terminal.report(deliveries[n] as Uint8Array, "committed")),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(receipts.map(({ tusn }) => tusn)).toEqual([first.tusn, third.tusn]);
    await sql`drop trigger refuse`.execute(fleet.store);
    second.counter -= 1;
    await receive(second, "report", second.report(deliveries[1] as Uint8Array, "committed"));
    expect(receipts).toHaveLength(3);
    expect(await verifyLedger(fleet.store)).not.toHaveProperty("firstBad");
  });

  it("are answered where the answer to another one fails", async () => {
    const { fleet, terminals } = await openIntake(3);
    const greeted: string[] = [];
    const intake = new Intake(fleet, {
      proven: () => {},
      trust: () => ({ timestampVersion: 2, rootVersion: 1 }),
      received: () => {},
      greeted: ({ tusn }) => {
        if (tusn === terminals[1]?.tusn) throw new Error("no answer");
        greeted.push(tusn);
      },
    });
    await Promise.all(terminals.map((one) => intake.receive({ tusn: one.tusn, kind: "hello", payload: one.hello() })));
    expect(greeted).toEqual([terminals[0]?.tusn, terminals[2]?.tusn]);
  });

  it("are stored before close resolves", async () => {
    const { fleet, intake, terminal, delivery, receive } = await openReleased();
    void receive(terminal, "report", terminal.report(delivery, "committed"));
    await intake.close();
    expect(await readDeployment(fleet)).toMatchObject({ state: "committed" });
  });

  it("beyond the bound are rejected at once", async () => {
    const { fleet, terminal, receive } = await openIntake();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const blocking = transact(fleet.store, () => held);
    const hello = terminal.hello();
    const all = Array.from({ length: 8_500 }, () => receive(terminal, "hello", hello));
    const outcome = Promise.allSettled(all);
    release();
    await blocking;
    const rejected = (await outcome).filter(({ status }) => status === "rejected");
    expect(rejected.length).toBeGreaterThan(0);
    expect(await fleet.store.selectFrom("reported").select("counter").execute()).toEqual([{ counter: 1 }]);
  });

  it("end in the same state whatever their order, doubled or not", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 8 }), async (order) => {
        const { fleet, terminal, delivery, receive, receipts } = await openReleased();
        const kinds = ["verified", "applied", "refused", "committed"] as const;
        const reports = kinds.map((kind) => terminal.report(delivery, kind));
        const told = [...order, 0, 1, 2, 3];
        await Promise.all(told.map((n) => receive(terminal, "report", reports[n] as Uint8Array)));
        expect(await readDeployment(fleet)).toMatchObject({ state: "committed" });
        expect(await count(fleet, "reports")).toBe(4);
        expect(receipts).toHaveLength(told.length);
        expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("report."))).toHaveLength(4);
      }),
      { numRuns: 15 },
    );
  });
});
