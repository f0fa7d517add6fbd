import { beforeEach, describe, expect, it } from "vitest";
import { verifyReceipt } from "../../../../certs/receipt.ts";
import { verifyTrust } from "../../../../certs/trust/verify.ts";
import { toDigest, toUtf8 } from "../../../../proto/bytes.ts";
import { parseTrustBundle } from "../../../../proto/trust-bundle.ts";
import { amendChange, withdrawChange } from "../../../../src/app/changes/draft.ts";
import { doTask } from "../../../../src/app/changes/tasks.ts";
import { readReceiptOf, viewReceipts } from "../../../../src/app/queries/receipts.ts";
import { retryReceipt } from "../../../../src/app/receipts/retry.ts";
import { ReceiptRunner } from "../../../../src/app/receipts/runner.ts";
import { holdOnline, toCode } from "../../../support/attestation.ts";
import { toReplacement } from "../../../support/changes.ts";
import { readLedgerKinds } from "../../../support/fleet-store.ts";
import { openReceiptDesk, type ReceiptDesk, toContactChange } from "../../../support/receipts.ts";

const YEAR_S = 31_557_600;

let work: ReceiptDesk;

beforeEach(async () => {
  work = await openReceiptDesk();
});

/** Handed in, signed by two people, and sent out. */
async function sendOut(id: string): Promise<string> {
  await work.sign(id);
  // One visit sees the signatures, the next one its hour.
  await work.runner.poll();
  await work.runner.poll();
  return id;
}

