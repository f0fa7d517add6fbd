import { describe, expect, it } from "vitest";
import { loadPack } from "../../../../src/app/changes/packs.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { countReviews, pageReviews, type ReviewQuery, readReviews } from "../../../../src/app/queries/reviews.ts";
import { changeRecord } from "../../../../src/app/records/change.ts";
import { noteReview } from "../../../../src/app/reviews/done.ts";
import { DEFAULT_PACK } from "../../../../src/domain/changes/pack.ts";
import { PACK_FORMAT } from "../../../../src/domain/changes/parse-pack.ts";
import { DAY_S } from "../../../../src/domain/reviews/policy.ts";
import { comparePlaces, type ReviewRow } from "../../../../src/domain/reviews/row.ts";
import { putAcquirerRecord } from "../../../../src/store/reviews.ts";
import { transact } from "../../../../src/store/store.ts";
import { openChangeDesk, toReplacement } from "../../../support/changes.ts";
import {
  enrolFleet,
  MERCHANT,
  openTestFleet,
  release,
  type TestFleet,
  toFleetRow,
  toTerminalFields,
} from "../../../support/fleet-store.ts";
import { toOnRecord } from "../../../support/review-facts.ts";

const NONE: ReviewQuery = { acquirers: new Map() };
const MANUAL: ReviewQuery = { acquirers: new Map([["48220000", { adapter: "manual" as const }]]) };
const MACHINE: ReviewQuery = { acquirers: new Map([["48220000", { adapter: "webhook" as const }]]) };

async function readAll(fleet: TestFleet, query: ReviewQuery = NONE): Promise<readonly ReviewRow[]> {
  const all: ReviewRow[] = [];
  for await (const { rows } of readReviews(fleet, query)) all.push(...rows);
  return all;
}

const toKinds = (rows: readonly ReviewRow[]) => rows.map(({ kind, subject }) => `${kind} ${subject}`.trimEnd());

/** Merchants with some terminals each, of which the first one's are enrolled and have never been heard of. */
async function openMany(): Promise<TestFleet> {
  const fleet = await openTestFleet();
  await enrolFleet(fleet, 4);
  const others = Array.from({ length: 7 }, (_, n) =>
    toFleetRow({ ...toTerminalFields(10 + n), merchant_no: `82239105812999${n >> 1}` }),
  );
  await importFleet(fleet, others);
  await fleet.store
    .updateTable("terminals")
    .set({ deviceKey: Buffer.from([1]) })
    .execute();
  return fleet;
}

