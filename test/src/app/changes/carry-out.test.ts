import { describe, expect, it } from "vitest";
import { amendChange } from "../../../../src/app/changes/draft.ts";
import { submitChange } from "../../../../src/app/changes/submit.ts";
import { doTask } from "../../../../src/app/changes/tasks.ts";
import { prepareBinding } from "../../../../src/app/records/bindings.ts";
import { readRecord } from "../../../../src/app/records/read.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import type { Life } from "../../../../src/domain/life.ts";
import { transact } from "../../../../src/store/store.ts";
import { type ChangeDesk, openChangeDesk, toReplacement, toSettlement } from "../../../support/changes.ts";
import { commitAll } from "../../../support/committed.ts";
import { FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { MERCHANT, TUSN_0 } from "../../../support/fleet-store.ts";

const DAY_S = 86_400;
const OLD = `${FLEET_FIELDS.account_no.slice(-4)} in_force`;
const NEW = `${toSettlement().last4} in_force`;

async function readAccounts({ fleet }: ChangeDesk): Promise<readonly string[]> {
  const { bindings } = await readRecord(fleet.store, MERCHANT);
  return bindings.map(({ last4, state }) => `${last4} ${state}`);
}

/** Every step that can be taken now, from its signatures on. */
async function settle({ runner }: ChangeDesk): Promise<void> {
  for (let visit = 0; visit < 4; visit += 1) await runner.poll();
}

async function setLife({ fleet }: ChangeDesk, life: Life): Promise<void> {
  await fleet.store.updateTable("terminals").set({ life }).where("tusn", "=", TUSN_0).execute();
}

/** A card change that is signed while its only terminal may be sent nothing. */
async function openHeld(life: Life): Promise<{ readonly work: ChangeDesk; readonly id: string }> {
  const work = await openChangeDesk(1);
  await work.load({ tasks: [] });
  const id = await work.submit(toReplacement());
  await work.sign(id);
  await work.runner.poll();
  await setLife(work, life);
  await settle(work);
  return { work, id };
}

describe("a card change that no terminal can be sent", () => {
  it("because all of them were given something else since it was built fails at once", async () => {
    const work = await openChangeDesk(2);
    const rename = await work.submit();
    const id = await work.submit(toReplacement());
    await work.sign(rename);
    await settle(work);
    await work.report();
    await work.sign(id);
    await settle(work);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "SEQUENCE_REPLAYED", terminals: [] });
    expect(await readAccounts(work)).toEqual([OLD]);
  });

  it("because its only terminal is out of service fails at once", async () => {
    const { work, id } = await openHeld("retired");
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "TERMINAL_RETIRED" });
    expect(await readAccounts(work)).toEqual([OLD]);
  });

  it("because its only terminal is suspended waits, and goes on when that is over", async () => {
    const { work, id } = await openHeld("suspended");
    expect(await work.show(id)).toMatchObject({ state: "releasing", terminals: [], code: "" });
    await setLife(work, "active");
    await settle(work);
    await work.report();
    expect(await work.show(id)).toMatchObject({ state: "done", terminals: [{ state: "committed" }] });
    expect(await readAccounts(work)).toEqual([NEW]);
  });

  it("because its number is not sealed to its only terminal waits for that", async () => {
    const work = await openChangeDesk(1);
    await work.load({ tasks: [] });
    const rename = await work.submit();
    await work.sign(rename);
    await settle(work);
    await work.report();
    const setCardKey = (cardKey: Uint8Array | null) =>
      work.fleet.store.updateTable("reported").set({ cardKey }).where("tusn", "=", TUSN_0).execute();
    const id = await work.submit(toReplacement());
    await work.sign(id);
    await setCardKey(Buffer.alloc(32, 1));
    await settle(work);
    expect(await work.show(id)).toMatchObject({ state: "releasing", terminals: [], code: "" });
    expect(work.fleet.lines).toContainEqual(expect.objectContaining({ change: id, code: "SEAL_MISSING" }));
    await setCardKey(null);
    await settle(work);
    expect((await work.show(id)).terminals).toMatchObject([{ state: "pending" }]);
  });

  it.each(["looks at its desk", "does not look at its desk"])(
    "until its release has expired fails, whoever %s meanwhile",
    async (who) => {
      const { work, id } = await openHeld("suspended");
      work.fleet.at += 8 * DAY_S;
      if (who === "looks at its desk") await work.tools.desk.list();
      await settle(work);
      const failed = await work.show(id);
      expect(failed).toMatchObject({ state: "failed", code: "EXPIRED", terminals: [], publishedAt: null });
      expect(failed.events.map(({ event }) => event)).not.toContain("published");
      expect(await readAccounts(work)).toEqual([OLD]);
    },
  );

  it("is not done because its row says that it was published", async () => {
    const { work, id } = await openHeld("suspended");
    await work.fleet.store.updateTable("changes").set({ publishedAt: work.fleet.at }).where("id", "=", id).execute();
    await settle(work);
    expect(await work.show(id)).toMatchObject({ state: "failed", code: "EXPIRED", terminals: [] });
    expect(await readAccounts(work)).toEqual([OLD]);
  });
});

