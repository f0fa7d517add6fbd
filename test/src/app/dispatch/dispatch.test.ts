import { describe, expect, it } from "vitest";
import type { Policy } from "../../../../certs/trust/policy.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { Dispatch, MAX_SENDS, RESEND_AFTER_S } from "../../../../src/app/dispatch/dispatch.ts";
import { Presence } from "../../../../src/app/presence.ts";
import { OUTCOME_GRACE_S } from "../../../../src/domain/validity.ts";
import { readLedgerKinds, release } from "../../../support/fleet-store.ts";
import { openDispatch, readOutbox, readStates } from "../../../support/test-dispatch.ts";

const DAY_S = 86_400;

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
    presence.greeted(tusn, presence.connection(tusn), { lacksTrust: false, rootVersion: 1 });
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
    presence.greeted(tusn, presence.connection(tusn), { lacksTrust: false, rootVersion: 1 });
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

  it("withholds nothing that was answered before it could be withheld", async () => {
    const { fleet, presence } = await openDispatch();
    let answered: Promise<unknown> | undefined;
    const late = new Dispatch(fleet, {
      presence,
      // Whoever approved it was removed from the policy while the terminal took it.
      policy: () => {
        answered ??= Promise.all([
          fleet.store.updateTable("deployments").set({ state: "committed" }).execute(),
          fleet.store.deleteFrom("outbox").execute(),
        ]);
        return { ...fleet.approvers.policy, persons: [] };
      },
      send: () => true,
    });
    await late.poll();
    await answered;
    expect(await readStates(fleet)).toEqual(["committed"]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([]);
  });

  it("waits while the trust that terminals judge by has expired: they would refuse for good", async () => {
    const { fleet, tusn, presence } = await openDispatch();
    const sent: Tusn[] = [];
    let policy: Policy | undefined;
    const waiting = new Dispatch(fleet, { presence, policy: () => policy, send: (to) => sent.push(to) > 0 });
    await waiting.poll();
    expect(sent).toEqual([]);
    expect(await readStates(fleet)).toEqual(["pending"]);
    expect(await readOutbox(fleet)).toEqual([{ tusn, dueAt: fleet.at, sends: 0 }]);
    policy = fleet.approvers.policy;
    await waiting.poll();
    expect(sent).toEqual([tusn]);
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
