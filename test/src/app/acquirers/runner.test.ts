import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { toSealedAccountJson } from "../../../../certs/acquirer/seal.ts";
import { toUtf8 } from "../../../../proto/bytes.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { Acquirer, SettlementOrder } from "../../../../src/app/acquirers/acquirer.ts";
import { placeOrder, toOnRecord } from "../../../../src/app/acquirers/orders.ts";
import { OrderRunner } from "../../../../src/app/acquirers/runner.ts";
import { createChange } from "../../../../src/app/changes/draft.ts";
import { listLedger } from "../../../../src/app/queries/ledger.ts";
import type { OnRecord } from "../../../../src/domain/acquirers/on-record.ts";
import type { OrderAlarm, OrderState, Told } from "../../../../src/domain/acquirers/order.ts";
import { MAX_REQUESTS } from "../../../../src/domain/acquirers/step-order.ts";
import { findOrder, listOrdersOf } from "../../../../src/store/acquirer-orders.ts";
import { addRestore } from "../../../../src/store/restores.ts";
import { transact } from "../../../../src/store/store.ts";
import { MERCHANT, NEW_NUMBER, openSettling, type Settling } from "../../../support/acquirers.ts";
import { findNeedles, readPlaces, toForms } from "../../../support/canary.ts";
import { toNewChange } from "../../../support/changes.ts";
import { enrolFleet } from "../../../support/fleet-store.ts";

const AUDITING: Told = { state: "auditing", reference: "A1", words: "" };
const SUCCEEDED: Told = { state: "succeeded", reference: "A1", words: "" };
const SHOWN: OnRecord = { kind: "card", masked: "622848***0018", bank: "", cnaps: "", holder: "", credit: "", at: 1 };
const ACT = { actor: "wang.lei", reason: "the merchant telephoned" };

/** An acquirer that says what it is told to, and remembers what it was asked. */
class ScriptedAcquirer implements Acquirer {
  readonly adapter = "webhook";
  readonly asked: string[] = [];
  answers: (Told | OnRecord | undefined | Error)[] = [];

  async request(order: SettlementOrder): Promise<Told> {
    return this.#say(`request ${order.requestNo}`) as Told;
  }
  async follow(order: SettlementOrder): Promise<Told> {
    return this.#say(`follow ${order.requestNo} ${order.reference}`.trim()) as Told;
  }
  async query(merchant: string): Promise<OnRecord | undefined> {
    return this.#say(`query ${merchant}`) as OnRecord | undefined;
  }
  async reverse(order: SettlementOrder): Promise<Told> {
    return this.#say(`reverse ${order.requestNo} ${order.reverses}`) as Told;
  }
  async check(): Promise<void> {}

  #say(asked: string): Told | OnRecord | undefined {
    this.asked.push(asked);
    const answer = this.answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

interface Running extends Settling {
  readonly scripted: ScriptedAcquirer;
  readonly runner: OrderRunner;
  readonly changes: { readonly to: OrderState; readonly from: OrderState; readonly alarm: OrderAlarm | undefined }[];
  place(more?: { readonly requestNo?: string; readonly reverses?: string }): Promise<string>;
  /** Polls at the time that something is due next. */
  next(requestNo: string): Promise<OrderState>;
}

async function run(use: "scripted" | "real" = "scripted"): Promise<Running> {
  const settling = await openSettling("webhook");
  const { fleet, order, acquirer } = settling;
  const scripted = new ScriptedAcquirer();
  const changes: Running["changes"] = [];
  const runner = new OrderRunner(fleet, {
    acquirers: new Map([["A1", use === "real" ? acquirer : scripted]]),
    changed: async (_tx, { state }, from, alarm) => void changes.push({ to: state, from, alarm }),
  });
  onTestFinished(() => runner.close());
  const place: Running["place"] = async ({ requestNo, reverses } = {}) => {
    const made = order(requestNo === undefined ? {} : { requestNo });
    const sealed = made.sealed === undefined || reverses !== undefined ? undefined : toSealedAccountJson(made.sealed);
    const { wanted, before } = made;
    const purpose = reverses === undefined ? "change" : "reversal";
    await transact(fleet.store, (tx) =>
      placeOrder(tx, fleet.at, {
        ...{
          requestNo: made.requestNo,
          change: "C-1",
          purpose,
          acquirer: "A1",
          merchant: MERCHANT,
          wanted,
          before,
          sealed,
        },
        ...(reverses === undefined ? {} : { reverses }),
      }),
    );
    return made.requestNo;
  };
  const next = async (requestNo: string) => {
    const due = (await findOrder(fleet.store, requestNo))?.dueAt;
    if (typeof due === "number") fleet.at = Math.max(fleet.at, due);
    await runner.poll();
    return (await findOrder(fleet.store, requestNo))?.state ?? "failed";
  };
  return { ...settling, scripted, runner, changes, place, next };
}

const failure = (sent?: boolean) => new TillsyncError("ACQUIRER_FAILED", sent === undefined ? {} : { sent });

describe("the runner of orders", () => {
  it("takes an order to its end, telling of each state in the transaction that stores it", async () => {
    const { scripted, changes, place, next, fleet } = await run();
    scripted.answers = [AUDITING, AUDITING, SUCCEEDED, SHOWN];
    const no = await place();
    const states: OrderState[] = [];
    for (let n = 0; n < 4; n += 1) states.push(await next(no));
    expect(states).toEqual(["auditing", "auditing", "succeeded", "confirmed"]);
    expect(scripted.asked).toEqual([`request ${no}`, `follow ${no} A1`, `follow ${no} A1`, `query ${MERCHANT}`]);
    expect(changes.map(({ from, to }) => `${from} > ${to}`)).toEqual([
      "requested > unknown",
      "unknown > auditing",
      "auditing > succeeded",
      "succeeded > confirmed",
    ]);
    const row = await findOrder(fleet.store, no);
    expect(row).toMatchObject({ sealed: "", dueAt: null, reference: "A1" });
    expect(row && toOnRecord(row)).toEqual(SHOWN);
    const kinds = (await listLedger(fleet.store, 0, 100)).entries.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "acquirer.changed")).toHaveLength(4);
    expect(kinds).toContain("acquirer.ordered");
  });

