import { describe, expect, it } from "vitest";
import { verifyReleaseFile } from "../../../../certs/release.ts";
import { isEqual, toDigest, toHex } from "../../../../proto/bytes.ts";
import { parseReleaseFile } from "../../../../proto/delivery.ts";
import { parseDirective, toDirectiveBytes } from "../../../../proto/directive.ts";
import { parseProfile } from "../../../../proto/profile.ts";
import { parseStatement, toStatementBytes } from "../../../../proto/statement.ts";
import type { ReportKind } from "../../../../proto/terminal-messages.ts";
import { toLeafHash, toTree } from "../../../../proto/tree.ts";
import { closeLapsed } from "../../../../src/app/dispatch/lapse.ts";
import { Intake } from "../../../../src/app/intake/intake.ts";
import { listLedger } from "../../../../src/app/queries/ledger.ts";
import { listTerminals } from "../../../../src/app/queries/terminals.ts";
import { buildRelease } from "../../../../src/app/release/build.ts";
import { buildRollback, type RollbackTarget } from "../../../../src/app/release/build-rollback.ts";
import { orderRollback } from "../../../../src/app/release/order-rollback.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import { commitAll } from "../../../support/committed.ts";
import {
  enrolFleet,
  MERCHANT,
  openTestFleet,
  readLedgerKinds,
  release,
  signFile,
  type TestFleet,
  toRequest,
} from "../../../support/fleet-store.ts";
import { readDeliveries } from "../../../support/queued-deliveries.ts";
import { createApprovers } from "../../../support/release.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";

const DAY_S = 86_400;
const RENAMED = { merchant: { name: "新名字" } };

/** Terminals that hold their first profile. */
async function openHeld(count = 1) {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  await release(fleet);
  await commitAll(fleet, terminals);
  return { fleet, terminals, terminal: terminals[0] as TestTerminal };
}

/** The same after a change of the merchant's name that was published with its ways back, and ended so. */
async function openChanged(count = 1, outcome: ReportKind = "committed") {
  const opened = await openHeld(count);
  const { fleet, terminals } = opened;
  const { releaseId, ...published } = await release(fleet, { patch: RENAMED, withRollback: true });
  await commitAll(fleet, terminals, outcome);
  return { ...opened, releaseId, published };
}

/** Lets each terminal tell how the delivery for it ended. */
async function reportAll(
  fleet: TestFleet,
  terminals: readonly TestTerminal[],
  deliveries: readonly Uint8Array[],
  kind: ReportKind,
): Promise<void> {
  const trust = () => ({ timestampVersion: 1, rootVersion: 1 });
  const intake = new Intake(fleet, { trust, received: () => {}, proven: () => {}, greeted: () => {} });
  for (const [n, delivery] of deliveries.entries()) {
    const terminal = terminals[n] as TestTerminal;
    await intake.receive({ tusn: terminal.tusn, kind: "report", payload: terminal.report(delivery, kind) });
  }
}

function order(fleet: TestFleet, releaseId: Uint8Array, reason = "misprinted") {
  return orderRollback(fleet, { releaseId, reason }, fleet.approvers.policy);
}

async function readStates(fleet: TestFleet): Promise<readonly (readonly [sequence: number, state: string])[]> {
  const rows = await fleet.store.selectFrom("deployments").selectAll().orderBy("tusn").orderBy("sequence").execute();
  return rows.map(({ sequence, state }) => [sequence, state]);
}

async function readName(fleet: TestFleet): Promise<string> {
  return (await fleet.store.selectFrom("merchants").select("name").executeTakeFirstOrThrow()).name;
}

