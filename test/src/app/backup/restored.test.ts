import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyTrust } from "../../../../certs/trust/verify.ts";
import { toErrorCode } from "../../../../proto/errors.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { placeOrder, toBindingFacts } from "../../../../src/app/acquirers/orders.ts";
import { attest, issueAttestation } from "../../../../src/app/attestation/issue.ts";
import { adoptRelease } from "../../../../src/app/backup/adopt-release.ts";
import { readRestoreStatus } from "../../../../src/app/backup/restore-status.ts";
import { createChange } from "../../../../src/app/changes/draft.ts";
import { createTokens } from "../../../../src/app/enrolment/tokens.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { openChallenges } from "../../../../src/app/proof/challenges.ts";
import { listLedger } from "../../../../src/app/queries/ledger.ts";
import { changeLife } from "../../../../src/app/registry/change-life.ts";
import { buildRelease } from "../../../../src/app/release/build.ts";
import { orderRollback } from "../../../../src/app/release/order-rollback.ts";
import { openTrust } from "../../../../src/app/trust-files.ts";
import { MAX_SEQUENCE_STEP } from "../../../../src/domain/release-check.ts";
import { RESTORE_GAP } from "../../../../src/domain/restore.ts";
import { listOrdersOf } from "../../../../src/store/acquirer-orders.ts";
import { listChangeEvents } from "../../../../src/store/changes.ts";
import { transact } from "../../../../src/store/store.ts";
import { openTestAccounts } from "../../../support/accounts.ts";
import { toCard } from "../../../support/acquirers.ts";
import { BACKUP_AT, openBackedUp } from "../../../support/backups.ts";
import { toNewChange } from "../../../support/changes.ts";
import { commitAll } from "../../../support/committed.ts";
import {
  enrolFleet,
  MERCHANT,
  openTestFleet,
  readLedgerKinds,
  release,
  signFile,
  type TestFleet,
  toFleetRow,
  toRequest,
  toTerminalFields,
} from "../../../support/fleet-store.ts";
import { greet, restoreSnapshot, TRUST, takeSnapshot } from "../../../support/restored-fleet.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";

const HOUR_S = 3_600;

async function openRestored(count = 1) {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  const { restored, counts } = await restoreSnapshot(fleet, await takeSnapshot(fleet));
  return { fleet, terminals, terminal: terminals[0] as TestTerminal, restored, counts };
}

const reasonOf = (fleet: TestFleet) =>
  buildRelease(fleet, toRequest()).then(
    () => "built",
    (error: { readonly fields?: { readonly reasons?: string } }) => error.fields?.reasons ?? toErrorCode(error),
  );

async function readIssued({ store }: TestFleet, tusn: Tusn): Promise<number> {
  const row = await store.selectFrom("terminals").selectAll().where("tusn", "=", tusn).executeTakeFirstOrThrow();
  return row.issuedSequence;
}

