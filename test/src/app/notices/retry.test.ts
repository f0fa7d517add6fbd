import { beforeEach, describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { retryNotice } from "../../../../src/app/notices/retry.ts";
import { addNotices, findDueNotices, findNotice, listUndelivered } from "../../../../src/store/notices.ts";
import { transact } from "../../../../src/store/store.ts";
import { type ChangeDesk, openChangeDesk } from "../../../support/changes.ts";
import { MERCHANT, readLedgerKinds } from "../../../support/fleet-store.ts";

const ACT = { actor: "wang.lei", reason: "the mail server is well again" };

let work: ChangeDesk;
let change: string;

beforeEach(async () => {
  work = await openChangeDesk(1);
  change = await work.draft({}, []);
});

/** A notice with that fate; its number. */
async function add(recipient: string, dueAt: number | null, deliveredAt: number | null): Promise<number> {
  const { store, at } = work.fleet;
  const row = {
    changeId: change,
    eventId: 1,
    event: "submit",
    channel: "email",
    audience: "staff",
    recipient,
  } as const;
  const fate = { attempts: 12, dueAt, deliveredAt, code: "NOTICE_FAILED", createdAt: at };
  await transact(store, (tx) => addNotices(tx, [{ ...row, ...fate, content: "{}" }]));
  const { id } = await store.selectFrom("notices").select("id").orderBy("id", "desc").executeTakeFirstOrThrow();
  return id;
}

describe("a notice that was given up", () => {
  it("is due at once when it is retried, as if it had never been sent, and the ledger tells who and why", async () => {
    const { fleet } = work;
    const id = await add("owner@shop.example", null, null);
    fleet.at += 60;
    expect(await retryNotice(fleet, id, ACT)).toMatchObject({
      id,
      attempts: 0,
      dueAt: fleet.at,
      code: "NOTICE_FAILED",
    });
    expect((await findDueNotices(fleet.store, fleet.at, 10)).map((one) => one.id)).toEqual([id]);
    expect(await readLedgerKinds(fleet)).toContain("notice.retried");
  });

  it("is the only one that can be: neither one that waits nor one that arrived, and none that is not there", async () => {
    const { fleet } = work;
    const [waiting, delivered] = [await add("a@x.example", fleet.at, null), await add("b@x.example", null, fleet.at)];
    for (const [id, code] of [
      [waiting, "STATE_CONFLICT"],
      [delivered, "STATE_CONFLICT"],
      [delivered + 1, "NOT_FOUND"],
    ] as const) {
      const before = await findNotice(fleet.store, id);
      expect(await retryNotice(fleet, id, ACT).catch(toErrorCode)).toBe(code);
      expect(await findNotice(fleet.store, id)).toEqual(before);
    }
    expect(await readLedgerKinds(fleet)).not.toContain("notice.retried");
  });

  it("is listed by change and merchant, and of no merchant to whoever has none", async () => {
    const { store } = work.fleet;
    const id = await add("owner@shop.example", null, null);
    const list = async (query: object) => (await listUndelivered(store, { limit: 9, ...query })).map((one) => one.id);
    expect(await list({ changeId: change, merchants: [MERCHANT] })).toEqual([id]);
    expect(await list({ changeId: "C0000000000000000" })).toEqual([]);
    expect(await list({ merchants: ["822391058121071"] })).toEqual([]);
    expect(await list({ merchants: [] })).toEqual([]);
    expect(await list({ before: id })).toEqual([]);
  });
});