describe("a release with ways back", () => {
  it("holds after each change the way back from it, byte for byte what the terminal holds", async () => {
    const { fleet, terminal } = await openHeld();
    const { file } = await buildRelease(fleet, toRequest({ patch: RENAMED, withRollback: true }));
    const { leaves, statement } = verifyReleaseFile(file);
    expect(leaves.map(({ isReserve }) => isReserve)).toEqual([false, true]);
    const [change, back] = leaves.map(({ directive }) => directive);
    expect([change?.sequence, back?.sequence]).toEqual([2, 3]);
    expect(isEqual(toDigest(back?.profile ?? new Uint8Array(0)), terminal.current)).toBe(true);
    expect(statement).toMatchObject({ purpose: "merchant", size: 2 });
  });

  it("has none for a terminal that holds no profile", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet);
    const { file } = await buildRelease(fleet, toRequest({ withRollback: true }));
    expect(file.directives).toHaveLength(1);
  });

  it("is not built where a failure is to suspend, nor where the sequences do not suffice", async () => {
    const { fleet } = await openHeld();
    const request = toRequest({ patch: RENAMED, withRollback: true });
    await expect(buildRelease(fleet, { ...request, onFail: "suspend" })).rejects.toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
    await fleet.store.updateTable("terminals").set({ issuedSequence: 0xffff_fffe }).execute();
    await expect(buildRelease(fleet, request)).rejects.toThrow(expect.objectContaining({ code: "NOTHING_TO_RELEASE" }));
    expect((await buildRelease(fleet, { ...request, withRollback: false })).file.directives).toHaveLength(1);
  });

  it("keeps them back: stored, not sent, and never in the way of what is", async () => {
    const { fleet, terminals, published } = await openChanged(2);
    expect(published).toMatchObject({ deployments: 2, reserved: 2 });
    const rows = [1, 2, 3].map((sequence) => [sequence, sequence === 3 ? "reserved" : "committed"]);
    expect(await readStates(fleet)).toEqual([...rows, ...rows]);
    expect(await readDeliveries(fleet)).toEqual([]);
    const listed = await listTerminals(fleet.store);
    expect(listed.map(({ deployment }) => deployment?.state)).toEqual(["committed", "committed"]);
    expect(terminals.map(({ sequence }) => sequence)).toEqual([2, 2]);
  });

  it("uses up their sequences, so that none is ever issued twice", async () => {
    const { fleet } = await openChanged();
    const { file } = await buildRelease(fleet, toRequest({ patch: { parameters: { attempts: 3 } } }));
    expect(parseDirective(file.directives[0] ?? new Uint8Array(0)).sequence).toBe(4);
  });

  it("is refused where a way back names another device", async () => {
    const { fleet } = await openHeld();
    const { file } = await buildRelease(fleet, toRequest({ patch: RENAMED, withRollback: true }));
    const [change, back] = file.directives as [Uint8Array, Uint8Array];
    const foreign = toDirectiveBytes({ ...parseDirective(back), deviceKey: toDigest(Uint8Array.of(1)) });
    const { root } = toTree([change, foreign].map(toLeafHash));
    const statement = toStatementBytes({ ...parseStatement(file.statement), root });
    const bytes = signFile(fleet, { ...file, directives: [change, foreign], statement });
    await expect(publishRelease(fleet, bytes, fleet.approvers.policy)).rejects.toThrow(
      expect.objectContaining({ code: "RELEASE_INVALID" }),
    );
    expect((await readStates(fleet)).at(-1)).toEqual([1, "committed"]);
  });
});

describe("ordering the ways back of a release", () => {
  it("sends them to the terminals that committed the change, and the records follow their commit", async () => {
    const { fleet, terminals, terminal, releaseId } = await openChanged(2);
    const first = terminal.previous;
    expect(await readName(fleet)).toBe("新名字");
    expect(await order(fleet, releaseId)).toEqual({ ordered: 2, left: [] });
    expect((await readDeliveries(fleet)).length).toBe(2);
    await commitAll(fleet, terminals);
    expect((await readStates(fleet)).filter(([sequence]) => sequence === 3)).toEqual([
      [3, "committed"],
      [3, "committed"],
    ]);
    expect(terminal.current).toEqual(first);
    expect(await readName(fleet)).toBe("福州闽江春茶文化有限公司");
  });

  it("is in the ledger with its reason and counts, and each terminal by itself", async () => {
    const { fleet, terminal, releaseId } = await openChanged();
    await order(fleet, releaseId, "misprinted 6228480402564890018");
    const entries = (await listLedger(fleet.store, 0, 100)).entries.slice(-2);
    expect(entries.map(({ kind }) => kind)).toEqual(["release.rollback_ordered", "deployment.ordered"]);
    expect(entries.map(({ subject }) => subject)).toEqual([toHex(releaseId), terminal.tusn]);
    expect(JSON.parse(entries[0]?.detail ?? "")).toEqual({
      ...{ reason: "misprinted 622848*********0018", ordered: 1, left: 0 },
    });
    const row = await fleet.store.selectFrom("deployments").selectAll().where("sequence", "=", 3).executeTakeFirst();
    expect(row).toMatchObject({ state: "pending", orderIndex: entries[1]?.index });
  });

  it("leaves those that have not committed it, and takes them when they have", async () => {
    const { fleet, terminals } = await openHeld(3);
    const [first, second, third] = terminals as [TestTerminal, TestTerminal, TestTerminal];
    const { releaseId } = await release(fleet, { patch: RENAMED, withRollback: true });
    await commitAll(fleet, [first]);
    await commitAll(fleet, [second], "applied");
    expect(await order(fleet, releaseId)).toEqual({
      ordered: 1,
      left: [
        { tusn: second.tusn, reason: "not_committed" },
        { tusn: third.tusn, reason: "not_committed" },
      ],
    });
    await commitAll(fleet, [third]);
    expect(await order(fleet, releaseId)).toEqual({
      ordered: 1,
      left: [{ tusn: second.tusn, reason: "not_committed" }],
    });
    await expect(order(fleet, releaseId)).rejects.toThrow(expect.objectContaining({ code: "NOTHING_TO_RELEASE" }));
  });

  it("changes nothing where it is refused", async () => {
    const { fleet, releaseId } = await openChanged();
    const before = [await readStates(fleet), await readLedgerKinds(fleet)];
    const stranger = createApprovers(fleet.at).policy;
    const reorder = (reason: string, policy = fleet.approvers.policy) =>
      orderRollback(fleet, { releaseId, reason }, policy);
    await expect(reorder("why", stranger)).rejects.toThrow(expect.objectContaining({ code: "STATEMENT_UNSIGNED" }));
    await expect(reorder("two\nlines")).rejects.toThrow(expect.objectContaining({ code: "FIELD_INVALID" }));
    await expect(reorder("CVV 123")).rejects.toThrow(expect.objectContaining({ code: "SENSITIVE_DATA" }));
    await expect(order(fleet, Buffer.alloc(16))).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    fleet.at += DAY_S + 1;
    await expect(order(fleet, releaseId)).rejects.toThrow(expect.objectContaining({ code: "EXPIRED" }));
    expect([await readStates(fleet), await readLedgerKinds(fleet)]).toEqual(before);
  });

  it("is all or nothing", async () => {
    const { fleet, releaseId } = await openChanged();
    const before = [await readStates(fleet), await readLedgerKinds(fleet)];
    await fleet.store.schema.alterTable("outbox").renameTo("gone").execute();
    await expect(order(fleet, releaseId)).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
    expect([await readStates(fleet), await readLedgerKinds(fleet)]).toEqual(before);
  });
});

