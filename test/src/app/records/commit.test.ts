import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import type { Binding } from "../../../../proto/profile.ts";
import { toBindingOf } from "../../../../src/app/merchant-row.ts";
import { listMerchantChanges } from "../../../../src/app/queries/merchants.ts";
import { addBinding, prepareBinding } from "../../../../src/app/records/bindings.ts";
import { changeRecord } from "../../../../src/app/records/change.ts";
import { readRecord, toPrimary } from "../../../../src/app/records/read.ts";
import type { ReleaseRequest } from "../../../../src/app/release/build.ts";
import { UNBOUNDED } from "../../../../src/domain/records/validity.ts";
import { findMerchants } from "../../../../src/store/fleet.ts";
import { transact } from "../../../../src/store/store.ts";
import { MERCHANT, readLedgerKinds, release, START } from "../../../support/fleet-store.ts";
import { CARD } from "../../../support/merchant-facts.ts";
import { readDeliveries } from "../../../support/queued-deliveries.ts";
import { openReleased } from "../../../support/test-intake.ts";

const NEW: Binding = { ...CARD, last4: "7264", commitment: Buffer.alloc(32, 3) };

/** Every terminal of one merchant holds its first profile. */
async function openCommitted(count = 1) {
  const opened = await openReleased(count);
  const { fleet, terminals, receive } = opened;
  const answer = async () => {
    for (const [n, bytes] of (await readDeliveries(fleet)).entries()) {
      const terminal = terminals[n];
      if (terminal !== undefined) await receive(terminal, "report", terminal.report(bytes, "committed"));
    }
  };
  await answer();
  const [row] = await findMerchants(fleet.store, [MERCHANT]);
  if (row === undefined) throw new Error("no merchant");
  const commit = async (patch: ReleaseRequest["patch"]) => {
    await release(fleet, { patch });
    await answer();
  };
  const act = async () => ({ number: MERCHANT, actor: "li.mei", changeId: "C1", version: (await read()).version });
  const read = () => readRecord(fleet.store, MERCHANT);
  const states = async () =>
    (await fleet.store.selectFrom("bindings").selectAll().orderBy("id").execute()).map(
      ({ last4, state, isPrimary }) => `${last4} ${state}${isPrimary === 1 ? " primary" : ""}`,
    );
  return { ...opened, first: toBindingOf(row), commit, act, read, states };
}

