import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { DEFAULT_CAPS } from "../../../../certs/trust/policy.ts";
import { toLedgerEntryBytes } from "../../../../proto/ledger-entry.ts";
import { parseStatement, toStatementBytes } from "../../../../proto/statement.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { RESEND_AFTER_S } from "../../../../src/app/dispatch/dispatch.ts";
import type { Schema } from "../../../../src/store/schema.ts";
import { readLedgerKinds, release } from "../../../support/fleet-store.ts";
import { createApprovers } from "../../../support/release.ts";
import { openDispatch, openHeld, openReserved, readOutbox, readStates } from "../../../support/test-dispatch.ts";

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
    ["releases", { reason: "another reason" }],
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
    const alarm = table === "signatures" ? "alarm.not_approved" : "alarm.record_altered";
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([alarm]);
    expect(await readOutbox(fleet)).toEqual([]);
    expect(await readStates(fleet)).toEqual(["superseded"]);
  });

  it("to a digest that is none holds up no other directive whose time is over", async () => {
    const { fleet, dispatch, presence, tusns } = await openDispatch(2);
    for (const tusn of tusns) presence.disconnected(tusn);
    await fleet.store
      .updateTable("deployments")
      .set({ directiveDigest: Buffer.from("none") })
      .where("tusn", "=", tusns[0] as Tusn)
      .execute();
    fleet.at += 2 * 86_400;
    await dispatch.poll();
    expect(await readStates(fleet)).toEqual(["superseded", "superseded"]);
    expect(await readOutbox(fleet)).toEqual([]);
  });

  it("to a digest that is none keeps no new release from being published", async () => {
    const { fleet } = await openDispatch();
    await fleet.store
      .updateTable("deployments")
      .set({ directiveDigest: Buffer.from("none") })
      .execute();
    expect(await release(fleet)).toMatchObject({ deployments: 1, superseded: 1 });
  });

  it("to a sequence that no number here can hold raises an alarm once", async () => {
    const { fleet, dispatch, sent } = await openDispatch();
    await sql`pragma foreign_keys = off`.execute(fleet.store);
    await sql`update deployments set sequence = 1152921504606846977`.execute(fleet.store);
    await sql`update outbox set sequence = 1152921504606846977`.execute(fleet.store);
    await dispatch.poll();
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual(["alarm.record_altered"]);
    expect(await readOutbox(fleet)).toEqual([]);
  });

  it("in the profile that a directive replaces reaches no terminal, and raises an alarm once", async () => {
    const { fleet, terminal, dispatch, sent } = await openHeld();
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    await fleet.store.updateTable("profiles").set({ bytes: terminal.current }).execute();
    await dispatch.poll();
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual(["alarm.record_altered"]);
  });

  it("in what is sealed has it delivered: the terminal alone can tell, and tells", async () => {
    const { fleet, dispatch, sent } = await openDispatch();
    const sealed = Buffer.alloc(80, 7);
    await fleet.store.updateTable("deployments").set({ sealed }).execute();
    await dispatch.poll();
    expect(sent).toMatchObject([{ sealed }]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([]);
  });

  it("into something sealed that no terminal would read reaches none, and raises an alarm once", async () => {
    const { fleet, dispatch, sent } = await openDispatch();
    await fleet.store
      .updateTable("deployments")
      .set({ sealed: Buffer.alloc(129, 7) })
      .execute();
    await dispatch.poll();
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual(["alarm.record_altered"]);
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
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect(await readStates(fleet)).toEqual(["superseded"]);
    expect(await fleet.store.selectFrom("deployments").select("code").execute()).toEqual([
      { code: "STATEMENT_UNSIGNED" },
    ]);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("alarm.not_approved");
  });

  it.each([
    ["TYPE_NOT_ALLOWED", { types: [] }],
    ["CAP_EXCEEDED", { caps: { ...DEFAULT_CAPS, directivesPerBindingRelease: 1 } }],
  ] as const)("nor from one that the policy of today does not permit: %s", async (code, change) => {
    const { fleet, dispatch, sent, state } = await openDispatch(2);
    state.policy = { ...fleet.approvers.policy, ...change };
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect(await fleet.store.selectFrom("deployments").select(["state", "code"]).execute()).toEqual([
      { state: "superseded", code },
      { state: "superseded", code },
    ]);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["alarm.not_approved", "alarm.not_approved"]);
  });

  it("that was sent to already under another policy is not sent again", async () => {
    const { fleet, dispatch, sent, state } = await openDispatch();
    await dispatch.poll();
    expect(sent).toHaveLength(1);
    state.policy = createApprovers(fleet.at).policy;
    fleet.at += RESEND_AFTER_S;
    await dispatch.poll();
    expect(sent).toHaveLength(1);
    expect(await readStates(fleet)).toEqual(["superseded"]);
  });

  it("to order a way back that nobody ordered reaches no terminal, and raises an alarm once", async () => {
    const { fleet, dispatch, sent, tusn } = await openReserved();
    const { store } = fleet;
    const [{ sequence }] = (await store
      .selectFrom("deployments")
      .select("sequence")
      .where("state", "=", "reserved")
      .execute()) as [{ sequence: number }];
    const { idx } = await store.selectFrom("ledger").select("idx").orderBy("idx", "desc").executeTakeFirstOrThrow();
    await store
      .updateTable("deployments")
      .set({ state: "pending", orderIndex: idx })
      .where("state", "=", "reserved")
      .execute();
    await store.insertInto("outbox").values({ tusn, sequence, dueAt: 0, sends: 0 }).execute();
    await dispatch.poll();
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual(["alarm.record_altered"]);
    expect(await readOutbox(fleet)).toEqual([]);
    const { state, code } = await store
      .selectFrom("deployments")
      .selectAll()
      .where("sequence", "=", sequence)
      .executeTakeFirstOrThrow();
    expect({ state, code }).toEqual({ state: "superseded", code: "STATE_CONFLICT" });
  });

  it("cannot use the order of another directive, nor one that he altered", async () => {
    const { fleet, dispatch, sent, tusn } = await openReserved();
    const { store } = fleet;
    const [entry] = await store.selectFrom("ledger").selectAll().orderBy("idx", "desc").limit(1).execute();
    const row = await store
      .selectFrom("deployments")
      .selectAll()
      .where("state", "=", "reserved")
      .executeTakeFirstOrThrow();
    const order = { at: 1, kind: "deployment.ordered", actor: "service", subject: tusn, digest: row.directiveDigest };
    const bytes = toLedgerEntryBytes({ ...order, detail: "{}" });
    await store
      .updateTable("ledger")
      .set({ bytes })
      .where("idx", "=", entry?.idx ?? 0)
      .execute();
    await store
      .updateTable("deployments")
      .set({ state: "pending", orderIndex: entry?.idx ?? 0 })
      .where("state", "=", "reserved")
      .execute();
    await store.insertInto("outbox").values({ tusn, sequence: row.sequence, dueAt: 0, sends: 0 }).execute();
    await dispatch.poll();
    expect(sent).toEqual([]);
  });
});
