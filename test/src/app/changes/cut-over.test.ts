import { beforeEach, describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { amendChange } from "../../../../src/app/changes/draft.ts";
import { type ChangeService, openChangeService } from "../../../../src/app/changes/service.ts";
import { previewChange, submitChange } from "../../../../src/app/changes/submit.ts";
import { doTask } from "../../../../src/app/changes/tasks.ts";
import { readNoticeSettings } from "../../../../src/app/notices/settings.ts";
import { readRecord } from "../../../../src/app/records/read.ts";
import { orderRollback } from "../../../../src/app/release/order-rollback.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import type { CutOver } from "../../../../src/domain/changes/progress.ts";
import { findChange } from "../../../../src/store/changes.ts";
import { holdOnline } from "../../../support/attestation.ts";
import { type ChangeDesk, openChangeDesk, toReplacement } from "../../../support/changes.ts";
import { commitAll } from "../../../support/committed.ts";
import { FakeAcquirer, toSealed } from "../../../support/fake-acquirer.ts";
import { FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { MERCHANT } from "../../../support/fleet-store.ts";

const CODE = FLEET_FIELDS.acquirer;
const DAY_S = 86_400;

let work: ChangeDesk;
let acquirer: FakeAcquirer;
let service: ChangeService;

beforeEach(async () => {
  work = await openChangeDesk(2);
  acquirer = new FakeAcquirer();
  work.acquirers.set(CODE, acquirer);
  service = openChangeService(work.fleet, work.tools, {
    acquirers: new Map([[CODE, acquirer]]),
    notices: readNoticeSettings(work.folder),
    attestor: (await holdOnline(work.fleet)).attestor,
  });
  return () => service.close();
});

/** Carries on until nothing changes any more: orders are looked at again after a while. */
async function settle(id: string): Promise<void> {
  for (let visit = 0; visit < 12; visit += 1) {
    await service.poll();
    const { state } = await work.show(id);
    if (state === "done" || state === "failed") return;
    work.fleet.at += 30;
  }
}

/** A card change with all signatures; every terminal has a first profile, so that there is something to go back to. */
async function prepare(cutOver: CutOver): Promise<string> {
  const rename = await work.submit();
  await work.sign(rename);
  await work.runner.poll();
  await work.runner.poll();
  await work.report();
  await work.load({ cutOver, onFailure: "reverse", tasks: [] });
  const { content } = toReplacement();
  const sealed = toSealed(content?.settlement?.commitment);
  const sealedBefore = toSealed((await readRecord(work.fleet.store, MERCHANT)).bindings[0]?.commitment);
  const id = await work.submit({ ...toReplacement(), content: { ...content, sealed, sealedBefore } });
  await work.sign(id);
  await work.runner.poll();
  return id;
}

/** Takes the release from the desk and publishes it, as whoever has the signed file may. */
async function publishByHand(id: string): Promise<void> {
  const releaseId = Buffer.from((await work.show(id)).releaseId, "hex");
  await publishRelease(work.fleet, await work.tools.desk.read(releaseId), work.tools.policy(), "admin");
}

const readAccount = async () => {
  const { bindings } = await readRecord(work.fleet.store, MERCHANT);
  return bindings.map(({ last4, state }) => `${last4} ${state}`);
};
const OLD = `${FLEET_FIELDS.account_no.slice(-4)} in_force`;

describe("a settlement account whose acquirer comes first", () => {
  it("reaches no terminal before the acquirer's record shows it, and is done with both proofs", async () => {
    const id = await prepare("first");
    acquirer.answer = "auditing";
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "releasing", terminals: [], orders: [{ state: "auditing" }] });
    acquirer.answer = "succeeded";
    work.fleet.at += DAY_S / 2;
    await settle(id);
    expect((await work.show(id)).terminals).toHaveLength(2);
    await work.report();
    await settle(id);
    const done = await work.show(id);
    expect(done).toMatchObject({ state: "done", orders: [{ purpose: "change", state: "confirmed" }] });
    expect(acquirer.asked).toHaveLength(1);
    expect(done.events.map(({ event }) => event)).toEqual(expect.arrayContaining(["ask_acquirer", "acquirer"]));
  });

  it("that the acquirer refuses changes nothing anywhere", async () => {
    const id = await prepare("first");
    const before = work.terminals.map(({ current }) => current);
    acquirer.answer = "failed";
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "ACQUIRER_REFUSED", terminals: [] });
    expect(work.terminals.map(({ current }) => current)).toEqual(before);
    expect(await readAccount()).toEqual([OLD]);
  });

  it("that the acquirer refused is asked for anew when the change is opened again", async () => {
    const id = await prepare("first");
    acquirer.answer = "failed";
    await settle(id);
    expect((await work.show(id)).state).toBe("failed");
    acquirer.answer = "succeeded";
    await amendChange(work.fleet, id, {}, "li.mei");
    await submitChange(work.fleet, work.tools, id, "li.mei");
    await work.sign(id);
    await settle(id);
    await work.report();
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "done", orders: [{ state: "failed" }, { state: "confirmed" }] });
  });

  it("is undone at the acquirer where a terminal fails its test", async () => {
    const id = await prepare("first");
    await settle(id);
    const [first, second] = work.terminals;
    await work.report("committed", first === undefined ? [] : [first]);
    await work.report("rolled_back", second === undefined ? [] : [second]);
    await settle(id);
    await work.report();
    await settle(id);
    const failed = await work.show(id);
    expect(failed).toMatchObject({ state: "failed", code: "TEST_FAILED" });
    expect(failed.orders.map(({ purpose, state }) => [purpose, state])).toEqual([
      ["change", "confirmed"],
      ["reversal", "confirmed"],
    ]);
    expect(acquirer.account?.last4).toBe(FLEET_FIELDS.account_no.slice(-4));
    expect(await readAccount()).toEqual([OLD]);
  });
});