describe("the report", () => {
  it("is the same whatever is read at once, and in order", async () => {
    const fleet = await openMany();
    const all = await readAll(fleet);
    expect(all).toHaveLength(5 * 2 + 11);
    expect(all.toSorted(comparePlaces)).toEqual(all);
    for (const atOnce of [
      { merchants: 1, terminals: 1 },
      { merchants: 2, terminals: 3 },
      { merchants: 5, terminals: 11 },
      { merchants: 500, terminals: 2 },
    ]) {
      expect(await readAll(fleet, { ...NONE, atOnce }), JSON.stringify(atOnce)).toEqual(all);
      for (const limit of [1, 4, 20]) {
        const found: ReviewRow[] = [];
        let query: ReviewQuery | undefined = { ...NONE, atOnce };
        while (query !== undefined) {
          const { rows, next } = await pageReviews(fleet, query, limit);
          found.push(...rows);
          query = next === undefined ? undefined : { ...query, after: next };
        }
        expect(found).toEqual(all);
      }
    }
  });

  it("looks through so much for one page and no more, and says where it goes on", async () => {
    const fleet = await openMany();
    const query: ReviewQuery = { ...NONE, kinds: ["order_open"], atOnce: { merchants: 1, terminals: 1 } };
    const first = await pageReviews(fleet, query, 10, 20);
    // Eleven terminals, one at once, and the end of each of five merchants: sixteen parts, fewer than a page may take.
    expect(first).toEqual({ rows: [], next: undefined });
    const more = Array.from({ length: 9 }, (_, n) =>
      toFleetRow({ ...toTerminalFields(30 + n), merchant_no: MERCHANT }),
    );
    await importFleet(fleet, more);
    const { rows, next } = await pageReviews(fleet, query, 10, 20);
    expect([rows.length, next?.merchant]).toEqual([0, "822391058129991"]);
    const rest = await pageReviews(fleet, next === undefined ? query : { ...query, after: next }, 10, 20);
    expect(rest).toEqual({ rows: [], next: undefined });
    expect((await pageReviews(fleet, query, 10)).next).toBeUndefined();
  });

  it("is of those merchants alone that are asked for", async () => {
    const fleet = await openMany();
    const all = await readAll(fleet);
    const numbers = [MERCHANT, "822391058129991"];
    expect(await readAll(fleet, { ...NONE, numbers })).toEqual(
      all.filter(({ merchant }) => numbers.includes(merchant)),
    );
    expect(await readAll(fleet, { ...NONE, numbers: [] })).toEqual([]);
    expect(await readAll(fleet, { ...NONE, numbers, merchant: MERCHANT })).toHaveLength(6);
    await expect(readAll(fleet, { ...NONE, merchant: "1" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await countReviews(fleet, { ...NONE, numbers, severity: "note" })).toContainEqual({
      ...{ kind: "terminal_silent", urgent: 0, soon: 0, note: 6 },
    });
  });

  it("counts reviews from when the record began, by the pack of its acquirer", async () => {
    const fleet = await openTestFleet();
    await importFleet(fleet, [toFleetRow()]);
    const began = fleet.at;
    fleet.at += 100 * DAY_S;
    // What changes meanwhile moves no review.
    const act = { number: MERCHANT, version: 1, actor: "li.mei", changeId: "" };
    await transact(fleet.store, (tx) =>
      changeRecord(tx, fleet.at, { ...act, patch: { licenceValidUntil: fleet.at + 400 * DAY_S } }),
    );
    expect(toKinds(await readAll(fleet, MACHINE))).toEqual(["acquirer_unasked 48220000"]);
    const pack = { format: PACK_FORMAT, ...DEFAULT_PACK, acquirer: "48220000", version: 1, reviewDays: 90 };
    await loadPack(fleet, JSON.stringify(pack), "admin");
    const [review] = await readAll(fleet);
    expect(review).toMatchObject({ kind: "review_overdue", at: began + 90 * DAY_S });
    expect(toKinds(await readAll(fleet, MANUAL))).toContain("acquirer_unasked 48220000");
    await noteReview(fleet, MERCHANT, { actor: "li.mei", reason: "seen" });
    expect(await readAll(fleet, MANUAL)).toEqual([]);
  });

  it("tells an account that a change prepares, its change and its tasks", async () => {
    const desk = await openChangeDesk(1);
    const { fleet } = desk;
    await release(fleet);
    await desk.report();
    const id = await desk.submit(toReplacement({ validUntil: fleet.at + 50 * DAY_S }));
    await desk.sign(id);
    for (let turn = 0; turn < 2; turn += 1) await desk.runner.poll();
    const at = fleet.at;
    fleet.at += 14 * DAY_S;
    const rows = await readAll(fleet, MACHINE);
    expect(toKinds(rows)).toEqual([
      ...["account_unused 2", "licence_unknown", "acquirer_unasked 48220000", `change_stuck ${id}`],
      ...["terminal_behind", "terminal_silent"],
    ]);
    expect(rows[0]).toMatchObject({ at, next: "follow_change", command: `tillsync changes show ${id}` });
    expect(rows[3]).toMatchObject({ at, reported: "releasing update_contact", next: "do_task" });
    expect(rows[4]).toMatchObject({ next: "follow_change", reported: "overdue" });
    fleet.at = at + 60;
    await desk.report();
    // It is in force now, and ends in seven weeks.
    const [ending] = await readAll(fleet, MACHINE);
    expect(ending).toMatchObject({ kind: "account_expiring", subject: "2", severity: "soon", next: "follow_change" });
  });

  it("is made of what acquirers told last, and of an answer that somebody has edited makes a drift", async () => {
    const fleet = await openTestFleet();
    await importFleet(fleet, [toFleetRow()]);
    const put = (onRecord: string) =>
      transact(fleet.store, (tx) =>
        putAcquirerRecord(tx, {
          ...{ acquirer: "48220000", merchant: MERCHANT, askedAt: fleet.at, answeredAt: fleet.at, onRecord },
          ...{ code: "", failures: 0, dueAt: fleet.at },
        }),
      );
    await put(JSON.stringify(toOnRecord()));
    expect(toKinds(await readAll(fleet, MACHINE))).toEqual(["licence_unknown"]);
    for (const text of ["", "{", "null", "[]", '{"masked":"622848***0018"}']) {
      await put(text);
      expect((await readAll(fleet, MACHINE)).at(-1), text).toMatchObject({
        kind: "acquirer_drift",
        acquirer: "no account",
      });
    }
  });
});
