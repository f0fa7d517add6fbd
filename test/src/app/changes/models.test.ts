import { beforeEach, describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import type { BusyReason, Phase } from "../../../../proto/terminal-messages.ts";
import { previewChange, submitChange } from "../../../../src/app/changes/submit.ts";
import { type ChangeDesk, openChangeDesk } from "../../../support/changes.ts";

const OTHER = "N910";
const DAY_S = 86_400;

const SAID_NOTHING = {
  ...{ counter: 1, sequence: 0, currentDigest: null, previousDigest: null, phase: null, stale: null, lastSeen: 0 },
  ...{ agentVersion: null, timestampVersion: null, rootVersion: null, cardKey: null, cardKeyProof: null },
  ...{ staleSince: null, staleAlarmAt: null, cardKeyAlarmAt: null, busy: null },
};

let work: ChangeDesk;

beforeEach(async () => {
  work = await openChangeDesk(2);
  const [, second] = work.terminals;
  if (second === undefined) throw new Error("two terminals");
  await work.fleet.store.updateTable("terminals").set({ model: OTHER }).where("tusn", "=", second.tusn).execute();
});

const code = (attempt: Promise<unknown>) => attempt.then(() => "done", toErrorCode);

describe("a change of a merchant with terminals of two models", () => {
  it("is refused where one of the models cannot take it, and the preview names the model's pack", async () => {
    const { fleet, tools, draft, load } = work;
    await load({}, { model: OTHER, kinds: {} });
    const id = await draft();
    const { findings, pack } = await previewChange(fleet, tools, id);
    expect(pack.model).toBe("*");
    expect(findings).toMatchObject([
      { weight: "refused", code: "POLICY_FORBIDS", what: expect.stringMatching(/N910@1/) },
    ]);
    expect(await code(submitChange(fleet, tools, id, "li.mei"))).toBe("POLICY_FORBIDS");
  });

  it("costs what the dearer one costs, and is told once where both say the same", async () => {
    const { fleet, tools, draft, load } = work;
    await load({ feeFen: 5_000 }, { model: OTHER });
    const id = await draft({}, []);
    const { findings, feeFen, packs } = await previewChange(fleet, tools, id);
    expect([feeFen, packs.map(({ model }) => model)]).toEqual([5_000, ["*", OTHER]]);
    expect(findings).toMatchObject([{ code: "EVIDENCE_MISSING", what: "licence" }]);
  });

  it("goes back when a pack of the second model forbids it while it waits", async () => {
    const { submit, load, runner, show } = work;
    const id = await submit();
    await load({}, { model: OTHER, kinds: {} });
    await runner.poll();
    expect(await show(id)).toMatchObject({ state: "rejected", code: "POLICY_FORBIDS" });
  });

  it("waits for an hour that is open to both", async () => {
    const { fleet, tools, submit, sign, runner, show, load } = work;
    const clock = (fleet.at / 60 + 8 * 60) % (24 * 60);
    const days = [1, 2, 3, 4, 5, 6, 7];
    const hours = (from: number, until: number) => [{ days, from: Math.max(0, from), until: Math.min(24 * 60, until) }];
    await load({}, { blackouts: hours(clock - 60, clock + 60) });
    await load({}, { model: OTHER, blackouts: hours(clock - 30, clock + 90) });
    const id = await submit();
    expect((await previewChange(fleet, tools, id)).from).toBe(fleet.at + 90 * 60);
    await sign(id);
    for (const [minutes, state] of [
      [0, "approved"],
      [60, "approved"],
      [30, "releasing"],
    ] as const) {
      fleet.at += minutes * 60;
      await runner.poll();
      expect((await show(id)).state).toBe(state);
    }
  });
});

describe("the preview of a change", () => {
  it("tells which terminals would take it later, by what they said last", async () => {
    const { fleet, tools, draft, terminals } = work;
    const id = await draft();
    const later = async () => (await previewChange(fleet, tools, id)).terminals?.deferred;
    const [first, second] = terminals.map(({ tusn }) => tusn);
    const say = (phase: Phase, busy: BusyReason | null = null) =>
      fleet.store.updateTable("reported").set({ phase, busy, lastSeen: fleet.at }).execute();
    expect((await later())?.map(({ reason }) => reason)).toEqual(["unheard", "unheard"]);
    for (const { tusn } of terminals)
      await fleet.store
        .insertInto("reported")
        .values({ ...SAID_NOTHING, tusn })
        .execute();
    await say("idle");
    expect(await later()).toEqual([]);
    await say("waiting");
    expect(await later()).toEqual([
      { tusn: first, reason: "busy", lastSeen: fleet.at },
      { tusn: second, reason: "busy", lastSeen: fleet.at },
    ]);
    await say("idle", "open_batch");
    expect((await later())?.map(({ reason }) => reason)).toEqual(["open_batch", "open_batch"]);
    await say("idle");
    fleet.at += DAY_S + 1;
    expect((await later())?.map(({ reason }) => reason)).toEqual(["silent", "silent"]);
  });
});
