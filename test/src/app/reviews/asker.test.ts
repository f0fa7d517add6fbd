import { describe, expect, it, onTestFinished } from "vitest";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { Acquirer } from "../../../../src/app/acquirers/acquirer.ts";
import { FAILURES_TO_OPEN, FIRST_OPEN_MS } from "../../../../src/app/http-client/breaker.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { replaceBinding } from "../../../../src/app/records/bindings.ts";
import { readRecord, toPrimary } from "../../../../src/app/records/read.ts";
import { ASK_EVERY_S, RecordAsker } from "../../../../src/app/reviews/asker.ts";
import { openReviewService } from "../../../../src/app/reviews/service.ts";
import { ASK_AGAIN_S, FIRST_RETRY_S } from "../../../../src/domain/reviews/pace.ts";
import { listDueMerchants } from "../../../../src/store/reviews.ts";
import { transact } from "../../../../src/store/store.ts";
import { openTestFleet, type TestFleet, toFleetRow, toTerminalFields } from "../../../support/fleet-store.ts";
import { ACCOUNT } from "../../../support/merchant-facts.ts";
import { toOnRecord } from "../../../support/review-facts.ts";

const CODE = "48220000";
/** Later than a look at what is due is made again. */
const NEXT_LOOK_S = 61;

function toNumber(n: number): string {
  return `82239105812${String(n).padStart(4, "0")}`;
}

/** A fleet of some merchants at one acquirer, which counts how many questions it is asked at once. */
async function openAsking(merchants: number) {
  const fleet = await openTestFleet();
  const rows = Array.from({ length: merchants }, (_, n) =>
    toFleetRow({ ...toTerminalFields(n), merchant_no: toNumber(n) }),
  );
  await importFleet(fleet, rows);
  const asked: string[] = [];
  const state = { code: "", underWay: 0, most: 0, hold: Promise.resolve() };
  const acquirer = {
    adapter: "webhook",
    query: async (merchant: string) => {
      asked.push(merchant);
      state.underWay += 1;
      state.most = Math.max(state.most, state.underWay);
      await state.hold;
      state.underWay -= 1;
      if (state.code === "crash") throw new Error("of the adapter");
      if (state.code !== "") throw new TillsyncError(state.code as "ACQUIRER_FAILED");
      return toOnRecord();
    },
  } as unknown as Acquirer;
  const manual = { ...acquirer, adapter: "manual" } as Acquirer;
  const acquirers = new Map([
    [CODE, acquirer],
    ["M1", manual],
  ]);
  const asker = new RecordAsker(fleet, acquirers);
  /** Asks as often as it may within that time. */
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      fleet.at += 1;
      await asker.poll();
    }
  };
  return { fleet, asked, state, asker, acquirers, pass };
}

const readAll = (fleet: TestFleet) =>
  fleet.store.selectFrom("acquirerRecords").selectAll().orderBy("merchant").execute();