describe("a settlement account whose acquirer comes first and takes longer than the release is good", () => {
  it.each(["looks at its desk", "does not look at its desk"])(
    "reaches no terminal and is undone at the acquirer, whoever %s meanwhile",
    async (who) => {
      const id = await prepare("first");
      acquirer.answer = "auditing";
      await settle(id);
      work.fleet.at += 8 * DAY_S;
      if (who === "looks at its desk") await work.tools.desk.list();
      acquirer.answer = "succeeded";
      // The question that was due and its answers come one after the other.
      for (let n = 0; n < 3; n += 1) await settle(id);
      const failed = await work.show(id);
      expect(failed).toMatchObject({ state: "failed", code: "EXPIRED", terminals: [] });
      expect(failed.orders.map(({ purpose, state }) => [purpose, state])).toEqual([
        ["change", "confirmed"],
        ["reversal", "confirmed"],
      ]);
      expect(acquirer.account?.last4).toBe(FLEET_FIELDS.account_no.slice(-4));
      expect(await readAccount()).toEqual([OLD]);
    },
  );

  it("tells what it fails for while the acquirer has yet to take it back", async () => {
    const id = await prepare("first");
    acquirer.answer = "auditing";
    await settle(id);
    await work.fleet.store.updateTable("terminals").set({ life: "retired" }).execute();
    acquirer.answer = "succeeded";
    work.fleet.at += DAY_S / 2;
    await service.poll();
    acquirer.answer = "auditing";
    await settle(id);
    expect(await work.show(id)).toMatchObject({
      ...{ state: "releasing", code: "TERMINAL_RETIRED" },
      orders: [{ state: "confirmed" }, { purpose: "reversal", state: "auditing" }],
    });
    acquirer.answer = "succeeded";
    work.fleet.at += DAY_S / 2;
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "TERMINAL_RETIRED" });
    expect(acquirer.account?.last4).toBe(FLEET_FIELDS.account_no.slice(-4));
  });

  it("is not asked for at all once the release has expired", async () => {
    const id = await prepare("first");
    work.fleet.at += 8 * DAY_S;
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "EXPIRED", terminals: [], orders: [] });
    expect(acquirer.asked).toEqual([]);
    expect(await readAccount()).toEqual([OLD]);
  });
});