describe("the receipt of a change", () => {
  it("that is done tells what changed, who approved it and what each terminal said, and proves it", async () => {
    const id = await sendOut(await work.submit());
    await work.report();
    const { receipt, file } = await work.receipt(id);
    expect(receipt).toMatchObject({ change: id, outcome: "done", kind: "merchant", requester: "li.mei" });
    expect(receipt.differences).toEqual([
      { field: "merchant.name", before: "福州闽江春茶文化有限公司", after: "福州市鼓楼区新茶庄" },
    ]);
    expect(receipt.approval?.signers.map(({ person, holds }) => [person, holds]).toSorted()).toEqual([
      ["li.mei", true],
      ["wang.jun", true],
    ]);
    expect(receipt.terminals.map(({ state, test }) => `${state} ${test}`)).toEqual([
      "committed passed",
      "committed passed",
    ]);
    const events = receipt.events.map(({ event }) => event);
    expect(events).toEqual(
      expect.arrayContaining(["created", "submit", "approve", "release", "published", "conclude"]),
    );
    expect(work.verify(file)).toMatchObject({ isProven: true, isApproved: true, proven: 2, unproven: 0 });
  });

  it("of a settlement card shows the accounts masked, and is proven by what terminals hold", async () => {
    const id = await sendOut(await work.submit(toReplacement()));
    await work.report();
    await doTask(work.fleet, id, "update_contact", "called the owner", "li.mei");
    await work.runner.poll();
    const { receipt, file } = await work.receipt(id);
    const number = receipt.differences.find(({ field }) => field === "settlement.number");
    expect(number?.before).toMatch(/^\d{6,8}\*{6}\d{4}$/);
    expect(number?.after).toMatch(/^\d{6,8}\*{6}\d{4}$/);
    expect(receipt.tasks).toMatchObject([{ kind: "update_contact", doneBy: "li.mei" }]);
    expect(work.verify(file).isProven).toBe(true);
  });

  it("of contacts holds the checker's own signed request", async () => {
    const id = await work.submit(toContactChange());
    await work.approve(id);
    const { receipt, file } = await work.receipt(id);
    expect(receipt).toMatchObject({ outcome: "done", approval: null, terminals: [] });
    expect(receipt.checked).toMatchObject({ person: "wang.jun", holds: true });
    expect(receipt.differences).toEqual([{ field: "contacts", before: "", after: "finance 陈晨 13800138000" }]);
    expect(work.verify(file)).toMatchObject({ isProven: true, checker: { id: "wang.jun" } });
  });

  it("that failed tells which terminals went back and why, in their own words", async () => {
    const id = await sendOut(await work.submit());
    await work.report("rolled_back");
    const { receipt, file } = await work.receipt(id);
    expect(receipt).toMatchObject({ outcome: "failed", code: "TEST_FAILED" });
    expect(receipt.terminals.map(({ state }) => state)).toEqual(["rolled_back", "rolled_back"]);
    expect(work.verify(file)).toMatchObject({ isProven: true, proven: 2 });
  });

  it("that is withdrawn tells who gave it up, and has nothing to prove", async () => {
    const id = await work.submit();
    await withdrawChange(work.fleet, id, "the sign was cancelled", "li.mei");
    const { receipt, file } = await work.receipt(id);
    expect(receipt).toMatchObject({ outcome: "withdrawn", approval: null, checked: null });
    expect(receipt.events.at(-1)).toMatchObject({ event: "withdraw", comment: "the sign was cancelled" });
    expect(work.verify(file)).toMatchObject({ isProven: true, proven: 0 });
  });

  it("that failed and was opened again is kept beside the one of its second ending", async () => {
    const id = await sendOut(await work.submit());
    await work.report("rolled_back");
    // The service was off when somebody opened it again: the receipt is of what it was before.
    await amendChange(work.fleet, id, { reason: "the second try" }, "li.mei");
    const first = await work.receipt(id);
    expect(first.receipt).toMatchObject({ outcome: "failed", reason: "the shop has a new sign" });
    expect(first.receipt.events.at(-1)).toMatchObject({ event: "fail", state: "failed" });
    expect(work.verify(first.file).isProven).toBe(true);
    await withdrawChange(work.fleet, id, "never mind", "li.mei");
    const second = await work.receipt(id);
    expect(second.receipt).toMatchObject({ outcome: "withdrawn", reason: "the second try" });
    const rows = await viewReceipts(work.fleet.store, { changeId: id, limit: 10 });
    expect(rows.map(({ id, state }) => [id, state])).toEqual([
      [second.id, "made"],
      [first.id, "made"],
    ]);
    expect(await readReceiptOf(work.fleet.store, id, first.id)).toEqual(first);
  });

  it("is written into the ledger by its digest, once, however often the service looks", async () => {
    const id = await work.submit();
    await withdrawChange(work.fleet, id, "never mind", "li.mei");
    expect(await toCode(readReceiptOf(work.fleet.store, id))).toBe("STATE_CONFLICT");
    const { digest, receipt } = await work.receipt(id);
    work.fleet.at += 60;
    await work.receipts.poll();
    expect((await work.receipt(id)).digest).toBe(digest);
    expect((await readLedgerKinds(work.fleet)).filter((kind) => kind === "receipt.made")).toHaveLength(1);
    expect(receipt.ledger.size).toBeGreaterThan(0);
  });

  it("comes with the trust files of its time, by which it is proven when people and keys have changed", async () => {
    const id = await sendOut(await work.submit());
    await work.report();
    const { file, trust } = await work.receipt(id);
    const { root, policy } = work.held.trust;
    const others = policy.persons.filter(({ id: person }) => person !== "wang.jun");
    const now = work.fleet.at;
    const today = { root, policy: { ...policy, version: 9, persons: others }, now };
    expect(verifyReceipt(file, today).isProven).toBe(false);
    const then = verifyTrust(work.held.files.root, parseTrustBundle(trust));
    expect(verifyReceipt(file, { root: then.root, policy: then.policy, now: now + 10 * YEAR_S }).isProven).toBe(true);
  });

  it("keeps nothing of what was sealed for an acquirer, which a change that failed still has", async () => {
    const change = toReplacement();
    const content = { ...change.content, sealed: Buffer.from("sealed").toString("base64") };
    const id = await sendOut(await work.submit({ ...change, content }));
    await work.report("rolled_back");
    const { store } = work.fleet;
    const [row] = await store.selectFrom("receipts").select(["outcome", "snapshot"]).execute();
    expect([row?.outcome, row?.snapshot.includes(content.sealed)]).toEqual(["failed", false]);
    const kept = await store.selectFrom("changes").select("content").where("id", "=", id).executeTakeFirstOrThrow();
    expect(kept.content).toContain(content.sealed);
  });

  it("waits where the online key is not at hand, and is made when it is there again", async () => {
    const id = await work.submit();
    await withdrawChange(work.fleet, id, "never mind", "li.mei");
    const other = await holdOnline(work.fleet);
    const wrong = new ReceiptRunner(work.fleet, { ...work.held.attestor, trustFolder: other.attestor.trustFolder });
    await wrong.poll();
    expect(await viewReceipts(work.fleet.store, { limit: 1 })).toMatchObject([{ state: "waiting" }]);
    expect((await work.receipt(id)).receipt.outcome).toBe("withdrawn");
  });

  it("is not signed over records that contradict what people signed: an alarm tells of it", async () => {
    const id = await sendOut(await work.submit());
    await work.report();
    await work.fleet.store
      .updateTable("signatures")
      .set({ value: Buffer.alloc(64) })
      .execute();
    await work.fleet.store.updateTable("releases").set({ reason: "another reason" }).execute();
    await work.receipts.poll();
    expect(await toCode(readReceiptOf(work.fleet.store, id))).toBe("STATE_CONFLICT");
    expect(await viewReceipts(work.fleet.store, { limit: 1 })).toMatchObject([
      { state: "unsound", code: "ATTESTATION_INVALID" },
    ]);
    expect(await readLedgerKinds(work.fleet)).toContain("alarm.receipt_unsound");
    // It is not tried again by itself, and by nobody before the records are right.
    await work.receipts.poll();
    expect(await retryReceipt(work.fleet, id, "not yet right", "chen.bo")).toBe(1);
    await work.receipts.poll();
    expect(await viewReceipts(work.fleet.store, { limit: 1 })).toMatchObject([{ state: "unsound" }]);
    await work.fleet.store
      .updateTable("releases")
      .set({ reason: `${id}: the shop has a new sign` })
      .execute();
    expect(await retryReceipt(work.fleet, id, "put back from the backup", "chen.bo")).toBe(1);
    const { receipt, file } = await work.receipt(id);
    expect([receipt.outcome, work.verify(file).isApproved]).toEqual(["done", false]);
    expect(await toCode(retryReceipt(work.fleet, id, "once more", "chen.bo"))).toBe("NOT_FOUND");
  });

  it("cannot be altered or removed in the database by a statement of ours", async () => {
    const id = await work.submit();
    await withdrawChange(work.fleet, id, "never mind", "li.mei");
    await work.receipt(id);
    const { store } = work.fleet;
    const payload = toDigest(toUtf8("other"));
    expect(await toCode(store.updateTable("receipts").set({ payload }).execute())).toBe("STORE_FAILED");
    expect(await toCode(store.deleteFrom("receipts").execute())).toBe("STORE_FAILED");
    expect(await toCode(store.deleteFrom("receiptTrusts").execute())).toBe("STORE_FAILED");
    expect(await toCode(store.updateTable("receiptTrusts").set({ bytes: payload }).execute())).toBe("STORE_FAILED");
  });

  it("is not there before the change has ended", async () => {
    expect(await toCode(readReceiptOf(work.fleet.store, await work.submit()))).toBe("NOT_FOUND");
    expect(await toCode(readReceiptOf(work.fleet.store, "6228480402564890018"))).toBe("NOT_FOUND");
  });
});