describe("what a terminal commits", () => {
  it("leaves the record as it is where the record says the same", async () => {
    const { fleet, read } = await openCommitted(2);
    expect(await read()).toMatchObject({ version: 1 });
    expect(await readLedgerKinds(fleet)).not.toContain("merchant.changed");
  });

  it("is a change of the record like any other: version, history, ledger; once, however many terminals commit it", async () => {
    const { fleet, terminal, commit, read } = await openCommitted(2);
    await commit({ merchant: { name: "福州闽江茶业有限公司" } });
    expect(await read()).toMatchObject({ version: 2, name: "福州闽江茶业有限公司" });
    expect(await listMerchantChanges(fleet.store, MERCHANT)).toMatchObject([
      { version: 2, actor: terminal.tusn, group: "merchant", before: { name: "福州闽江春茶文化有限公司" } },
    ]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind === "merchant.changed")).toHaveLength(1);
  });

  it("is recorded even where the rules would refuse it, and tells whose business it is now", async () => {
    const { commit, read } = await openCommitted();
    const trader = "92350102MA2XY8K356";
    const names = { name: "茶".repeat(30), uscc: trader, licenceNo: trader, taxNo: trader };
    await commit({ merchant: names });
    expect(await read()).toMatchObject({ ...names, ownerKind: "sole_trader", version: 2 });
  });

  it("of a prepared account brings it into force and ends the one it replaces", async () => {
    const { fleet, commit, act, read, states } = await openCommitted();
    const { id } = toPrimary(await read());
    const change = await act();
    const settlement = { ...NEW, validFrom: null, validUntil: START + 99_999 };
    const { binding } = await transact(fleet.store, (tx) =>
      prepareBinding(tx, START, { ...change, settlement, replaces: id }),
    );
    expect(await states()).toEqual(["0018 in_force primary", "7264 prepared"]);
    fleet.at += 600;
    await commit({ binding: NEW });
    expect(await states()).toEqual(["0018 ended", "7264 in_force primary"]);
    expect(await read()).toMatchObject({
      version: 3,
      bindings: [{ id: binding.id, since: START + 600, validUntil: START + 99_999, changeId: "C1" }],
    });
    const [row] = await findMerchants(fleet.store, [MERCHANT]);
    expect(row?.last4).toBe("7264");
    expect((await listMerchantChanges(fleet.store, MERCHANT))[0]).toMatchObject({
      ...{ group: "settlement", changeId: "C1" },
      before: { bindings: [{ number: "622848******0018" }, { number: "622848******7264", state: "prepared" }] },
      after: { bindings: [{ number: "622848******7264", state: "in_force" }] },
    });
  });

  it("of a prepared account that replaces nothing leaves the one before in force beside it", async () => {
    const { fleet, commit, act, states } = await openCommitted();
    const change = await act();
    await transact(fleet.store, (tx) =>
      prepareBinding(tx, START, { ...change, settlement: { ...NEW, ...UNBOUNDED }, replaces: null }),
    );
    await commit({ binding: NEW });
    expect(await states()).toEqual(["0018 in_force", "7264 in_force primary"]);
  });

  it("of an account that is in force already makes that the primary one", async () => {
    const { fleet, commit, act, states } = await openCommitted();
    const change = await act();
    await transact(fleet.store, (tx) => addBinding(tx, START, { ...change, settlement: { ...NEW, ...UNBOUNDED } }));
    await commit({ binding: NEW });
    expect(await states()).toEqual(["0018 in_force", "7264 in_force primary"]);
  });

  it("of an account that nobody prepared puts it in the place of the primary one; so does the way back", async () => {
    const { first, commit, states } = await openCommitted();
    await commit({ binding: NEW });
    expect(await states()).toEqual(["0018 ended", "7264 in_force primary"]);
    await commit({ binding: first });
    expect(await states()).toEqual(["0018 ended", "7264 ended", "0018 in_force primary"]);
  });

  it("of the same number under another bank's name is another row, with what was prepared for it", async () => {
    const { first, fleet, commit, act, read, states } = await openCommitted();
    await commit({ binding: { ...first, bank: "中国农业银行福州台江支行" } });
    expect(await states()).toEqual(["0018 ended", "0018 in_force primary"]);
    const { id } = toPrimary(await read());
    const change = await act();
    const settlement = { ...NEW, validFrom: null, validUntil: START + 99_999 };
    await transact(fleet.store, (tx) => prepareBinding(tx, START, { ...change, settlement, replaces: id }));
    await commit({ binding: { ...NEW, bank: "中国农业银行福州台江支行" } });
    expect(await states()).toEqual(["0018 ended", "0018 ended", "7264 ended", "7264 in_force primary"]);
    expect(toPrimary(await read())).toMatchObject({ validUntil: START + 99_999, bank: "中国农业银行福州台江支行" });
  });

  it("ends what took the place of the one to be replaced meanwhile", async () => {
    const { fleet, commit, act, read, states } = await openCommitted();
    const { id } = toPrimary(await read());
    const change = await act();
    await transact(fleet.store, (tx) =>
      prepareBinding(tx, START, { ...change, settlement: { ...NEW, ...UNBOUNDED }, replaces: id }),
    );
    await commit({ binding: { ...NEW, last4: "9999", commitment: Buffer.alloc(32, 9) } });
    await commit({ binding: NEW });
    expect(await states()).toEqual(["0018 ended", "7264 in_force primary", "9999 ended"]);
  });

  it("makes a change of an older version fail, so that nobody's work is overwritten unseen", async () => {
    const { fleet, commit, act } = await openCommitted();
    const change = await act();
    await commit({ merchant: { name: "福州闽江茶业有限公司" } });
    await expect(
      transact(fleet.store, (tx) => changeRecord(tx, START, { ...change, patch: { principal: "林秀英" } })),
    ).rejects.toThrow(expect.objectContaining({ code: "VERSION_CONFLICT" }));
  });

  it("begins the record of a merchant that has none, such as one that a tool has put there", async () => {
    const { fleet, commit, read } = await openCommitted();
    await sql`drop trigger bindings_no_delete`.execute(fleet.store);
    await sql`delete from bindings`.execute(fleet.store);
    await sql`delete from merchant_details`.execute(fleet.store);
    await expect(read()).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
    await commit({ merchant: { shortName: "茶楼" } });
    expect(await read()).toMatchObject({
      version: 2,
      shortName: "茶楼",
      bindings: [{ isPrimary: true, last4: "0018" }],
    });
  });
});
