import { describe, expect, it } from "vitest";
import type { Tusn } from "../../../../proto/tusn.ts";
import { HELD_S } from "../../../../src/app/dispatch/hold.ts";
import { orderRollback } from "../../../../src/app/release/order-rollback.ts";
import type { Verdict } from "../../../../src/domain/verdict.ts";
import { commitAll } from "../../../support/committed.ts";
import { readLedgerKinds, release, type TestFleet } from "../../../support/fleet-store.ts";
import { openProver, readProof, TestVerifier, toProof } from "../../../support/proving.ts";
import { SAMPLE_PROFILE } from "../../../support/release.ts";
import { openDispatch, openHeld, readOutbox, readStates } from "../../../support/test-dispatch.ts";
import { recordVerdict } from "../../../support/verdicts.ts";

const DAY_S = 86_400;
const NEW_CARD = { ...SAMPLE_PROFILE.binding, last4: "4321", commitment: Buffer.alloc(32, 7) };

/** What people see of the deployments that are open. */
async function readOpen(fleet: TestFleet) {
  return fleet.store
    .selectFrom("deployments")
    .select(["state", "code", "detail"])
    .where("state", "in", ["pending", "sent"])
    .orderBy("tusn")
    .execute();
}

/** As if somebody had given this verdict when the test began. */
function setVerdict({ store, at }: TestFleet, verdict: Verdict) {
  return store.updateTable("terminals").set({ verdict, provenAt: at }).execute();
}

describe("a settlement that waits for its terminal to be proven", () => {
  it("is not sent, stays in the queue and says why, and the terminal is asked at once", async () => {
    const { fleet, tusn, dispatch, sent } = await openDispatch();
    await setVerdict(fleet, "format-only");
    await dispatch.poll();
    expect(sent).toEqual([]);
    const code = "TUSN_UNPROVEN";
    expect(await readOpen(fleet)).toEqual([{ state: "pending", code, detail: "verdict format-only" }]);
    expect(await readOutbox(fleet)).toEqual([{ tusn, dueAt: fleet.at + HELD_S, sends: 0 }]);
    expect(await readProof(fleet, tusn)).toMatchObject({ why: "binding", dueAt: fleet.at });
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([]);
  });

  it("goes out as soon as the terminal has proven itself, without anybody doing anything", async () => {
    const { fleet, tusn, dispatch, sent } = await openDispatch();
    await setVerdict(fleet, "format-only");
    await dispatch.poll();
    const asking = openProver(fleet, [new TestVerifier()]);
    await asking.prover.poll([tusn]);
    const [{ challenge }] = asking.sent as [(typeof asking.sent)[0]];
    asking.prover.take(toProof(tusn, challenge));
    await asking.prover.close();
    await dispatch.poll();
    expect(sent).toEqual([{ tusn, sequence: 1 }]);
    expect(await readOpen(fleet)).toEqual([{ state: "sent", code: "", detail: "" }]);
  });

  it("waits too where the verdict is older than the policy allows, or was lost while it was on its way", async () => {
    const { fleet, tusn, dispatch, sent } = await openDispatch();
    await dispatch.poll();
    expect(sent).toHaveLength(1);
    await fleet.store
      .updateTable("terminals")
      .set({ provenAt: fleet.at - 31 * DAY_S })
      .execute();
    fleet.at += 30;
    await dispatch.poll();
    expect(sent).toHaveLength(1);
    const detail = "verdict verified-manual is older than 30 days";
    expect(await readOpen(fleet)).toEqual([{ state: "sent", code: "TUSN_UNPROVEN", detail }]);
    expect(await readOutbox(fleet)).toEqual([{ tusn, dueAt: fleet.at + HELD_S, sends: 1 }]);
    await recordVerdict(fleet, tusn);
    await dispatch.poll();
    expect(sent).toHaveLength(2);
    expect(await readOpen(fleet)).toEqual([{ state: "sent", code: "", detail: "" }]);
  });

  it("tells what the last asking came to", async () => {
    const { fleet, tusn, dispatch } = await openDispatch();
    await setVerdict(fleet, "unknown");
    await dispatch.poll();
    const asking = openProver(fleet, [new TestVerifier()]);
    await asking.prover.poll([tusn]);
    const [{ challenge }] = asking.sent as [(typeof asking.sent)[0]];
    asking.prover.take(toProof(tusn, challenge, { cryptogram: "", code: "PROOF_UNAVAILABLE" }));
    await asking.prover.close();
    const planned = await readProof(fleet, tusn);
    fleet.at += HELD_S;
    await dispatch.poll();
    const detail = "verdict unknown; asked last: PROOF_UNAVAILABLE";
    expect(await readOpen(fleet)).toMatchObject([{ code: "TUSN_UNPROVEN", detail }]);
    // It is not asked over and over for what it cannot do.
    expect(await readProof(fleet, tusn)).toEqual(planned);
  });

  it("is looked at again at a bounded rate, and is news once", async () => {
    const { fleet, dispatch } = await openDispatch();
    await setVerdict(fleet, "mismatch");
    const count = () => fleet.lines.filter(({ msg }) => msg === "directive waits").length;
    for (let n = 0; n < 5; n += 1) await dispatch.poll();
    const before = await readOutbox(fleet);
    expect(count()).toBe(1);
    fleet.at += HELD_S;
    await dispatch.poll();
    expect(count()).toBe(1);
    expect(before).not.toEqual(await readOutbox(fleet));
  });

  it("holds up no settlement of another terminal", async () => {
    const { fleet, tusns, dispatch, sent } = await openDispatch(3);
    const [, second] = tusns as [Tusn, Tusn];
    await fleet.store.updateTable("terminals").set({ verdict: "mismatch" }).where("tusn", "=", second).execute();
    await dispatch.poll();
    expect(sent.map(({ tusn }) => tusn)).toEqual(tusns.filter((tusn) => tusn !== second));
    expect(await readStates(fleet)).toEqual(["sent", "pending", "sent"]);
  });

  it("is closed in the end where nobody ever proves the terminal", async () => {
    const { fleet, dispatch } = await openDispatch();
    await setVerdict(fleet, "mismatch");
    await dispatch.poll();
    fleet.at += 2 * DAY_S;
    await dispatch.poll();
    expect(await readStates(fleet)).toEqual(["superseded"]);
    expect(await readOutbox(fleet)).toEqual([]);
  });

  it("is a way back to older settlement data, too", async () => {
    const { fleet, tusn, dispatch, sent, terminal } = await openHeld();
    const { releaseId } = await release(fleet, { patch: { binding: NEW_CARD }, withRollback: true });
    await commitAll(fleet, [terminal]);
    await orderRollback(fleet, { releaseId, reason: "misprinted" }, fleet.approvers.policy);
    await setVerdict(fleet, "mismatch");
    await dispatch.poll();
    expect(sent).toEqual([]);
    await recordVerdict(fleet, tusn);
    await dispatch.poll();
    expect(sent).toMatchObject([{ tusn, sequence: 3 }]);
  });
});