  it("asks about what it sent when it was switched off in between, and sends it again only where the acquirer has none", async () => {
    const { scripted, place, next, fleet, runner } = await run();
    const no = await place();
    // Stored as sent; then the power went.
    scripted.answers = [failure(), { state: "absent" }, AUDITING];
    expect(await next(no)).toBe("unknown");
    expect(await next(no)).toBe("requested");
    expect(await next(no)).toBe("auditing");
    expect(scripted.asked).toEqual([`request ${no}`, `follow ${no}`, `request ${no}`]);
    expect(await runner.poll()).toBe(0);
    expect((await findOrder(fleet.store, no))?.requests).toBe(2);
  });

  it("never sends an order more often than its bound, however the line fails, and tells a person", async () => {
    const { scripted, changes, place, next, fleet, runner } = await run();
    const no = await place();
    scripted.answers = Array.from({ length: 200 }, (_, n) =>
      n % 2 === 0 ? failure() : ({ state: "absent" } as const),
    );
    for (let n = 0; n < 20; n += 1) await next(no);
    expect(scripted.asked.filter((asked) => asked.startsWith("request"))).toHaveLength(MAX_REQUESTS);
    expect(changes.at(-1)).toMatchObject({ alarm: "untold" });
    expect(await findOrder(fleet.store, no)).toMatchObject({ state: "unknown", dueAt: null });
    scripted.answers = [SUCCEEDED];
    await runner.resume(no, ACT);
    expect(await next(no)).toBe("succeeded");
    const { entries } = await listLedger(fleet.store, 0, 100);
    expect(entries.find(({ kind }) => kind === "acquirer.resumed")).toMatchObject({ actor: "wang.lei" });
    expect(entries.map(({ kind }) => kind)).toContain("alarm.acquirer_untold");
  });

  it("sends again what surely never left, without counting it", async () => {
    const { scripted, place, next, fleet } = await run();
    const no = await place();
    scripted.answers = [failure(false), failure(false), AUDITING];
    expect([await next(no), await next(no), await next(no)]).toEqual(["requested", "requested", "auditing"]);
    expect((await findOrder(fleet.store, no))?.requests).toBe(1);
  });

  it("ends with a refusal, and keeps its code and words", async () => {
    const { scripted, place, next, fleet } = await run();
    const no = await place();
    scripted.answers = [new TillsyncError("ACQUIRER_REFUSED", { acquirer: "NO_AUTH", words: "not yours" })];
    expect(await next(no)).toBe("failed");
    expect(await findOrder(fleet.store, no)).toMatchObject({ code: "NO_AUTH", words: "not yours", sealed: "" });
  });

  it("ends with no refusal where it was sent before: what came first may be under way there", async () => {
    const { scripted, changes, place, next, fleet } = await run();
    const no = await place();
    const refused = new TillsyncError("ACQUIRER_REFUSED", { acquirer: "AUDITING", words: "one is being audited" });
    scripted.answers = [failure(), { state: "absent" }, refused];
    for (const state of ["unknown", "requested", "unknown"]) expect(await next(no)).toBe(state);
    const row = await findOrder(fleet.store, no);
    expect(row).toMatchObject({ code: "AUDITING", requests: 2, dueAt: expect.any(Number) });
    expect(row?.sealed).not.toBe("");
    scripted.answers = [SUCCEEDED, SHOWN];
    expect([await next(no), await next(no)]).toEqual(["succeeded", "confirmed"]);
    expect(changes.at(-1)).toMatchObject({ to: "confirmed" });
  });