describe("a terminal after a restore", () => {
  it("is settled by its hello, with an entry that tells where its sequences go on", async () => {
    const { restored, terminal } = await openRestored();
    expect(await reasonOf(restored)).toBe("unsettled");
    terminal.sequence = 5;
    await greet(restored, [terminal]);
    expect(await readIssued(restored, terminal.tusn)).toBe(5 + RESTORE_GAP);
    expect(await reasonOf(restored)).toBe("built");
    const { entries } = await listLedger(restored.store, 0, 100);
    const settled = entries.find(({ kind }) => kind === "restore.settled");
    expect(settled).toMatchObject({ subject: terminal.tusn, actor: terminal.tusn });
    expect(JSON.parse(settled?.detail ?? "")).toEqual({ accepted: 5, issued: 5 + RESTORE_GAP, restored: 0 });
    // Once and for all: its next hello moves nothing.
    await greet(restored, [terminal]);
    expect(await readIssued(restored, terminal.tusn)).toBe(5 + RESTORE_GAP);
  });

  it("is an alarm where it accepted more than the gap holds, and not believed where it cannot be", async () => {
    const { restored, terminals } = await openRestored(2);
    const [lost, liar] = terminals as [TestTerminal, TestTerminal];
    lost.sequence = RESTORE_GAP + 1;
    liar.sequence = MAX_SEQUENCE_STEP + 1;
    await greet(restored, terminals);
    expect((await readLedgerKinds(restored)).filter((kind) => kind === "alarm.restore_gap")).toHaveLength(1);
    expect(await readIssued(restored, lost.tusn)).toBe(2 * RESTORE_GAP + 1);
    expect(await readIssued(restored, liar.tusn)).toBe(0);
    const { unsettled, terminals: left } = await readRestoreStatus(restored.store, TRUST, { after: "", limit: 9 });
    expect({ unsettled, left: left.map(({ tusn }) => tusn) }).toEqual({ unsettled: 1, left: [liar.tusn] });
  });

  it("gets nothing while it holds newer trust than was restored, and is settled when that has caught up", async () => {
    const { restored, terminals } = await openRestored(2);
    const [newer] = terminals as [TestTerminal];
    await greet(restored, [newer], { rootVersion: 2 });
    expect(await readRestoreStatus(restored.store, TRUST, { after: "", limit: 9 })).toMatchObject({
      ...{ unsettled: 2, enrolled: 2 },
      terminals: [{ tusn: newer.tusn, reason: "trust_ahead" }, { reason: "not_heard" }],
    });
    expect(await readLedgerKinds(restored)).toContain("alarm.trust_ahead");
    expect(await reasonOf(restored)).toBe("unsettled");
    await greet(restored, [newer], { rootVersion: 2 }, { timestampVersion: 1, rootVersion: 2 });
    expect(await reasonOf(restored)).toBe("built");
  });

  it("is unsettled, too, where it comes on record only then: it may have been there before", async () => {
    const { restored } = await openRestored();
    const row = toFleetRow(toTerminalFields(7));
    await importFleet(restored, [row]);
    const status = await readRestoreStatus(restored.store, TRUST, { after: "", limit: 9 });
    expect(status).toMatchObject({ unsettled: 2, enrolled: 1 });
    expect(status.terminals.map(({ tusn }) => tusn)).toContain(row.terminal.tusn);
    expect((await readRestoreStatus(restored.store, TRUST, { after: row.terminal.tusn, limit: 9 })).terminals).toEqual(
      [],
    );
  });

  it("gets no way back that was approved before, until it is settled", async () => {
    const fleet = await openTestFleet();
    const terminals = await enrolFleet(fleet, 1);
    await release(fleet);
    await commitAll(fleet, terminals);
    const { releaseId } = await release(fleet, { patch: { parameters: { amountFen: 2 } }, withRollback: true });
    await commitAll(fleet, terminals);
    const { restored } = await restoreSnapshot(fleet, await takeSnapshot(fleet));
    const order = () => orderRollback(restored, { releaseId, reason: "misprinted" }, fleet.approvers.policy);
    await expect(order()).rejects.toThrow(expect.objectContaining({ code: "NOTHING_TO_RELEASE" }));
    await greet(restored, terminals);
    expect(await order()).toMatchObject({ ordered: 1 });
  });

  it("is not counted where it is out of service", async () => {
    const { fleet, restored, terminal } = await openRestored();
    await changeLife(restored, terminal.tusn, "suspend", { actor: "wang", reason: "lost" });
    expect(await readRestoreStatus(restored.store, TRUST, { after: "", limit: 0 })).toMatchObject({ unsettled: 1 });
    await changeLife(restored, terminal.tusn, "retire", { actor: "wang", reason: "lost" });
    expect(await readRestoreStatus(restored.store, TRUST, { after: "", limit: 9 })).toMatchObject({ unsettled: 0 });
    expect(await readRestoreStatus(fleet.store, TRUST, { after: "", limit: 9 })).toEqual({
      ...{ unsettled: 0, enrolled: 0, terminals: [] },
    });
  });
});

describe("a release that was published after the backup", () => {
  it("is adopted only where the people of today's policy approved it", async () => {
    const [fleet, other] = [await openTestFleet(), await openTestFleet()];
    await enrolFleet(fleet, 1);
    const { file } = await buildRelease(fleet, toRequest());
    const { policy } = fleet.approvers;
    const act = { actor: "wang", reason: "lost" };
    const refused = adoptRelease(fleet, signFile(other, file), policy, act);
    await expect(refused).rejects.toThrow(expect.objectContaining({ code: "STATEMENT_UNSIGNED" }));
    expect(await fleet.store.selectFrom("profiles").selectAll().execute()).toEqual([]);
    expect(await adoptRelease(fleet, signFile(fleet, file), policy, act)).toMatchObject({ profiles: 1 });
    expect(await fleet.store.selectFrom("profiles").selectAll().execute()).toHaveLength(1);
    expect(await readLedgerKinds(fleet)).toContain("restore.adopted");
  });
});

