import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { parseStatement, toStatementBytes } from "../../../../proto/statement.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { Dispatch, MAX_SENDS, RESEND_AFTER_S } from "../../../../src/app/dispatch/dispatch.ts";
import { Presence } from "../../../../src/app/presence.ts";
import { OUTCOME_GRACE_S } from "../../../../src/domain/validity.ts";
import type { Schema } from "../../../../src/store/schema.ts";
import { enrolFleet, openTestFleet, readLedgerKinds, release, type TestFleet } from "../../../support/fleet-store.ts";
import { createApprovers } from "../../../support/release.ts";
import { readDelivery } from "../../../support/test-terminal.ts";

const DAY_S = 86_400;

/** A dispatcher over a release for `count` terminals that are all there. */
async function openDispatch(count = 1) {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  await release(fleet);
  const sent: { tusn: Tusn; sequence: number }[] = [];
  const deaf = new Set<Tusn>();
  const presence = new Presence();
  const state = { policy: fleet.approvers.policy };
  const dispatch = new Dispatch(fleet, {
    presence,
    policy: () => state.policy,
    send: (tusn, delivery) => {
      if (deaf.has(tusn)) return false;
      sent.push({ tusn, sequence: readDelivery(delivery).parsed.sequence });
      return true;
    },
  });
  for (const { tusn } of terminals) {
    presence.connected(tusn);
    presence.greeted(tusn, presence.connection(tusn), false);
  }
  const tusns = terminals.map(({ tusn }) => tusn);
  return { fleet, tusns, tusn: tusns[0] as Tusn, dispatch, presence, sent, deaf, state };
}

async function readOutbox(fleet: TestFleet) {
  return fleet.store.selectFrom("outbox").select(["tusn", "dueAt", "sends"]).orderBy("tusn").execute();
}

async function readStates(fleet: TestFleet): Promise<readonly string[]> {
  const rows = await fleet.store.selectFrom("deployments").select("state").orderBy("tusn").execute();
  return rows.map(({ state }) => state);
}

