import { beforeEach, describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { toBindingFacts } from "../../../../src/app/acquirers/orders.ts";
import { amendChange } from "../../../../src/app/changes/draft.ts";
import { previewChange, submitChange } from "../../../../src/app/changes/submit.ts";
import { readRecord } from "../../../../src/app/records/read.ts";
import type { ChangeContent } from "../../../../src/domain/changes/content.ts";
import { addOrder, listOrdersOf } from "../../../../src/store/acquirer-orders.ts";
import type { AcquirerOrderRow } from "../../../../src/store/acquirers-schema.ts";
import { transact } from "../../../../src/store/store.ts";
import { type ChangeDesk, openChangeDesk, toReplacement } from "../../../support/changes.ts";
import { toSealed } from "../../../support/fake-acquirer.ts";
import { FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { MERCHANT } from "../../../support/fleet-store.ts";

const CODE = FLEET_FIELDS.acquirer;
const [ONE, OTHER] = ["REQ-00000001", "REQ-00000002"];

let work: ChangeDesk;

beforeEach(async () => {
  work = await openChangeDesk(1);
  work.acquirers.set(CODE, { adapter: "webhook" });
  await work.load({ cutOver: "first", tasks: [] });
});

/** A new account, sealed to the acquirer beside the one that goes, each for the order of this number alone. */
async function toContent(request: string, requestBefore: string): Promise<ChangeContent> {
  const { content } = toReplacement();
  const { bindings } = await readRecord(work.fleet.store, MERCHANT);
  const sealedBefore = toSealed(bindings[0]?.commitment, requestBefore);
  return { ...content, sealed: toSealed(content?.settlement?.commitment, request), sealedBefore };
}

const draft = async (request: string, requestBefore = "") =>
  work.draft({ ...toReplacement(), content: await toContent(request, requestBefore) });
const submit = (id: string) => submitChange(work.fleet, work.tools, id, "li.mei").then(() => "done", toErrorCode);
const refused = async (id: string) => {
  const { findings } = await previewChange(work.fleet, work.tools, id);
  return findings.filter(({ weight }) => weight === "refused").map(({ code, what }) => `${code} ${what}`);
};

/** Somebody else's change has ordered something under this number. */
async function takeNumber(requestNo: string): Promise<void> {
  const facts = JSON.stringify(toBindingFacts((await readRecord(work.fleet.store, MERCHANT)).bindings[0] ?? never()));
  const at = work.fleet.at;
  const order: AcquirerOrderRow = {
    ...{ requestNo, change: "C0123456789abcdef", purpose: "change", acquirer: CODE, merchant: "822391058121999" },
    ...{ wanted: facts, before: "", sealed: "", reverses: "", state: "failed", reference: "", code: "", words: "" },
    ...{ requests: 1, follows: 0, dueAt: null, overdueAt: null, onRecord: "", createdAt: at, updatedAt: at },
  };
  await transact(work.fleet.store, (tx) => addOrder(tx, order));
}

function never(): never {
  throw new Error("no account");
}

describe("an account that is sealed for one order alone", () => {
  it("is handed in, and ordered under that number", async () => {
    const id = await draft(ONE, OTHER);
    expect([await refused(id), await submit(id)]).toEqual([[], "done"]);
    await work.sign(id);
    for (let visit = 0; visit < 3; visit += 1) await work.runner.poll();
    const orders = await listOrdersOf(work.fleet.store, id);
    expect(orders.map(({ requestNo, purpose }) => [requestNo, purpose])).toEqual([[ONE, "change"]]);
    // What it has ordered itself speaks against nothing.
    expect([(await work.show(id)).state, await refused(id)]).toEqual(["releasing", []]);
  });

  it.each([
    ["the account that comes", "sealed", ONE, ""],
    ["the account that goes", "sealed_before", "", ONE],
  ])("is not handed in where there is such an order: %s", async (_which, what, request, requestBefore) => {
    await takeNumber(ONE);
    const id = await draft(request, requestBefore);
    expect([await refused(id), await submit(id)]).toEqual([[`SEAL_INVALID ${what}`], "SEAL_INVALID"]);
    await amendChange(work.fleet, id, { content: await toContent(OTHER, "") }, "li.mei");
    expect(await submit(id)).toBe("done");
  });

  it("is not handed in a second time with what it was sealed with at first", async () => {
    const id = await draft(ONE);
    expect(await submit(id)).toBe("done");
    await work.sign(id);
    for (let visit = 0; visit < 3; visit += 1) await work.runner.poll();
    await work.fleet.store.updateTable("acquirerOrders").set({ state: "failed", dueAt: null }).execute();
    await work.runner.poll();
    expect((await work.show(id)).state).toBe("failed");
    await amendChange(work.fleet, id, {}, "li.mei");
    expect([await refused(id), await submit(id)]).toEqual([["SEAL_INVALID sealed"], "SEAL_INVALID"]);
    await amendChange(work.fleet, id, { content: await toContent(OTHER, "") }, "li.mei");
    expect(await submit(id)).toBe("done");
  });

  it("is not handed in where the way back would be ordered under the same number", async () => {
    const id = await draft(ONE, ONE);
    expect([await refused(id), await submit(id)]).toEqual([["SEAL_INVALID sealed_before"], "SEAL_INVALID"]);
  });

  it("goes back where another change was quicker with the number, once a policy looks at it again", async () => {
    const id = await draft(ONE);
    expect(await submit(id)).toBe("done");
    await takeNumber(ONE);
    await work.load({ cutOver: "first", tasks: [] });
    await work.runner.poll();
    expect(await work.show(id)).toMatchObject({ state: "rejected", code: "SEAL_INVALID" });
  });
});
