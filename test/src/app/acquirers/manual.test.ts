import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../../../proto/bytes.ts";
import { CHANNELS, type Channel, listSteps } from "../../../../src/app/acquirers/manual/checklists.ts";
import { ManualAcquirer } from "../../../../src/app/acquirers/manual/manual.ts";
import { listChecklist, tickStep } from "../../../../src/app/acquirers/manual/tick.ts";
import { placeOrder, toBindingFacts, toSettlementOrder } from "../../../../src/app/acquirers/orders.ts";
import { OrderRunner } from "../../../../src/app/acquirers/runner.ts";
import { findOrder } from "../../../../src/store/acquirer-orders.ts";
import { listTicks } from "../../../../src/store/acquirer-ticks.ts";
import { transact } from "../../../../src/store/store.ts";
import { MERCHANT, NEW_NUMBER, OLD_CARD, toCard } from "../../../support/acquirers.ts";
import { makeFolder, openTestFleet, readLedgerKinds, type TestFleet } from "../../../support/fleet-store.ts";

const NO = "CHG00000001";
const EVIDENCE = Buffer.from("a picture");
const [WANG, LI] = ["wang.lei", "li.mei"];

let fleet: TestFleet;
let folder: string;
let acquirer: ManualAcquirer;
let runner: OrderRunner;

async function open(channel: Channel): Promise<void> {
  [fleet, folder] = [await openTestFleet(), makeFolder()];
  acquirer = new ManualAcquirer({ context: fleet, code: "A1", channel });
  runner = new OrderRunner(fleet, { acquirers: new Map([["A1", acquirer]]), changed: async () => undefined });
  await transact(fleet.store, (tx) =>
    placeOrder(tx, fleet.at, {
      ...{ requestNo: NO, change: "C-1", purpose: "change", acquirer: "A1", merchant: MERCHANT, sealed: undefined },
      ...{ wanted: toBindingFacts(toCard().binding), before: toBindingFacts(OLD_CARD.binding) },
    }),
  );
}

const state = async () => (await findOrder(fleet.store, NO))?.state;

function tick(step: string, person: string, note = "", evidence: Buffer | undefined = EVIDENCE) {
  const act = { actor: person, reason: "as the checklist says" };
  const given = { requestNo: NO, step, note, ...(evidence === undefined ? {} : { evidence }) };
  return tickStep(fleet, { folder, channel: acquirer.channel }, given, act);
}

async function tickAll(channel: Channel, shown: string): Promise<void> {
  for (const { id, part, notes } of listSteps(channel)) {
    fleet.at += 1;
    const note = notes === "case" ? "CASE-7" : notes === "account" ? shown : "";
    await tick(id, part === "request" ? WANG : LI, note);
  }
}

beforeEach(() => open("bank-app"));