describe("a card change whose release somebody published from his own copy", () => {
  it("is noted as published, and brings its account once", async () => {
    const work = await openChangeDesk(2);
    await work.load({ tasks: [] });
    const id = await work.submit(toReplacement());
    await work.sign(id);
    const releaseId = Buffer.from((await work.show(id)).releaseId, "hex");
    await publishRelease(work.fleet, await work.tools.desk.read(releaseId), work.tools.policy(), "admin");
    await commitAll(work.fleet, work.terminals);
    await settle(work);
    expect(await work.show(id)).toMatchObject({ state: "done", publishedAt: work.fleet.at });
    expect(await readAccounts(work)).toEqual([NEW]);
  });
});

describe("a card change that some terminals took", () => {
  it("brings its account once where it is opened again for the others", async () => {
    const work = await openChangeDesk(2);
    await work.load({ tasks: [], onFailure: "keep", minDays: 0 });
    const [first, second] = work.terminals;
    const id = await work.submit(toReplacement());
    await work.sign(id);
    await settle(work);
    await work.report("committed", first === undefined ? [] : [first]);
    await work.report("rolled_back", second === undefined ? [] : [second]);
    expect((await work.show(id)).state).toBe("failed");
    await amendChange(work.fleet, id, {}, "li.mei");
    await submitChange(work.fleet, work.tools, id, "li.mei");
    await work.sign(id);
    await settle(work);
    expect(await readAccounts(work)).toEqual([NEW]);
    await work.report();
    expect(await work.show(id)).toMatchObject({ state: "done", terminals: [{ state: "committed" }] });
    expect(await readAccounts(work)).toEqual([NEW]);
  });

  it("gives up, when it is done, what it has prepared and no terminal needed", async () => {
    const work = await openChangeDesk(1);
    const id = await work.submit(toReplacement());
    await work.sign(id);
    await settle(work);
    await work.report();
    await transact(work.fleet.store, async (tx) => {
      const { version } = await readRecord(tx, MERCHANT);
      const act = { number: MERCHANT, version, actor: "li.mei", changeId: id };
      await prepareBinding(tx, work.fleet.at, { ...act, settlement: toSettlement(), replaces: null });
    });
    await doTask(work.fleet, id, "update_contact", "called the owner", "li.mei");
    await settle(work);
    expect((await work.show(id)).state).toBe("done");
    expect(await readAccounts(work)).toEqual([NEW]);
  });
});

describe("a policy that is loaded while a change is carried out", () => {
  it("alters nothing of what follows it", async () => {
    const work = await openChangeDesk(1);
    await work.load({ tasks: [] });
    const id = await work.submit(toReplacement());
    await work.sign(id);
    await work.load({ tasks: ["update_contact"] });
    await settle(work);
    await work.load({ tasks: ["collect_old_card"], onFailure: "suspend" }, { fields: ["shortName"] });
    await work.report();
    expect(await work.show(id)).toMatchObject({ state: "done", tasks: [], pack: "*/*@1" });
  });

  it("and one that is missing keeps it where it is, rather than being made up", async () => {
    const work = await openChangeDesk(1);
    await work.load({ tasks: [] });
    const id = await work.submit(toReplacement());
    await work.sign(id);
    await settle(work);
    await work.fleet.store.deleteFrom("policyPacks").execute();
    await work.report();
    expect((await work.show(id)).state).toBe("releasing");
    expect(work.fleet.lines).toContainEqual(expect.objectContaining({ change: id, code: "PACK_INVALID" }));
  });
});