describe("a way back that nobody ordered", () => {
  it("lapses at the end of its time, with a ledger entry", async () => {
    const { fleet, releaseId } = await openChanged();
    fleet.at += DAY_S;
    await closeLapsed(fleet);
    expect((await readStates(fleet)).at(-1)).toEqual([3, "reserved"]);
    fleet.at += 1;
    await closeLapsed(fleet);
    expect((await readStates(fleet)).at(-1)).toEqual([3, "lapsed"]);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("deployment.lapsed");
    await expect(order(fleet, releaseId)).rejects.toThrow(expect.objectContaining({ code: "EXPIRED" }));
  });

  it("lapses where another release is published for its terminal, and only there", async () => {
    const { fleet, terminals, releaseId } = await openChanged(2);
    const [first, second] = terminals as [TestTerminal, TestTerminal];
    await release(fleet, { tusns: [first.tusn], patch: { parameters: { attempts: 3 } } });
    expect(await readStates(fleet)).toEqual([
      ...[[1, "committed"] as const, [2, "committed"] as const, [3, "lapsed"] as const, [4, "pending"] as const],
      ...[[1, "committed"] as const, [2, "committed"] as const, [3, "reserved"] as const],
    ]);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["deployment.lapsed", "release.published"]);
    expect(await order(fleet, releaseId)).toEqual({ ordered: 1, left: [] });
    expect((await fleet.store.selectFrom("outbox").select("tusn").where("sequence", "=", 3).execute())[0]?.tusn).toBe(
      second.tusn,
    );
  });

  it.each(["rolled_back", "suspended", "broken"] as const)("lapses where the change ended %s", async (outcome) => {
    const { fleet } = await openChanged(1, outcome);
    expect(await readStates(fleet)).toEqual([
      [1, "committed"],
      [2, outcome],
      [3, "lapsed"],
    ]);
    expect((await readLedgerKinds(fleet)).slice(-2)).toContain("deployment.lapsed");
  });

  it.each(["rolled_back", "suspended", "broken"] as const)(
    "outlives that an older directive, which it took the place of, ended %s",
    async (outcome) => {
      const { fleet, terminals } = await openHeld();
      await release(fleet, { patch: { parameters: { attempts: 3 } } });
      const older = await readDeliveries(fleet);
      const { releaseId } = await release(fleet, { patch: RENAMED, withRollback: true });
      const newer = await readDeliveries(fleet);
      const tell = (deliveries: readonly Uint8Array[], kind: ReportKind) =>
        reportAll(fleet, terminals, deliveries, kind);
      await tell(older, outcome);
      await tell(newer, "committed");
      expect(await readStates(fleet)).toEqual([
        [1, "committed"],
        [2, outcome],
        [3, "committed"],
        [4, "reserved"],
      ]);
      expect(await order(fleet, releaseId)).toEqual({ ordered: 1, left: [] });
    },
  );

  it("outlives a refusal of the change: the terminal may still take it", async () => {
    const { fleet } = await openChanged(1, "refused");
    expect((await readStates(fleet)).at(-1)).toEqual([3, "reserved"]);
  });
});