describe("a settlement account whose release somebody published before its acquirer was asked", () => {
  it("is taken back from every terminal where the acquirer refuses, when none can take it any more", async () => {
    const id = await prepare("first");
    const before = work.terminals.map(({ current }) => current);
    const [first, second] = work.terminals;
    await publishByHand(id);
    await commitAll(work.fleet, first === undefined ? [] : [first]);
    acquirer.answer = "failed";
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "releasing", orders: [{ state: "failed" }] });
    await work.report("committed", second === undefined ? [] : [second]);
    await settle(id);
    await work.report();
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "ACQUIRER_REFUSED" });
    expect(work.terminals.map(({ current }) => current)).toEqual(before);
    expect(await readAccount()).toEqual([OLD]);
  });

  it("is undone there to the account before it, where a terminal fails its test", async () => {
    const id = await prepare("first");
    const [first, second] = work.terminals;
    await publishByHand(id);
    await commitAll(work.fleet, first === undefined ? [] : [first]);
    await settle(id);
    await work.report("rolled_back", second === undefined ? [] : [second]);
    await settle(id);
    await work.report();
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "TEST_FAILED", orders: [{}, {}] });
    expect(acquirer.account?.last4).toBe(FLEET_FIELDS.account_no.slice(-4));
    expect(await readAccount()).toEqual([OLD]);
  });
});

describe("a policy loaded while a settlement account is being changed", () => {
  it("that has the acquirer asked first alters nothing where it was not to be asked", async () => {
    const id = await prepare("none");
    const [first, second] = work.terminals;
    await settle(id);
    await work.report("committed", first === undefined ? [] : [first]);
    await work.load({ cutOver: "first", onFailure: "reverse", tasks: [] });
    acquirer.answer = "failed";
    await settle(id);
    await work.report("committed", second === undefined ? [] : [second]);
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "done", orders: [] });
    expect(acquirer.asked).toEqual([]);
  });

  it("that has it asked no more keeps nobody from asking it", async () => {
    const id = await prepare("last");
    await settle(id);
    await work.load({ cutOver: "none", onFailure: "reverse", tasks: [] });
    await work.report();
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "done", orders: [{ state: "confirmed" }] });
    expect(acquirer.asked).toHaveLength(1);
  });
});

describe("a settlement account whose acquirer comes last", () => {
  it("is asked for when every terminal has passed its test", async () => {
    const id = await prepare("last");
    await settle(id);
    expect(acquirer.asked).toEqual([]);
    await work.report();
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "done", orders: [{ state: "confirmed" }] });
  });

  it("that the acquirer refuses after the terminals took it is taken back from them", async () => {
    const id = await prepare("last");
    const before = work.terminals.map(({ current }) => current);
    await settle(id);
    acquirer.answer = "failed";
    await work.report();
    await settle(id);
    expect((await work.show(id)).events.map(({ event }) => event)).toContain("return_terminals");
    await work.report();
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "ACQUIRER_REFUSED" });
    expect(work.terminals.map(({ current }) => current)).toEqual(before);
    expect(await readAccount()).toEqual([OLD]);
  });
});