describe("whatever else there is to be sent", () => {
  it("goes to a terminal that nobody has proven", async () => {
    const { fleet, dispatch, sent } = await openHeld();
    await setVerdict(fleet, "mismatch");
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    await dispatch.poll();
    expect(sent).toHaveLength(1);
  });

  it("waits while the terminal is suspended or quarantined, and goes out when it is not any more", async () => {
    const { fleet, tusn, dispatch, sent } = await openHeld();
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    await fleet.store.updateTable("terminals").set({ life: "suspended" }).execute();
    await dispatch.poll();
    expect(await readOpen(fleet)).toMatchObject([{ state: "pending", code: "TERMINAL_SUSPENDED" }]);
    await fleet.store.updateTable("terminals").set({ life: "active" }).execute();
    const sides = {
      tusn,
      at: 1,
      why: "counter_fork",
      sides: "{}",
      releasedAt: null,
      releasedBy: "",
      reason: "",
    } as const;
    await fleet.store.insertInto("quarantines").values(sides).execute();
    fleet.at += HELD_S;
    await dispatch.poll();
    expect(await readOpen(fleet)).toMatchObject([{ state: "pending", code: "TERMINAL_QUARANTINED" }]);
    await fleet.store.updateTable("quarantines").set({ releasedAt: 2 }).execute();
    fleet.at += HELD_S;
    await dispatch.poll();
    expect(sent).toHaveLength(1);
    expect(await readOpen(fleet)).toEqual([{ state: "sent", code: "", detail: "" }]);
  });
});