describe("dispatch", () => {
  it("sends each waiting directive once to a terminal that is there, and notes it", async () => {
    const { fleet, tusns, dispatch, sent } = await openDispatch(3);
    await dispatch.poll();
    await dispatch.poll();
    expect(sent).toEqual(tusns.map((tusn) => ({ tusn, sequence: 1 })));
    expect(await readStates(fleet)).toEqual(["sent", "sent", "sent"]);
    expect(await readOutbox(fleet)).toEqual(
      tusns.map((tusn) => ({ tusn, dueAt: fleet.at + RESEND_AFTER_S, sends: 1 })),
    );
  });

  it("sends nothing to a terminal that is not connected or has not said hello", async () => {
    const { fleet, tusns, dispatch, presence, sent } = await openDispatch(3);
    const [absent, silent, present] = tusns as [Tusn, Tusn, Tusn];
    presence.disconnected(absent);
    presence.disconnected(silent);
    presence.connected(silent);
    await dispatch.poll();
    expect(sent).toEqual([{ tusn: present, sequence: 1 }]);
    expect(await readStates(fleet)).toEqual(["pending", "pending", "sent"]);
  });

  it("goes on sending after a poll that found nobody there", async () => {
    const { tusn, dispatch, presence, sent } = await openDispatch(1);
    presence.disconnected(tusn);
    await dispatch.poll();
    presence.connected(tusn);
    presence.greeted(tusn, presence.connection(tusn), false);
    dispatch.wake(tusn);
    await dispatch.poll();
    expect(sent).toEqual([{ tusn, sequence: 1 }]);
  });

  it("sends to one terminal as soon as it is woken for it", async () => {
    const { tusn, dispatch, sent } = await openDispatch();
    dispatch.wake(tusn);
    dispatch.wake(tusn);
    await dispatch.close();
    expect(sent).toHaveLength(1);
  });

  it("sends again after a while without an answer, a bounded number of times", async () => {
    const { fleet, dispatch, sent, tusn } = await openDispatch();
    for (let n = 0; n < MAX_SENDS + 3; n += 1) {
      await dispatch.poll();
      fleet.at += RESEND_AFTER_S - 1;
      await dispatch.poll();
      fleet.at += 1;
    }
    expect(sent).toHaveLength(MAX_SENDS);
    expect(await readOutbox(fleet)).toEqual([{ tusn, dueAt: null, sends: MAX_SENDS }]);
  });

  it("takes a message that could not be handed over as not sent", async () => {
    const { fleet, dispatch, sent, deaf, tusn } = await openDispatch();
    deaf.add(tusn);
    await dispatch.poll();
    expect(await readOutbox(fleet)).toMatchObject([{ sends: 0 }]);
    deaf.clear();
    await dispatch.poll();
    expect(sent).toHaveLength(1);
  });

  it("does not undo an answer that came before the sending was noted", async () => {
    const { fleet, tusn } = await openDispatch();
    const presence = new Presence();
    presence.connected(tusn);
    presence.greeted(tusn, presence.connection(tusn), false);
    let answered: Promise<unknown> = Promise.resolve();
    const quick = new Dispatch(fleet, {
      presence,
      policy: () => fleet.approvers.policy,
      send: () => {
        answered = Promise.all([
          fleet.store.updateTable("deployments").set({ state: "verified" }).execute(),
          fleet.store.deleteFrom("outbox").execute(),
        ]);
        return true;
      },
    });
    await quick.poll();
    await answered;
    expect(await readStates(fleet)).toEqual(["verified"]);
    expect(await readOutbox(fleet)).toEqual([]);
  });

  it("closes a directive that nobody took in its time, with a ledger entry", async () => {
    const { fleet, dispatch, presence, sent, tusns } = await openDispatch(2);
    presence.disconnected(tusns[0] as Tusn);
    await dispatch.poll();
    fleet.at += DAY_S;
    await dispatch.poll();
    expect(await readStates(fleet)).toEqual(["pending", "sent"]);
    fleet.at += 1;
    sent.length = 0;
    await dispatch.poll();
    expect(await readStates(fleet)).toEqual(["superseded", "superseded"]);
    const codes = await fleet.store.selectFrom("deployments").select("code").execute();
    expect(codes).toEqual([{ code: "EXPIRED" }, { code: "EXPIRED" }]);
    expect(await readOutbox(fleet)).toEqual([]);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["deployment.expired", "deployment.expired"]);
  });

  it("gives up an outcome that is long overdue, with one alarm; what is told after all counts", async () => {
    const { fleet, dispatch, tusn } = await openDispatch();
    await dispatch.poll();
    await fleet.store.updateTable("deployments").set({ state: "applied" }).execute();
    await fleet.store.deleteFrom("outbox").execute();
    fleet.at += DAY_S + OUTCOME_GRACE_S;
    await dispatch.poll();
    expect(await readStates(fleet)).toEqual(["applied"]);
    fleet.at += 1;
    await dispatch.poll();
    await dispatch.poll();
    expect(await fleet.store.selectFrom("deployments").select(["state", "code"]).execute()).toEqual([
      { state: "superseded", code: "OUTCOME_OVERDUE" },
    ]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([
      "alarm.outcome_overdue",
    ]);
    expect(await release(fleet, { tusns: [tusn] })).toMatchObject({ deployments: 1 });
  });

  it("goes on at the next poll where the database failed, and loses nothing", async () => {
    const { fleet, dispatch, sent } = await openDispatch();
    const { store } = fleet;
    await store.schema.alterTable("outbox").renameTo("gone").execute();
    await dispatch.poll();
    expect(fleet.lines.at(-1)).toMatchObject({ msg: "dispatch failed", code: "STORE_FAILED" });
    await store.schema.alterTable("gone").renameTo("outbox").execute();
    await dispatch.poll();
    expect(sent).toHaveLength(1);
  });
});

type Tables = Pick<Schema, "releases" | "signatures" | "deployments">;

