import { describe, expect, it } from "vitest";
import { readRecord } from "../../../../src/app/records/read.ts";
import { orderRollback } from "../../../../src/app/release/order-rollback.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import type { KindRules } from "../../../../src/domain/changes/pack.ts";
import { type ChangeDesk, openChangeDesk, toReplacement, toSettlement } from "../../../support/changes.ts";
import { commitAll } from "../../../support/committed.ts";
import { FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { MERCHANT } from "../../../support/fleet-store.ts";

const OLD = `${FLEET_FIELDS.account_no.slice(-4)} in_force`;
const NEW = `${toSettlement().last4} in_force`;

async function settle({ runner }: ChangeDesk): Promise<void> {
  for (let visit = 0; visit < 4; visit += 1) await runner.poll();
}

async function readInForce({ fleet }: ChangeDesk): Promise<readonly string[]> {
  const { bindings } = await readRecord(fleet.store, MERCHANT);
  return bindings.filter(({ state }) => state === "in_force").map(({ last4, state }) => `${last4} ${state}`);
}

/** A card change that is on its way to both terminals, which have a first profile to go back to. */
async function openSent(rules: Partial<KindRules>): Promise<{ readonly work: ChangeDesk; readonly id: string }> {
  const work = await openTrading(rules);
  const id = await work.submit(toReplacement());
  await work.sign(id);
  await settle(work);
  return { work, id };
}

/** Two terminals with a first profile, and the policy for what comes. */
async function openTrading(rules: Partial<KindRules>): Promise<ChangeDesk> {
  const work = await openChangeDesk(2);
  const rename = await work.submit();
  await work.sign(rename);
  await settle(work);
  await work.report();
  await work.load({ tasks: [], ...rules });
  return work;
}

async function orderBack({ fleet, tools, show }: ChangeDesk, id: string): Promise<void> {
  const releaseId = Buffer.from((await show(id)).releaseId, "hex");
  await orderRollback(fleet, { releaseId, reason: "by an operator" }, tools.policy());
}

describe("a change whose terminals an operator has ordered back", () => {
  it("is not done when they have gone back: it fails, and says why", async () => {
    const { work, id } = await openSent({ onFailure: "keep", tasks: ["update_contact"] });
    await work.report();
    expect(await readInForce(work)).toEqual([NEW]);
    await orderBack(work, id);
    await settle(work);
    expect((await work.show(id)).state).toBe("releasing");
    await commitAll(work.fleet, work.terminals);
    await settle(work);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "TAKEN_BACK" });
    expect(await readInForce(work)).toEqual([OLD]);
  });
});

describe("a change that has failed on one terminal", () => {
  it("ends though the approval of its ways back does not hold any more, and says so", async () => {
    const { work, id } = await openSent({ onFailure: "reverse" });
    const [first, second] = work.terminals;
    if (first === undefined || second === undefined) throw new Error("two terminals");
    await commitAll(work.fleet, [first]);
    await commitAll(work.fleet, [second], "rolled_back");
    const policy = work.tools.policy();
    const persons = policy.persons.filter(({ roles }) => !roles.includes("checker"));
    Object.assign(work.fleet.approvers, { policy: { ...policy, persons } });
    await settle(work);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "STATEMENT_UNSIGNED" });
  });
});

describe("a change that was published by hand, and taken back, before the service looked", () => {
  it("ends though the account that it names is on record under another number by now", async () => {
    const work = await openTrading({ onFailure: "reverse" });
    const { bindings } = await readRecord(work.fleet.store, MERCHANT);
    const bindingId = bindings.find(({ state }) => state === "in_force")?.id;
    const { content } = toReplacement();
    const named = bindingId === undefined ? {} : { bindingId };
    const id = await work.submit({ ...toReplacement(), content: { ...content, ...named } });
    await work.sign(id);
    const releaseId = Buffer.from((await work.show(id)).releaseId, "hex");
    await publishRelease(work.fleet, await work.tools.desk.read(releaseId), work.tools.policy(), "admin");
    await commitAll(work.fleet, work.terminals);
    await orderBack(work, id);
    await commitAll(work.fleet, work.terminals);
    await settle(work);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "TAKEN_BACK" });
    expect(await readInForce(work)).toEqual([OLD]);
  });
});
