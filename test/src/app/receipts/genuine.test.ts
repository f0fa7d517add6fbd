import { describe, expect, it } from "vitest";
import { RECEIPT_FIELDS, RECEIPT_KINDS, TERMINAL_STATES } from "../../../../certs/receipt/fields.ts";
import { withdrawChange } from "../../../../src/app/changes/draft.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import { CHANGE_KINDS } from "../../../../src/domain/changes/change.ts";
import { MERCHANT_FIELDS } from "../../../../src/domain/changes/pack.ts";
import { DEPLOYMENT_STATES } from "../../../../src/domain/deployment.ts";
import { toReplacement, toSettlement } from "../../../support/changes.ts";
import { FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { MERCHANT, release } from "../../../support/fleet-store.ts";
import { openReceiptDesk, type ReceiptDesk } from "../../../support/receipts.ts";

const OLD = "622848******0018";
const NEW = "622848******0128";
const OTHER = "822391058121999";

async function open(): Promise<ReceiptDesk> {
  const work = await openReceiptDesk();
  await work.load({ tasks: [], minDays: 0 });
  return work;
}

async function sendOut({ sign, runner }: ReceiptDesk, id: string): Promise<string> {
  await sign(id);
  for (let visit = 0; visit < 3; visit += 1) await runner.poll();
  return id;
}

async function toNumber(work: ReceiptDesk, id: string) {
  const { receipt, file } = await work.receipt(id);
  const number = receipt.differences.find(({ field }) => field === "settlement.number");
  return { isProven: work.verify(file).isProven, before: number?.before, after: number?.after };
}

/** As whoever has the signed file may, before the service comes to it. */
async function publishByHand({ fleet, tools, show }: ReceiptDesk, id: string): Promise<void> {
  const file = await tools.desk.read(Buffer.from((await show(id)).releaseId, "hex"));
  await publishRelease(fleet, file, tools.policy(), "somebody");
}

/** All that the merchant has in the field goes to another one. */
async function takeTerminals({ fleet }: ReceiptDesk): Promise<void> {
  const { store } = fleet;
  const merchant = await store.selectFrom("merchants").selectAll().executeTakeFirstOrThrow();
  await store
    .insertInto("merchants")
    .values({ ...merchant, number: OTHER })
    .execute();
  await store.updateTable("terminals").set({ merchantNumber: OTHER }).where("merchantNumber", "=", MERCHANT).execute();
}

describe("what a receipt can tell", () => {
  it("is every kind of change, every field of one and every state of a terminal", () => {
    expect(RECEIPT_KINDS).toEqual(CHANGE_KINDS);
    expect(TERMINAL_STATES).toEqual(DEPLOYMENT_STATES);
    expect(RECEIPT_FIELDS).toEqual(expect.arrayContaining(MERCHANT_FIELDS.map((name) => `merchant.${name}`)));
  });
});

describe("the receipt of a replaced account", () => {
  it("tells both where terminals took it", async () => {
    const work = await open();
    const id = await sendOut(work, await work.submit(toReplacement()));
    await work.report();
    expect(await toNumber(work, id)).toEqual({ isProven: true, before: OLD, after: NEW });
  });

  it("tells both where no terminal was concerned", async () => {
    const work = await open();
    await takeTerminals(work);
    const id = await work.submit(toReplacement());
    await work.approve(id);
    expect(await toNumber(work, id)).toEqual({ isProven: true, before: OLD, after: NEW });
    const { receipt } = await work.receipt(id);
    expect(receipt).toMatchObject({ outcome: "done", approval: null, terminals: [] });
  });

  it("tells both where its release was published by hand before the service came to it", async () => {
    const work = await open();
    const id = await work.submit(toReplacement());
    await work.sign(id);
    await publishByHand(work, id);
    await work.report();
    for (let visit = 0; visit < 3; visit += 1) await work.runner.poll();
    expect(await toNumber(work, id)).toEqual({ isProven: true, before: OLD, after: NEW });
  });

  it("names as the service's word until when it is good, which no terminal is told", async () => {
    const work = await open();
    const id = await sendOut(work, await work.submit(toReplacement({ validUntil: work.fleet.at + 10_000_000 })));
    await work.report();
    expect(work.verify((await work.receipt(id)).file)).toMatchObject({
      ...{ isProven: true, isApproved: true, proven: 2, unproven: 0, unprovenFields: ["settlement.validUntil"] },
    });
  });
});

describe("the receipt of a removed account", () => {
  it("tells the account that terminals settle to from then on", async () => {
    const work = await open();
    const settlement = toSettlement();
    const second = await work.submit({ ...toReplacement(), kind: "settlement.add", content: { settlement } });
    await work.approve(second);
    expect(await toNumber(work, second)).toEqual({ isProven: true, before: "", after: NEW });
    const { store } = work.fleet;
    const going = await store.selectFrom("bindings").select("id").where("isPrimary", "=", 1).executeTakeFirstOrThrow();
    const content = { bindingId: going.id };
    const id = await sendOut(work, await work.submit({ ...toReplacement(), kind: "settlement.remove", content }));
    await work.report();
    expect(await toNumber(work, id)).toEqual({ isProven: true, before: OLD, after: NEW });
  });
});

describe("the receipt of a change that failed", () => {
  it.each(["rolled_back", "refused", "broken", "suspended"] as const)(
    "because terminals said %s is proven",
    async (outcome) => {
      const work = await open();
      const id = await sendOut(work, await work.submit(toReplacement()));
      await work.report(outcome);
      const { receipt, file } = await work.receipt(id);
      expect(receipt).toMatchObject({ outcome: "failed", terminals: [{ state: outcome }, { state: outcome }] });
      expect(work.verify(file)).toMatchObject({ isProven: true, proven: 2, unprovenFields: [] });
    },
  );

  it("because something else took its place proves what was approved", async () => {
    const work = await open();
    const id = await sendOut(work, await work.submit());
    await release(work.fleet, { patch: { merchant: { shortName: "茶庄" } }, merchant: MERCHANT });
    await work.report();
    await work.runner.poll();
    const { receipt, file } = await work.receipt(id);
    expect(receipt).toMatchObject({ outcome: "failed", terminals: [{ state: "superseded" }, { state: "superseded" }] });
    expect(work.verify(file)).toMatchObject({ isProven: true, proven: 0, unproven: 0, unprovenFields: [] });
  });

  it("at the acquirer tells of the terminals that hold it, where somebody had published its release by hand", async () => {
    const work = await open();
    work.acquirers.set(FLEET_FIELDS.acquirer, { adapter: "manual" });
    await work.load({ tasks: [], minDays: 0, cutOver: "first", onFailure: "keep" });
    const id = await sendOut(work, await work.submit(toReplacement()));
    expect(await work.show(id)).toMatchObject({ state: "releasing", orders: [{ state: "requested" }] });
    const publishedAt = work.fleet.at;
    await publishByHand(work, id);
    await work.report();
    work.fleet.at += 60;
    await work.fleet.store.updateTable("acquirerOrders").set({ state: "failed", dueAt: null }).execute();
    for (let visit = 0; visit < 3; visit += 1) await work.runner.poll();
    const { receipt, file } = await work.receipt(id);
    expect(receipt).toMatchObject({
      ...{ outcome: "failed", code: "ACQUIRER_REFUSED", times: { published: publishedAt, ended: work.fleet.at } },
      ...{ approval: { publishedAt }, terminals: [{ state: "committed" }, { state: "committed" }] },
    });
    expect(work.verify(file)).toMatchObject({ isProven: true, isApproved: true, proven: 2, unprovenFields: [] });
  });

  it("before its release was sent out has nothing to prove", async () => {
    const work = await open();
    work.acquirers.set(FLEET_FIELDS.acquirer, { adapter: "manual" });
    await work.load({ tasks: [], minDays: 0, cutOver: "first" });
    const id = await sendOut(work, await work.submit(toReplacement()));
    await work.fleet.store.updateTable("acquirerOrders").set({ state: "failed", dueAt: null }).execute();
    await work.runner.poll();
    const { receipt, file } = await work.receipt(id);
    expect(receipt).toMatchObject({ outcome: "failed", code: "ACQUIRER_REFUSED", approval: null, terminals: [] });
    expect([receipt.times.published, (await work.show(id)).releaseId]).toEqual([
      null,
      expect.stringMatching(/^\w{32}$/),
    ]);
    expect(work.verify(file)).toMatchObject({ isProven: true, isApproved: false, unprovenFields: [] });
  });

  it("and was taken back from the terminals that had taken it is proven both ways", async () => {
    const work = await open();
    const rename = await sendOut(work, await work.submit());
    await work.report();
    await work.receipt(rename);
    await work.load({ tasks: [], minDays: 0, onFailure: "reverse" });
    const id = await sendOut(work, await work.submit(toReplacement()));
    const [first, second] = work.terminals;
    if (first === undefined || second === undefined) throw new Error("terminals");
    await work.report("committed", [first]);
    await work.report("rolled_back", [second]);
    for (let visit = 0; visit < 3; visit += 1) await work.report();
    const { receipt, file } = await work.receipt(id);
    expect(receipt.outcome).toBe("failed");
    expect(receipt.terminals.map(({ isWayBack, state }) => [isWayBack, state])).toEqual([
      [false, "committed"],
      [false, "rolled_back"],
      [true, "committed"],
    ]);
    expect(work.verify(file)).toMatchObject({ isProven: true, proven: 3, unprovenFields: [] });
  });
});

describe("the receipt of a change that was withdrawn", () => {
  it.each([
    ["while its release waits for signatures", (work: ReceiptDesk) => work.submit(toReplacement())],
    ["after its release was approved", async (work: ReceiptDesk) => toApproved(work, await work.submit())],
  ])("%s has nothing to prove", async (_what, begin) => {
    const work = await open();
    const id = await begin(work);
    await withdrawChange(work.fleet, id, "never mind", "li.mei");
    const { receipt, file } = await work.receipt(id);
    expect(receipt).toMatchObject({ outcome: "withdrawn", approval: null, terminals: [] });
    expect(work.verify(file)).toMatchObject({ isProven: true, isApproved: false, unprovenFields: [] });
  });
});

/** Signed, and not yet sent out. */
async function toApproved(work: ReceiptDesk, id: string): Promise<string> {
  await work.sign(id);
  await work.runner.poll();
  expect((await work.show(id)).state).toBe("approved");
  return id;
}