  it("holds what a change orders that was submitted before the service was put back, until a person resumes it", async () => {
    const { scripted, changes, place, next, fleet, runner } = await run();
    const restored = { restoredAt: fleet.at, backupAt: fleet.at - 60, ledgerSize: 0, ledgerRoot: new Uint8Array(32) };
    await transact(fleet.store, (tx) => addRestore(tx, { ...restored, actor: "wang.lei", reason: "disk lost" }));
    fleet.at += 1;
    const no = await place();
    expect(await next(no)).toBe("held");
    expect(changes).toEqual([{ from: "requested", to: "held", alarm: "held" }]);
    expect(await findOrder(fleet.store, no)).toMatchObject({ dueAt: null, requests: 1 });
    expect((await listLedger(fleet.store, 0, 100)).entries.map(({ kind }) => kind)).toContain("alarm.acquirer_held");
    fleet.at += 100_000;
    expect(await runner.poll()).toBe(0);
    expect(scripted.asked).toEqual([]);
    await runner.resume(no, ACT);
    scripted.answers = [undefined, { state: "absent" }, AUDITING];
    for (const state of ["unknown", "requested", "auditing"]) expect(await next(no)).toBe(state);
    expect(scripted.asked).toEqual([`query ${MERCHANT}`, `follow ${no}`, `request ${no}`]);
  });

  it("does not hold what was submitted after that", async () => {
    const { scripted, next, fleet, order, runner } = await run();
    const restored = { restoredAt: fleet.at, backupAt: fleet.at - 60, ledgerSize: 0, ledgerRoot: new Uint8Array(32) };
    await transact(fleet.store, (tx) => addRestore(tx, { ...restored, actor: "wang.lei", reason: "disk lost" }));
    await enrolFleet(fleet, 1);
    const change = await createChange(fleet, toNewChange());
    fleet.at += 1;
    await fleet.store.updateTable("changes").set({ submittedAt: fleet.at }).execute();
    const { requestNo, merchant, wanted, before } = order();
    const made = { requestNo, change: change.id, purpose: "change", acquirer: "A1", merchant } as const;
    await transact(fleet.store, (tx) => placeOrder(tx, fleet.at, { ...made, wanted, before, sealed: undefined }));
    scripted.answers = [AUDITING];
    expect(await next(requestNo)).toBe("auditing");
    await runner.close();
  });

  it("takes what is not signed for nothing, and a refusal to be asked for no end", async () => {
    const { scripted, place, next } = await run();
    const no = await place();
    const refused = new TillsyncError("ACQUIRER_REFUSED", { acquirer: "NO_AUTH" });
    scripted.answers = [
      new TillsyncError("ACQUIRER_UNSIGNED"),
      refused,
      SUCCEEDED,
      refused,
      new Error("a fault"),
      SHOWN,
    ];
    const states: OrderState[] = [];
    for (let n = 0; n < 6; n += 1) states.push(await next(no));
    expect(states).toEqual(["unknown", "unknown", "succeeded", "succeeded", "succeeded", "confirmed"]);
  });

