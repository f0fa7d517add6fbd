import { describe, expect, it } from "vitest";
import type { Tusn } from "../../../../proto/tusn.ts";
import { awaitProof, demandProof, unlockProof } from "../../../../src/app/proof/demand.ts";
import { listProofs } from "../../../../src/app/proof/list.ts";
import { enrolFleet, openTestFleet, readLedgerKinds, START, type TestFleet } from "../../../support/fleet-store.ts";
import { openProver, readProof, TestVerifier, toProof } from "../../../support/proving.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";
import { recordVerdict } from "../../../support/verdicts.ts";

const ABSENT = "00000304N7NL01999999" as Tusn;
const code = (name: string) => expect.objectContaining({ code: name });

/** An enrolled terminal that nobody has proven, and a service that can ask it. */
async function open() {
  const fleet = await openTestFleet();
  const [{ tusn }] = (await enrolFleet(fleet, 1, false)) as [TestTerminal];
  return { fleet, tusn, ...openProver(fleet, [new TestVerifier()]) };
}

/** The same, locked by wrong answers. */
async function openLocked() {
  const opened = await open();
  const fleet: TestFleet = {
    ...opened.fleet,
    now: () => fleet.at,
    identity: { ...opened.fleet.identity, attempts: 1 },
  };
  const { prover, sent } = openProver(fleet, [new TestVerifier()]);
  await demandProof(fleet, opened.tusn);
  await prover.poll([opened.tusn]);
  const [{ challenge }] = sent as [(typeof sent)[0]];
  prover.take(toProof(opened.tusn, challenge, { cryptogram: "00000000" }));
  await prover.close();
  return { ...opened, fleet };
}

describe("a proof on demand", () => {
  it("is asked for at once, also by a service that is another process, and waited for", async () => {
    const { fleet, tusn, prover, sent } = await open();
    const demand = await demandProof(fleet, tusn);
    const waiting = awaitProof(fleet, demand, 60);
    await prover.poll([tusn]);
    const [{ challenge }] = sent as [(typeof sent)[0]];
    prover.take(toProof(tusn, challenge));
    expect(await waiting).toBe("verified-crypto");
  });

  it("is in the ledger and in the terminal's history with whoever asked for it", async () => {
    const { fleet, tusn } = await open();
    await expect(demandProof(fleet, tusn, "two words")).rejects.toThrow(code("CONFIG_INVALID"));
    expect(await readLedgerKinds(fleet)).not.toContain("terminal.proof_demanded");
    await demandProof(fleet, tusn, "li.mei");
    const history = await fleet.store.selectFrom("history").selectAll().orderBy("id", "desc").executeTakeFirstOrThrow();
    expect(history).toMatchObject({ tusn, kind: "proof_demanded", actor: "li.mei" });
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("terminal.proof_demanded");
  });

  it("ends the wait with what the asking came to", async () => {
    const { fleet, tusn, prover, sent } = await open();
    const demand = await demandProof(fleet, tusn);
    await prover.poll([tusn]);
    const [{ challenge }] = sent as [(typeof sent)[0]];
    prover.take(toProof(tusn, challenge, { cryptogram: "", code: "PROOF_UNAVAILABLE" }));
    await prover.close();
    await expect(awaitProof(fleet, demand, 60)).rejects.toThrow(code("PROOF_UNAVAILABLE"));
  });

  it("ends the wait when its time is over, and when another verdict was given", async () => {
    const { fleet, tusn } = await open();
    const demand = await demandProof(fleet, tusn);
    await expect(awaitProof(fleet, demand, 0.1)).rejects.toThrow(code("TUSN_UNPROVEN"));
    await recordVerdict(fleet, tusn, "unknown");
    await expect(awaitProof(fleet, demand, 60)).rejects.toThrow(code("TUSN_UNPROVEN"));
  });

  it("does not take a verdict for the answer that was given before", async () => {
    const { fleet, tusn } = await open();
    await recordVerdict(fleet, tusn);
    const demand = await demandProof(fleet, tusn);
    await expect(awaitProof(fleet, demand, 0.1)).rejects.toThrow(code("TUSN_UNPROVEN"));
  });

  it("is refused for a terminal that is not there, not enrolled, out of service or locked", async () => {
    const { fleet, tusn } = await openLocked();
    await expect(demandProof(fleet, ABSENT)).rejects.toThrow(code("NOT_FOUND"));
    await expect(demandProof(fleet, tusn)).rejects.toThrow(code("PROOF_LOCKED"));
    await fleet.store.updateTable("terminals").set({ deviceKey: null }).execute();
    await expect(demandProof(fleet, tusn)).rejects.toThrow(code("STATE_CONFLICT"));
    await fleet.store.updateTable("terminals").set({ life: "replaced" }).execute();
    await expect(demandProof(fleet, tusn)).rejects.toThrow(code("TERMINAL_RETIRED"));
  });
});

describe("a lock", () => {
  it("ends the wait of whoever asked", async () => {
    const { fleet, tusn } = await openLocked();
    await expect(awaitProof(fleet, { tusn, lastVerdict: 0 }, 60)).rejects.toThrow(code("PROOF_LOCKED"));
  });

  it("is ended by a person, who says why: the terminal is asked anew and counts as not genuine till then", async () => {
    const { fleet, tusn } = await openLocked();
    await unlockProof(fleet, tusn, { reason: "a loose label", by: "li.mei" });
    expect(await readProof(fleet, tusn)).toMatchObject({ lockedAt: null, failures: 0, dueAt: START, code: "" });
    const { verdict } = await fleet.store.selectFrom("terminals").select("verdict").executeTakeFirstOrThrow();
    expect(verdict).toBe("mismatch");
    const history = await fleet.store.selectFrom("history").selectAll().orderBy("id", "desc").executeTakeFirstOrThrow();
    expect(history).toMatchObject({ kind: "proof_unlocked", actor: "li.mei", detail: '{"reason":"a loose label"}' });
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("terminal.proof_unlocked");
  });

  it("is not ended twice, nor without a reason", async () => {
    const { fleet, tusn } = await openLocked();
    await expect(unlockProof(fleet, tusn, { reason: "", by: "li.mei" })).rejects.toThrow(code("FIELD_INVALID"));
    await unlockProof(fleet, tusn, { reason: "a loose label", by: "li.mei" });
    const again = unlockProof(fleet, tusn, { reason: "a loose label", by: "li.mei" });
    await expect(again).rejects.toThrow(code("STATE_CONFLICT"));
    await expect(unlockProof(fleet, ABSENT, { reason: "x", by: "li.mei" })).rejects.toThrow(code("NOT_FOUND"));
  });
});

describe("the list of proofs", () => {
  it("tells what is due, locked and known, and nothing of what is open", async () => {
    const { fleet, tusn } = await openLocked();
    const [locked] = await listProofs(fleet, { locked: true });
    expect(locked).toEqual({
      ...{ tusn, dueAt: null, why: "demand", failures: 1, tries: 0, code: "PROOF_LOCKED", lockedAt: START },
      ...{ verdict: "mismatch", provenAt: START },
    });
    expect(await listProofs(fleet, { due: true })).toEqual([]);
    await unlockProof(fleet, tusn, { reason: "a loose label", by: "li.mei" });
    expect(await listProofs(fleet, { locked: true })).toEqual([]);
    expect(await listProofs(fleet, { due: true })).toMatchObject([{ tusn, dueAt: START }]);
    expect(await listProofs(fleet, {})).toHaveLength(1);
  });
});