describe("an acquirer that people are asked through", () => {
  it("confirms what a second person saw on its record, through every channel", async () => {
    for (const channel of CHANNELS) {
      await open(channel);
      await runner.poll();
      expect(await state()).toBe("auditing");
      await tickAll(channel, "6228 48** **** **** 018");
      await runner.poll();
      expect(await state()).toBe("succeeded");
      await runner.poll();
      expect(await findOrder(fleet.store, NO), channel).toMatchObject({ state: "confirmed", reference: "CASE-7" });
      expect(await readLedgerKinds(fleet)).toContain("acquirer.step_done");
      const lines = await listChecklist(fleet, channel, NO);
      expect(lines.every(({ done, zh, en }) => done !== undefined && zh !== "" && en !== "")).toBe(true);
      await acquirer.check();
    }
  });

  it("is contradicted by a person who saw the old account there", async () => {
    await runner.poll();
    await tickAll("bank-app", "6222***5702");
    for (let n = 0; n < 8; n += 1) {
      await runner.poll();
      fleet.at += 3_600;
    }
    expect(await findOrder(fleet.store, NO)).toMatchObject({ state: "contradicted", code: "BEFORE" });
  });

  it("takes steps in their order, once, and the confirmation from another person only", async () => {
    await expect(tick("enter", WANG)).rejects.toMatchObject({ code: "STATE_CONFLICT", fields: { next: "sign-in" } });
    await tick("sign-in", WANG);
    await expect(tick("sign-in", WANG)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
    await tick("enter", WANG);
    await tick("submit", WANG, "CASE-7");
    await expect(tick("credit", WANG)).rejects.toMatchObject({ code: "SELF_APPROVAL" });
    await tick("credit", LI);
    const row = await findOrder(fleet.store, NO);
    expect(row && (await acquirer.follow(toSettlementOrder(row)))).toMatchObject({
      state: "auditing",
      reference: "CASE-7",
    });
    expect((await listChecklist(fleet, "bank-app", NO)).filter(({ done }) => done === undefined)).toHaveLength(1);
  });

  it("demands evidence, and notes of their form, and never takes a whole number", async () => {
    await expect(tick("sign-in", WANG, "a remark")).rejects.toMatchObject({ code: "FIELD_INVALID" });
    await expect(tick("dance", WANG)).rejects.toMatchObject({ code: "FIELD_INVALID" });
    await tick("sign-in", WANG, "", undefined);
    await tick("enter", WANG, "", undefined);
    const act = { actor: WANG, reason: "x" };
    const bare = { requestNo: NO, step: "submit", note: "CASE-7" };
    await expect(tickStep(fleet, { folder, channel: "bank-app" }, bare, act)).rejects.toMatchObject({
      code: "EVIDENCE_MISSING",
    });
    await tick("submit", WANG, "CASE-7");
    await tick("credit", LI);
    for (const note of [NEW_NUMBER, "", "0018", "*".repeat(10_000)]) {
      await expect(tick("look-up", LI, note)).rejects.toMatchObject({ code: "FIELD_INVALID" });
    }
    await expect(
      tickStep(fleet, { folder, channel: "bank-app" }, { ...bare, requestNo: "CHG99999999", evidence: EVIDENCE }, act),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("leaves no evidence of a step that was refused", async () => {
    const kept = () => (existsSync(join(folder, "evidence")) ? readdirSync(join(folder, "evidence")) : []);
    for (let n = 0; n < 3; n += 1) {
      const evidence = Buffer.from(`picture ${n}`);
      for (const [step, note] of [
        ["enter", ""],
        ["sign-in", "a remark"],
        ["dance", ""],
        ["look-up", NEW_NUMBER],
      ] as const) {
        await expect(tick(step, WANG, note, evidence), step).rejects.toBeInstanceOf(Error);
      }
    }
    expect(kept()).toEqual([]);
    await expect(tick("sign-in", WANG, "", Buffer.from("cvv 123"))).rejects.toMatchObject({ code: "SENSITIVE_DATA" });
    expect([kept(), await listTicks(fleet.store, NO)]).toEqual([[], []]);
    const both = [1, 2].map((n) => tick("sign-in", WANG, "", Buffer.from(`picture ${n}`)));
    expect((await Promise.allSettled(both)).map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const [taken] = await listTicks(fleet.store, NO);
    expect(kept()).toEqual([toHex(taken?.evidence ?? Buffer.alloc(0))]);
  });

  it("takes no step whose evidence cannot be kept", async () => {
    writeFileSync(join(folder, "evidence"), "");
    await expect(tick("sign-in", WANG)).rejects.toMatchObject({ code: "DATA_FOLDER_INVALID" });
    expect(await listTicks(fleet.store, NO)).toEqual([]);
  });

  it("keeps a case number whole, so that it can be told on the phone, unless it could be an account", async () => {
    const row = await findOrder(fleet.store, NO);
    const { last4 } = JSON.parse(row?.wanted ?? "{}");
    for (const [note, kept] of [
      ["GD20261122001", "GD20261122001"],
      [NEW_NUMBER, undefined],
      [`GD${NEW_NUMBER}`, undefined],
      [`3500187010100520${last4}`, undefined],
      ["case 20261122001", undefined],
    ]) {
      await open("bank-app");
      for (const step of ["sign-in", "enter"]) await tick(step, WANG);
      await tick("submit", WANG, note);
      const { noted } = (await listTicks(fleet.store, NO)).find(({ step }) => step === "submit") ?? {};
      if (kept === undefined) expect(noted).toMatch(/\*{4,}\d{4}$/);
      else expect(noted).toBe(kept);
    }
  });

  it("ends with a refusal that a person was told", async () => {
    await tick("refused", WANG, "同名账户才可变更");
    await runner.poll();
    expect(await findOrder(fleet.store, NO)).toMatchObject({
      state: "failed",
      code: "REFUSED",
      words: "同名账户才可变更",
    });
    await expect(tick("sign-in", WANG)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
  });

  it("has nothing on record for a merchant of whom nobody looked", async () => {
    expect(await acquirer.query(MERCHANT)).toBeUndefined();
  });
});