describe("an acquirer", () => {
  it("that does not answer is asked about under the same number until it does", async () => {
    const id = await prepare("first");
    acquirer.answer = "unknown";
    await settle(id);
    expect((await work.show(id)).state).toBe("releasing");
    acquirer.answer = "succeeded";
    work.fleet.at += DAY_S / 2;
    await settle(id);
    expect(acquirer.asked).toHaveLength(1);
    expect((await work.show(id)).orders).toMatchObject([{ state: "confirmed" }]);
  });

  it("is sent what an approver sealed to it, without which nothing is handed in", async () => {
    await work.load({ cutOver: "first" });
    const id = await work.draft(toReplacement());
    const code = () => submitChange(work.fleet, work.tools, id, "li.mei").then(() => "done", toErrorCode);
    expect(await code()).toBe("SEAL_MISSING");
    work.acquirers.set(CODE, { adapter: "manual" });
    expect(await code()).toBe("done");
  });

  it.each([
    ["another account", "sealed", () => toSealed(Buffer.alloc(32))],
    ["another account than the one that goes", "sealedBefore", () => toSealed(Buffer.alloc(32))],
    ["something that cannot be read", "sealed", () => Buffer.from("{}").toString("base64")],
  ])("is sent nothing sealed of %s: it is not handed in", async (_what, member, toWrong) => {
    await work.load({ cutOver: "first" });
    const { content } = toReplacement();
    const sealed = toSealed(content?.settlement?.commitment);
    const id = await work.draft({ ...toReplacement(), content: { ...content, sealed, [member]: toWrong() } });
    const code = () => submitChange(work.fleet, work.tools, id, "li.mei").then(() => "done", toErrorCode);
    expect(await code()).toBe("SEAL_INVALID");
  });

  it("is sent nothing sealed in another acquirer's way", async () => {
    await work.load({ cutOver: "first" });
    work.acquirers.set(CODE, { adapter: "wechatpay" });
    const { content } = toReplacement();
    const sealed = toSealed(content?.settlement?.commitment);
    const id = await work.draft({ ...toReplacement(), content: { ...content, sealed } });
    const code = () => submitChange(work.fleet, work.tools, id, "li.mei").then(() => "done", toErrorCode);
    expect(await code()).toBe("SEAL_INVALID");
  });

  it("is not asked where the merchant has no terminal left that says which one it is: the change fails", async () => {
    const id = await prepare("first");
    await work.fleet.store.updateTable("terminals").set({ life: "retired" }).execute();
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "TERMINAL_RETIRED", orders: [] });
  });

  it("is asked, the terminals' own, though they were replaced since they took the account", async () => {
    const id = await prepare("last");
    await settle(id);
    await commitAll(work.fleet, work.terminals);
    await work.fleet.store.updateTable("terminals").set({ life: "replaced" }).execute();
    await settle(id);
    expect(await work.show(id)).toMatchObject({ state: "done", orders: [{ state: "confirmed" }] });
  });

  it("that is asked last is taken back with the terminals that an operator has ordered back meanwhile", async () => {
    const id = await prepare("last");
    await settle(id);
    acquirer.answer = "auditing";
    await work.report();
    await settle(id);
    const releaseId = Buffer.from((await work.show(id)).releaseId, "hex");
    await orderRollback(work.fleet, { releaseId, reason: "by an operator" }, work.tools.policy());
    await commitAll(work.fleet, work.terminals);
    await settle(id);
    expect((await work.show(id)).state).toBe("releasing");
    acquirer.answer = "succeeded";
    work.fleet.at += DAY_S / 2;
    await settle(id);
    await settle(id);
    expect(await work.show(id)).toMatchObject({
      ...{ state: "failed", code: "TAKEN_BACK" },
      orders: [{ state: "confirmed" }, { purpose: "reversal", state: "confirmed" }],
    });
  });

  it("that cannot be asked back keeps the terminals from nothing: they go back, and the change says why", async () => {
    const id = await prepare("first");
    await settle(id);
    const { content = "" } = (await findChange(work.fleet.store, id)) ?? {};
    const altered = JSON.stringify({ ...JSON.parse(content), sealedBefore: toSealed(Buffer.alloc(32)) });
    await work.fleet.store.updateTable("changes").set({ content: altered }).where("id", "=", id).execute();
    await commitAll(work.fleet, work.terminals.slice(1));
    await commitAll(work.fleet, work.terminals.slice(0, 1), "rolled_back");
    await settle(id);
    await commitAll(work.fleet, work.terminals);
    await settle(id);
    const ended = await work.show(id);
    expect(ended).toMatchObject({ state: "failed", code: "SEAL_INVALID", orders: [{ state: "confirmed" }] });
    expect(await readAccount()).toContain(OLD);
  });

  it("has what was sealed to it forgotten when the change is done", async () => {
    const id = await prepare("last");
    await settle(id);
    await work.report();
    await settle(id);
    const { content = "", state } = (await findChange(work.fleet.store, id)) ?? {};
    expect([state, content.includes("sealed")]).toEqual(["done", false]);
  });

  it("that nobody has set up is no way, which is told before anything is handed in", async () => {
    await work.load({ cutOver: "first" });
    work.acquirers.clear();
    const id = await work.draft(toReplacement());
    expect((await previewChange(work.fleet, work.tools, id)).findings).toContainEqual({
      ...{ weight: "refused", code: "POLICY_FORBIDS", what: "cut_over" },
    });
    const code = await submitChange(work.fleet, work.tools, id, "li.mei").then(() => "done", toErrorCode);
    expect(code).toBe("POLICY_FORBIDS");
    expect(await doTask(work.fleet, id, "update_contact", "x", "li.mei").catch(toErrorCode)).toBe("NOT_FOUND");
  });
});