  it("tells a contradiction, which only a person ends", async () => {
    const { scripted, changes, place, next, runner, fleet } = await run();
    const no = await place();
    const old = { ...SHOWN, masked: "622202***5702" };
    scripted.answers = [SUCCEEDED, old, old, old, old, old];
    for (let n = 0; n < 6; n += 1) await next(no);
    expect(changes.at(-1)).toMatchObject({ to: "contradicted", alarm: "contradicted" });
    expect(await findOrder(fleet.store, no)).toMatchObject({ state: "contradicted", code: "BEFORE", dueAt: null });
    await runner.judge(no, false, ACT);
    expect(await findOrder(fleet.store, no)).toMatchObject({ state: "failed", code: "GIVEN_UP", words: ACT.reason });
    await expect(runner.judge(no, true, ACT)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
    await expect(runner.resume(no, ACT)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
    await expect(runner.resume("CHG00000000", ACT)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("leaves an order alone whose acquirer is not configured, or whose settings lack something, until that is mended", async () => {
    const { scripted, place, next, fleet } = await run();
    const no = await place();
    scripted.answers = [new TillsyncError("FIELD_INVALID", { field: "banks" }), AUDITING];
    expect([await next(no), await next(no)]).toEqual(["requested", "auditing"]);
    expect(fleet.lines).toContainEqual(expect.objectContaining({ code: "FIELD_INVALID", order: no }));
    const empty = new OrderRunner(fleet, { acquirers: new Map(), changed: async () => undefined });
    fleet.at += 100_000;
    expect(await empty.poll()).toBe(1);
    expect(await findOrder(fleet.store, no)).toMatchObject({ state: "auditing", code: "NOT_CONFIGURED" });
  });

  it("reverses by reference where the acquirer can", async () => {
    const { scripted, place, next } = await run();
    const no = await place({ reverses: "A1" });
    scripted.answers = [SUCCEEDED];
    expect(await next(no)).toBe("succeeded");
    expect(scripted.asked).toEqual([`reverse ${no} A1`]);
  });

  it("stores nothing where the workflow could not go along, and comes back to it", async () => {
    const { fleet, scripted, place } = await run();
    const no = await place();
    scripted.answers = [AUDITING, AUDITING];
    let fails = true;
    const runner = new OrderRunner(fleet, {
      acquirers: new Map([["A1", scripted]]),
      changed: async (_tx, { state }) => {
        if (fails && state === "auditing") throw new TillsyncError("STORE_FAILED");
      },
    });
    await runner.poll();
    expect((await findOrder(fleet.store, no))?.state).toBe("unknown");
    fails = false;
    fleet.at += 60;
    await runner.poll();
    expect((await findOrder(fleet.store, no))?.state).toBe("auditing");
    expect(scripted.asked.filter((asked) => asked.startsWith("request"))).toHaveLength(1);
  });

  it("is one poll however often it is asked for, and takes many orders", async () => {
    const { runner, scripted, place, fleet } = await run();
    scripted.answers = [AUDITING, AUDITING];
    const no = await place();
    const [a, b] = [runner.poll(), runner.poll()];
    expect(await Promise.all([a, b])).toEqual([1, 1]);
    expect(scripted.asked).toHaveLength(1);
    await expect(place()).rejects.toMatchObject({ code: "STATE_CONFLICT", fields: { order: no } });
    expect(await listOrdersOf(fleet.store, "C-1")).toHaveLength(1);
  });
});

describe("placing an order", () => {
  it("refuses what was sealed for another account, for another order, or is malformed", async () => {
    const { fleet, order } = await openSettling("lakala");
    const made = order();
    const { sealed, wanted, before, requestNo } = made;
    if (sealed === undefined) throw new Error("not sealed");
    const base = {
      requestNo,
      change: "C-1",
      purpose: "change",
      acquirer: "A1",
      merchant: MERCHANT,
      wanted,
      before,
    } as const;
    const place = (more: object) =>
      transact(fleet.store, (tx) =>
        placeOrder(tx, fleet.at, { ...base, sealed: toSealedAccountJson(sealed), ...more }),
      );
    const other = toSealedAccountJson({ ...sealed, commitment: "0".repeat(64) });
    await expect(place({ sealed: other })).rejects.toMatchObject({
      code: "SEAL_INVALID",
      fields: { part: "commitment" },
    });
    await expect(place({ requestNo: "CHG77777777" })).rejects.toMatchObject({ fields: { part: "request" } });
    await expect(place({ sealed: toUtf8("{}") })).rejects.toMatchObject({ code: "FIELD_MISSING" });
    await expect(place({ requestNo: "../x" })).rejects.toMatchObject({ code: "FIELD_INVALID" });
    expect(await findOrder(fleet.store, requestNo)).toBeUndefined();
  });
});

describe("a settlement number", () => {
  it("is read at the acquirer, and nowhere in database, log or ledger of the service", async () => {
    const { sim, fleet, place, next, folder } = await run("real");
    sim.apply({ type: "settle", decision: { state: "succeeded", words: `number ${NEW_NUMBER} taken` } });
    const no = await place();
    expect([await next(no), await next(no)]).toEqual(["succeeded", "confirmed"]);
    expect(sim.apply({ type: "look" }).accounts[MERCHANT]?.number).toBe(NEW_NUMBER);
    const rows = JSON.stringify([
      await listOrdersOf(fleet.store, "C-1"),
      (await listLedger(fleet.store, 0, 100)).entries,
    ]);
    const places = [
      ...readPlaces([folder]),
      ...[fleet.file, `${fleet.file}-wal`].map((name) => ({ name, bytes: readFileSync(name) })),
      { name: "rows", bytes: Buffer.from(rows) },
      { name: "log", bytes: Buffer.from(JSON.stringify(fleet.lines)) },
      { name: "requests", bytes: Buffer.from(JSON.stringify(sim.apply({ type: "look" }).requests)) },
    ];
    expect(findNeedles(places, toForms(NEW_NUMBER))).toEqual([]);
    expect(rows).toContain("0018");
  });
});