describe("building a rollback", () => {
  function build(fleet: TestFleet, target: RollbackTarget = { chosen: {} }) {
    return buildRollback(fleet, { ...target, reason: "back", validityS: DAY_S });
  }

  it("brings back what each terminal says it held before, under the people that the difference takes", async () => {
    const { fleet, terminals, terminal } = await openHeld(2);
    const { releaseId } = await release(fleet, { patch: RENAMED });
    await commitAll(fleet, terminals);
    const before = new Map(terminals.map(({ tusn, previous }) => [tusn, previous]));
    const { file, skipped } = await build(fleet, { releaseId });
    expect(skipped).toEqual([]);
    const { leaves, statement } = verifyReleaseFile(parseReleaseFile(signFile(fleet, file)));
    expect(statement).toMatchObject({ purpose: "merchant", size: 2 });
    for (const { directive, isReserve } of leaves) {
      expect(isReserve).toBe(false);
      expect([directive.sequence, directive.onFail]).toEqual([3, "rollback"]);
      expect(directive.restores).toEqual(Buffer.from(before.get(directive.tusn) ?? ""));
      expect(Buffer.from(toDigest(directive.profile))).toEqual(directive.restores);
    }
    await publishRelease(fleet, signFile(fleet, file), fleet.approvers.policy);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["deployment.ordered", "deployment.ordered"]);
    await commitAll(fleet, terminals);
    expect(terminal.current).toEqual(before.get(terminal.tusn));
    expect(await readName(fleet)).toBe("福州闽江春茶文化有限公司");
  });

  it("of a new card is a binding release of its merchant, that asks for no number", async () => {
    const { fleet, terminals } = await openHeld();
    const held = await listTerminals(fleet.store);
    const { binding } = held[0]?.profile ?? parseProfile(new Uint8Array(0));
    await release(fleet, { patch: { binding: { ...binding, last4: "7264" } } });
    await commitAll(fleet, terminals);
    const { file } = await build(fleet, { chosen: { merchant: MERCHANT } });
    const { statement } = verifyReleaseFile(file);
    expect(statement).toMatchObject({ purpose: "binding", merchant: MERCHANT });
    expect(file.recipients).toEqual([]);
  });

  it("skips, with the reason, what has moved on or nothing to go back to", async () => {
    const { fleet, terminals } = await openHeld(3);
    const [first, second, third] = terminals as [TestTerminal, TestTerminal, TestTerminal];
    const { releaseId } = await release(fleet, { tusns: [first.tusn, second.tusn], patch: RENAMED });
    await commitAll(fleet, terminals);
    await release(fleet, { tusns: [second.tusn], patch: { parameters: { attempts: 3 } } });
    await commitAll(fleet, terminals);
    expect((await build(fleet, { releaseId })).skipped).toEqual([{ tusn: second.tusn, reason: "moved_on" }]);
    expect((await build(fleet)).skipped).toEqual([{ tusn: third.tusn, reason: "previous_unknown" }]);
  });

  it("does not go back on a release that was rolled back", async () => {
    const { fleet, terminals, releaseId } = await openChanged();
    await order(fleet, releaseId);
    await commitAll(fleet, terminals);
    await expect(build(fleet, { releaseId })).rejects.toThrow(
      expect.objectContaining({ code: "NOTHING_TO_RELEASE", fields: { skipped: 1, reasons: "moved_on" } }),
    );
  });

  it("is refused for a release that is not on record, or that nobody committed", async () => {
    const { fleet } = await openHeld();
    await expect(build(fleet, { releaseId: Buffer.alloc(16) })).rejects.toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
    const { releaseId } = await release(fleet, { patch: RENAMED });
    await expect(build(fleet, { releaseId })).rejects.toThrow(expect.objectContaining({ code: "NOTHING_TO_RELEASE" }));
  });

  it("is left out at publishing where the terminal has another previous profile by then", async () => {
    const { fleet, terminals } = await openHeld(2);
    await release(fleet, { patch: RENAMED });
    await commitAll(fleet, terminals);
    const { file } = await build(fleet);
    const [first] = terminals as [TestTerminal];
    await fleet.store.updateTable("reported").set({ previousDigest: null }).where("tusn", "=", first.tusn).execute();
    expect(await publishRelease(fleet, signFile(fleet, file), fleet.approvers.policy)).toMatchObject({
      deployments: 1,
      skipped: [{ tusn: first.tusn, code: "RESTORE_UNKNOWN" }],
    });
  });
});