describe("a restore", () => {
  it("closes what could be used once and may have been used since", async () => {
    const { fleet, keyFile, administration, ...accounts } = await openTestAccounts();
    expect(accounts).toBeDefined();
    const terminals = await enrolFleet(fleet, 2);
    const tusns = terminals.map(({ tusn }) => tusn);
    await createTokens(fleet, tusns.slice(0, 1), { validS: 86_400, needsAdmission: false, actor: "wang" });
    await fleet.store.updateTable("proofs").set({ dueAt: fleet.at }).execute();
    const asked = await openChallenges(fleet, tusns, 10);
    const act = { actor: "root", reason: "test" };
    const person = { role: "operator", displayName: "李梅", person: "", merchants: [] } as const;
    await administration.add({ name: "li.mei", ...person }, act);
    const session = { digest: randomBytes(32), account: "li.mei", createdAt: 1, lastSeen: 1, mac: randomBytes(32) };
    await fleet.store.insertInto("sessions").values(session).execute();

    const { restored, counts } = await restoreSnapshot(fleet, await takeSnapshot(fleet), { accountKeyFile: keyFile });
    expect(counts.closed).toMatchObject({ tokens: 1, sessions: 1, challenges: asked.length, accounts: ["li.mei"] });
    const { store } = restored;
    const [token] = await store.selectFrom("enrolmentTokens").selectAll().execute();
    expect(token).toMatchObject({ closedWhy: "withdrawn", closedAt: fleet.at });
    expect(await store.selectFrom("sessions").selectAll().execute()).toEqual([]);
    expect(await store.selectFrom("proofs").select("tusn").where("challenge", "is not", null).execute()).toEqual([]);
    const [account] = await store.selectFrom("accounts").selectAll().execute();
    expect(account).toMatchObject({ name: "li.mei", state: "disabled" });
    expect(await readLedgerKinds(restored)).toEqual(
      expect.arrayContaining(["service.restored", "terminal.token_withdrawn", "account.disabled"]),
    );
    // Of the service that goes on, if it does, nothing was touched.
    expect(await fleet.store.selectFrom("sessions").selectAll().execute()).toHaveLength(1);
  });

  it("closes the directives that waited where it is told to: they may have been superseded since", async () => {
    const fleet = await openTestFleet();
    const terminals = await enrolFleet(fleet, 2);
    await release(fleet);
    const { restored, counts } = await restoreSnapshot(fleet, await takeSnapshot(fleet), { closeWaiting: true });
    expect(counts).toMatchObject({ waiting: 0, closed: { directives: 2 } });
    const rows = await restored.store.selectFrom("deployments").select(["state", "code"]).execute();
    expect(rows).toEqual([1, 2].map(() => ({ state: "superseded", code: "RESTORE_UNSETTLED" })));
    expect(await restored.store.selectFrom("outbox").selectAll().execute()).toEqual([]);
    await greet(restored, terminals);
    expect(await reasonOf(restored)).toBe("built");
  });

  it("holds the orders to acquirers that have not ended, counts them, and tells it with each change", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet, 1);
    const { id } = await createChange(fleet, toNewChange());
    const facts = { wanted: toBindingFacts(toCard().binding), before: undefined, sealed: undefined };
    const states = ["requested", "unknown", "auditing", "succeeded", "contradicted", "confirmed", "failed"] as const;
    for (const state of states) {
      const order = { requestNo: `CHG-${state}`, change: id, purpose: "change", acquirer: state } as const;
      await transact(fleet.store, (tx) => placeOrder(tx, fleet.at, { ...order, merchant: MERCHANT, ...facts }));
      await fleet.store.updateTable("acquirerOrders").set({ state }).where("acquirer", "=", state).execute();
    }
    const { restored, counts } = await restoreSnapshot(fleet, await takeSnapshot(fleet));
    expect(counts.held).toBe(5);
    const { store } = restored;
    expect((await listOrdersOf(store, id)).map(({ acquirer, state }) => `${acquirer} ${state}`).toSorted()).toEqual([
      ...["auditing held", "confirmed confirmed", "contradicted held", "failed failed", "requested held"],
      ...["succeeded held", "unknown held"],
    ]);
    expect((await readLedgerKinds(restored)).filter((kind) => kind === "alarm.acquirer_held")).toHaveLength(5);
    expect((await listChangeEvents(store, id)).filter(({ event }) => event === "acquirer")).toHaveLength(5);
    // Restored once more, they are held as before.
    expect((await restoreSnapshot(restored, await takeSnapshot(restored))).counts.held).toBe(5);
  });

  it("signs a timestamp above all that the lost service can have signed since", async () => {
    const service = await openBackedUp();
    const lost = await openTrust(service.folder.trust);
    const file = await service.back();
    const start = lost.trust().issued;
    const until = start + 100 * HOUR_S;
    for (let now = start; now <= until; now += HOUR_S) await lost.renewTimestamp(now);
    await service.restore(file, { now: () => until });
    const restored = await openTrust(join(service.target, "trust"));
    expect(restored.trust().versions.timestamp).toBeGreaterThan(lost.trust().versions.timestamp);
    // A terminal that holds the last of the lost service's takes it.
    expect(verifyTrust(lost.trust().root, restored.bundle(), lost.trust().versions).issued).toBe(until);
  });

  it("tells what is lost by an attestation that was issued later, and believes no other", async () => {
    const service = await openBackedUp();
    await importFleet(service.context, [toFleetRow()]);
    const file = await service.back();
    const attestor = {
      trust: await openTrust(service.folder.trust),
      ...{ trustFolder: service.folder.trust, authority: service.folder.authority.certificate },
    };
    const attestation = await attest(service.context, attestor, toFleetRow().terminal.tusn);
    if (attestation === undefined) throw new Error("no attestation");
    const signed = await issueAttestation(attestor, attestation);
    const forged = Buffer.from(signed).fill("A", 20, 24);
    await expect(service.restore(file, { attestation: forged })).rejects.toThrow(
      expect.objectContaining({ code: "ATTESTATION_INVALID" }),
    );
    const { seen, ledger, at } = await service.restore(file, { attestation: signed });
    // The entry of the backup itself.
    expect({ size: ledger.size, seen: seen?.size, at }).toEqual({ size: 1, seen: 2, at: BACKUP_AT });
  });
});