describe("whoever edits the database", () => {
  const other = Buffer.alloc(32, 1);
  const edits: readonly (readonly [keyof Tables, Record<string, unknown>])[] = [
    ["releases", { purpose: "parameters" }],
    ["releases", { root: other }],
    ["releases", { size: 2 }],
    ["releases", { merchant: "822290058120009" }],
    ["releases", { created: 5 }],
    ["releases", { expires: 5 }],
    ["releases", { statement: Buffer.from("no statement") }],
    ["signatures", { value: Buffer.alloc(64, 1) }],
    ["signatures", { keyId: other }],
    ["deployments", { leafIndex: 1 }],
    ["deployments", { path: other }],
    ["deployments", { directive: Buffer.from("no directive") }],
    ["deployments", { directiveDigest: other }],
    ["deployments", { baseDigest: other }],
    ["deployments", { nonce: Buffer.alloc(15, 1) }],
    ["deployments", { notBefore: 5 }],
    ["deployments", { notAfter: 5_000_000_000 }],
  ];

  it.each(edits)("in %s by %j reaches no terminal, and raises an alarm once", async (table, change) => {
    const { fleet, dispatch, sent } = await openDispatch();
    const where = table === "signatures" ? "key_id = (select min(key_id) from signatures)" : "1 = 1";
    const sets = Object.entries(change).map(
      ([column, value]) => sql`${sql.ref(column.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))} = ${value}`,
    );
    await sql`update ${sql.table(table)} set ${sql.join(sets)} where ${sql.raw(where)}`.execute(fleet.store);
    await dispatch.poll();
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual(["alarm.record_altered"]);
    expect(await readOutbox(fleet)).toEqual([]);
  });

  it("cannot put text where bytes belong, nor the other way round", async () => {
    const { fleet } = await openDispatch();
    for (const edit of ["path = 'abcd'", "nonce = 'x'", "leaf_index = 'x'", "state = x'00'"]) {
      await expect(sql`update deployments set ${sql.raw(edit)}`.execute(fleet.store), edit).rejects.toThrow(
        expect.objectContaining({ code: "STORE_FAILED" }),
      );
    }
  });

  it.each(["path", "directive", "directive_digest", "base_digest", "profile_digest", "nonce", "leaf_index"])(
    "to make %s text all the same holds up nobody else, and raises an alarm once",
    async (column) => {
      const { fleet, dispatch, sent, tusns } = await openDispatch(3);
      const [victim, ...others] = tusns as [Tusn, Tusn, Tusn];
      await sql`pragma foreign_keys = off`.execute(fleet.store);
      // A copy is a table without the strictness of the first one.
      await sql`create table loose as select * from deployments`.execute(fleet.store);
      await sql`drop table deployments`.execute(fleet.store);
      await sql`alter table loose rename to deployments`.execute(fleet.store);
      await sql`update deployments set ${sql.ref(column)} = 'abcd' where tusn = ${victim}`.execute(fleet.store);
      await dispatch.poll();
      await dispatch.poll();
      expect(sent.map(({ tusn }) => tusn)).toEqual(others);
      expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([
        "alarm.record_altered",
      ]);
    },
  );

  it("by giving a directive to another terminal reaches neither", async () => {
    const { fleet, dispatch, sent, tusns } = await openDispatch(2);
    const [first, second] = tusns as [Tusn, Tusn];
    await fleet.store.deleteFrom("outbox").execute();
    await fleet.store.deleteFrom("deployments").where("tusn", "=", second).execute();
    await fleet.store.updateTable("deployments").set({ tusn: second }).where("tusn", "=", first).execute();
    await fleet.store.insertInto("outbox").values({ tusn: second, sequence: 1, dueAt: 0, sends: 0 }).execute();
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("alarm.record_altered");
  });

  it("by swapping in a statement of his own reaches nobody", async () => {
    const { fleet, dispatch, sent } = await openDispatch();
    const row = await fleet.store.selectFrom("releases").selectAll().executeTakeFirstOrThrow();
    const statement = toStatementBytes({ ...parseStatement(row.statement), expires: row.expires + 1 });
    await fleet.store
      .updateTable("releases")
      .set({ statement, expires: row.expires + 1 })
      .execute();
    await dispatch.poll();
    expect(sent).toEqual([]);
  });

  it("gains nothing from a release whose approvers left since", async () => {
    const { fleet, dispatch, sent, state, deaf, tusn } = await openDispatch();
    deaf.add(tusn);
    await dispatch.poll();
    deaf.clear();
    state.policy = createApprovers(fleet.at).policy;
    await dispatch.poll();
    expect(sent).toEqual([]);
  });
});