describe("acquirers' records", () => {
  it("are asked for one by one, each merchant once a day", async () => {
    const { fleet, asked, state, asker, pass } = await openAsking(3);
    await asker.poll();
    await asker.poll();
    expect(asked).toEqual([toNumber(0)]);
    await pass(2 * ASK_EVERY_S);
    expect(asked).toEqual([0, 1, 2].map(toNumber));
    await pass(NEXT_LOOK_S);
    expect([asked.length, state.most]).toEqual([3, 1]);
    expect(await readAll(fleet)).toMatchObject(
      [0, 1, 2].map((n) => ({ merchant: toNumber(n), code: "", failures: 0 })),
    );
    fleet.at += ASK_AGAIN_S;
    await pass(3);
    expect(asked).toHaveLength(6);
  });

  it("are asked for once more when another account has come into force", async () => {
    const { fleet, asked, pass } = await openAsking(1);
    await pass(1);
    fleet.at += 10;
    const number = toNumber(0);
    await transact(fleet.store, async (tx) => {
      const { id } = toPrimary(await readRecord(tx, number));
      const act = { number, actor: "li.mei", changeId: "", version: 1 };
      await replaceBinding(tx, fleet.at, {
        ...act,
        bindingId: id,
        settlement: { ...ACCOUNT, holder: "福州闽江春茶文化有限公司" },
      });
    });
    expect(await listDueMerchants(fleet.store, CODE, fleet.at, 10)).toEqual([number]);
    await pass(NEXT_LOOK_S);
    expect(asked).toHaveLength(2);
    expect(await listDueMerchants(fleet.store, CODE, fleet.at, 10)).toEqual([]);
  });

  it("are not asked for where no terminal is in service there", async () => {
    const { fleet, asked, pass } = await openAsking(2);
    await fleet.store
      .updateTable("terminals")
      .set({ life: "retired" })
      .where("merchantNumber", "=", toNumber(0))
      .execute();
    await pass(3);
    expect(asked).toEqual([toNumber(1)]);
  });

  it("are asked for by one question at a time, however long an answer takes", async () => {
    const { fleet, asked, state, asker } = await openAsking(3);
    let answer = () => {};
    state.hold = new Promise((resolve) => {
      answer = resolve;
    });
    const polls = [asker.poll()];
    fleet.at += 5;
    polls.push(asker.poll(), asker.poll());
    await expect.poll(() => asked).toHaveLength(1);
    answer();
    await Promise.all(polls);
    await asker.close();
    expect([asked.length, state.most]).toEqual([1, 1]);
  });

  it("that cannot be had are asked for again later and later, and the acquirer is left alone meanwhile", async () => {
    const { fleet, asked, state, pass } = await openAsking(10);
    state.code = "ACQUIRER_FAILED";
    await pass(FAILURES_TO_OPEN + 5);
    expect(asked).toHaveLength(FAILURES_TO_OPEN);
    expect((await readAll(fleet)).map(({ code, failures, answeredAt }) => [code, failures, answeredAt])).toEqual(
      asked.map(() => ["ACQUIRER_FAILED", 1, null]),
    );
    state.code = "";
    await pass(FIRST_OPEN_MS / 1_000 + 5);
    expect(asked).toHaveLength(10);
    fleet.at += FIRST_RETRY_S;
    await pass(NEXT_LOOK_S);
    expect(asked).toHaveLength(10 + FAILURES_TO_OPEN);
    expect((await readAll(fleet)).map(({ code, failures }) => [code, failures])).toEqual(
      Array.from({ length: 10 }, () => ["", 0]),
    );
  });

  it.each(["NOT_FOUND", "ACQUIRER_REFUSED", "crash"])(
    "of one merchant that fail with %s keep no other from its turn",
    async (code) => {
      const { fleet, asked, state, pass } = await openAsking(FAILURES_TO_OPEN + 3);
      state.code = code;
      await pass(FAILURES_TO_OPEN + 3);
      expect(asked).toHaveLength(FAILURES_TO_OPEN + 3);
      expect((await readAll(fleet))[0]).toMatchObject({ code: code === "crash" ? "INTERNAL" : code, failures: 1 });
    },
  );

  it("keep what was told before a failure", async () => {
    const { fleet, state, asker } = await openAsking(1);
    const [question] = [{ acquirer: CODE, merchant: toNumber(0) }];
    await asker.askNow([question], 1);
    const at = fleet.at;
    fleet.at += 10;
    state.code = "ACQUIRER_UNSIGNED";
    for (const failures of [1, 2]) {
      expect(await asker.askNow([question], 1)).toMatchObject([
        { code: "ACQUIRER_UNSIGNED", dueAt: fleet.at + failures * FIRST_RETRY_S },
      ]);
    }
    expect(await readAll(fleet)).toMatchObject([{ answeredAt: at, askedAt: fleet.at, failures: 2 }]);
    expect((await readAll(fleet))[0]?.onRecord).toContain("0018");
  });

  it("are asked for at once for as many as somebody wants, but not of an acquirer that fails", async () => {
    const { state, asker } = await openAsking(9);
    expect(await asker.askNow(undefined, 2)).toMatchObject([0, 1].map((n) => ({ merchant: toNumber(n), code: "" })));
    state.code = "ACQUIRER_FAILED";
    expect(await asker.askNow(undefined, 9)).toHaveLength(FAILURES_TO_OPEN);
    expect(await asker.askNow([{ acquirer: "M1", merchant: toNumber(0) }], 9)).toEqual([]);
  });

  it("are asked for by the service until it is closed", async () => {
    const { fleet, asked, acquirers } = await openAsking(2);
    const service = openReviewService(fleet, acquirers);
    onTestFinished(() => service.close());
    await service.poll();
    expect(asked).toHaveLength(1);
    fleet.at += 1;
    await expect.poll(() => asked).toHaveLength(2);
    await service.close();
    expect(await readAll(fleet)).toHaveLength(2);
  });
});
