import { describe, expect, it, vi } from "vitest";
import type { Proof } from "../../../../proto/challenge.ts";
import { FACTOR_LIFE_S } from "../../../../proto/cryptogram.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { part } from "../../../../src/app/enrolment/part.ts";
import { planProof } from "../../../../src/app/proof/plan.ts";
import { ASKED_AT_ONCE, JUDGED_AT_ONCE, type Prover } from "../../../../src/app/proof/prover.ts";
import { parseAct } from "../../../../src/app/registry/act.ts";
import { changeLife } from "../../../../src/app/registry/change-life.ts";
import { FIRST_SPREAD_S, JUDGING_S, PAUSE_S } from "../../../../src/domain/proof.ts";
import type { ProofReason } from "../../../../src/domain/verdict.ts";
import { findTerminals } from "../../../../src/store/fleet.ts";
import { transact } from "../../../../src/store/store.ts";
import { enrolFleet, openTestFleet, readLedgerKinds, START, type TestFleet } from "../../../support/fleet-store.ts";
import { SOON_MS } from "../../../support/patience.ts";
import { countVerdicts, openProver, readProof, readVerdict, TestVerifier, toProof } from "../../../support/proving.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";
import { recordVerdict } from "../../../support/verdicts.ts";

const DAY_S = 86_400;
const NEXT = { min: START + 0.75 * 7 * DAY_S, max: START + 1.25 * 7 * DAY_S };
/** What the prover says once it is done with an answer. */
const ENDS = ["proof judged", "proof not judged", "terminal can give no proof", "proof counts for nothing"];

function plan(fleet: TestFleet, tusn: Tusn, why: ProofReason = "enrolment") {
  return transact(fleet.store, (tx) => planProof(tx, tusn, fleet.at, why));
}

/** Enrolled terminals that nobody has proven and that are to be asked now. */
async function open(count = 1) {
  const fleet = await openTestFleet();
  const tusns = (await enrolFleet(fleet, count, false)).map(({ tusn }) => tusn);
  for (const tusn of tusns) await plan(fleet, tusn);
  const verifier = new TestVerifier();
  return { fleet, tusns, tusn: tusns[0] as Tusn, verifier, ...openProver(fleet, [verifier]) };
}

/** The same with an open challenge. */
async function openAsked() {
  const opened = await open();
  const { prover, sent, tusns } = opened;
  await prover.poll(tusns);
  const [{ challenge }] = sent as [(typeof sent)[0]];
  return { ...opened, challenge, genuine: toProof(opened.tusn, challenge) };
}

/** Hands the answer in, and waits until the prover is done with it. */
async function answer(fleet: TestFleet, prover: Prover, proof: Proof): Promise<void> {
  const count = () => fleet.lines.filter(({ msg }) => ENDS.includes(String(msg))).length;
  const before = count();
  prover.take(proof);
  await vi.waitFor(() => expect(count()).toBe(before + 1), SOON_MS);
}

describe("asking", () => {
  it("opens a challenge that is on record before it is sent, good for a minute", async () => {
    const { fleet, prover, sent, tusn } = await open();
    await prover.poll([tusn]);
    const { challenge, factor, expiresAt } = await readProof(fleet, tusn);
    expect(sent).toEqual([{ tusn, challenge: { id: challenge, factor, expires: START + FACTOR_LIFE_S } }]);
    expect(factor).toMatch(/^\d{10}$/);
    expect(expiresAt).toBe(START + FACTOR_LIFE_S);
  });

  it("asks once, and anew with another factor where no answer came", async () => {
    const { fleet, prover, sent, tusn } = await open();
    await prover.poll([tusn]);
    fleet.at += FACTOR_LIFE_S + PAUSE_S - 1;
    await prover.poll([tusn]);
    expect(sent).toHaveLength(1);
    fleet.at += 1;
    await prover.poll([tusn]);
    expect(new Set(sent.map(({ challenge }) => challenge.factor)).size).toBe(2);
    expect(await readProof(fleet, tusn)).toMatchObject({ code: "PROOF_EXPIRED", tries: 2 });
  });

  it("asks nobody who is not connected, and nobody at all where no verifier could judge an answer", async () => {
    const { fleet, prover, sent, tusns, tusn } = await open(2);
    await prover.poll([tusn]);
    expect(sent.map((one) => one.tusn)).toEqual([tusn]);
    const idle = openProver(fleet, []);
    await idle.prover.poll(tusns);
    expect(idle.sent).toEqual([]);
  });

  it("asks a terminal once where two processes serve the same database", async () => {
    const { fleet, prover, sent, tusn, verifier } = await open();
    const other = openProver(fleet, [verifier]);
    await Promise.all([prover.poll([tusn]), other.prover.poll([tusn])]);
    expect([...sent, ...other.sent]).toHaveLength(1);
  });

  it("asks a bounded number at once, and the others next", async () => {
    const { fleet, prover, sent, tusn } = await open();
    const row = await readProof(fleet, tusn);
    const terminal = await fleet.store.selectFrom("terminals").selectAll().executeTakeFirstOrThrow();
    const others = Array.from(
      { length: 2 * ASKED_AT_ONCE },
      (_, n) => `00000304N7NL02${String(n).padStart(6, "0")}` as Tusn,
    );
    await fleet.store
      .insertInto("terminals")
      .values(others.map((one, n) => ({ ...terminal, tusn: one, terminalNo: String(n).padStart(8, "0") })))
      .execute();
    await fleet.store
      .insertInto("proofs")
      .values(others.map((one) => ({ ...row, tusn: one })))
      .execute();
    for (const expected of [1, 2]) {
      await prover.poll(others);
      expect(sent).toHaveLength(expected * ASKED_AT_ONCE);
    }
    expect(new Set(sent.map((one) => one.tusn)).size).toBe(2 * ASKED_AT_ONCE);
  });

  it("plans a first proof within the hour for a terminal that was enrolled before there were any", async () => {
    const fleet = await openTestFleet();
    const [{ tusn }] = (await enrolFleet(fleet, 1, false)) as [TestTerminal];
    const { prover, sent } = openProver(fleet, [new TestVerifier()]);
    await prover.poll([tusn]);
    expect(sent).toEqual([]);
    const { dueAt, why } = await readProof(fleet, tusn);
    expect(why).toBe("schedule");
    expect(dueAt).toBeGreaterThan(START);
    expect(dueAt).toBeLessThanOrEqual(START + FIRST_SPREAD_S);
    fleet.at += FIRST_SPREAD_S;
    await prover.poll([tusn]);
    expect(sent).toHaveLength(1);
  });

  it("leaves a terminal alone for which a person found out of late, until that is due again", async () => {
    const fleet = await openTestFleet();
    const [{ tusn }] = (await enrolFleet(fleet)) as [TestTerminal];
    await openProver(fleet, [new TestVerifier()]).prover.poll([tusn]);
    expect((await readProof(fleet, tusn)).dueAt).toBeGreaterThanOrEqual(NEXT.min);
  });

  it("plans nothing for a terminal that is not enrolled", async () => {
    const fleet = await openTestFleet();
    const [{ tusn }] = (await enrolFleet(fleet)) as [TestTerminal];
    await fleet.store.updateTable("terminals").set({ deviceKey: null }).execute();
    await openProver(fleet, [new TestVerifier()]).prover.poll([tusn]);
    expect(await fleet.store.selectFrom("proofs").selectAll().execute()).toEqual([]);
  });
});

describe("a right answer", () => {
  it("gives the verdict with its evidence, moves the terminal on and plans the next proof", async () => {
    const { fleet, prover, tusn, genuine, challenge } = await openAsked();
    fleet.at += 5;
    await answer(fleet, prover, genuine);
    expect(await readVerdict(fleet, tusn)).toEqual({
      verdict: "verified-crypto",
      provenAt: START + 5,
      life: "verified",
    });
    const { evidence, source } = await fleet.store.selectFrom("verdicts").selectAll().executeTakeFirstOrThrow();
    expect(source).toBe("local_keys");
    expect(JSON.parse(evidence)).toEqual({ challenge: Buffer.from(challenge.id).toString("hex"), kcv: "2B4459DE" });
    const planned = await readProof(fleet, tusn);
    expect(planned).toMatchObject({ why: "schedule", challenge: null, factor: "", code: "", tries: 0 });
    expect(planned.dueAt).toBeGreaterThanOrEqual(NEXT.min);
    expect(planned.dueAt).toBeLessThanOrEqual(NEXT.max + 5);
    expect(await readLedgerKinds(fleet)).toContain("terminal.verdict");
  });

  it("is asked about only once its challenge is closed for good", async () => {
    const { fleet, prover, tusn, genuine, verifier } = await openAsked();
    const open = verifier.hold();
    prover.take(genuine);
    await vi.waitFor(() => expect(verifier.claims).toHaveLength(1), SOON_MS);
    expect(await readProof(fleet, tusn)).toMatchObject({ challenge: null, factor: "", dueAt: START + JUDGING_S });
    open();
    await prover.close();
    expect((await readVerdict(fleet, tusn)).verdict).toBe("verified-crypto");
  });

  it("is not judged by a service that is started anew; the terminal is asked again", async () => {
    const { fleet, prover, tusn, genuine, verifier } = await openAsked();
    verifier.hold();
    prover.take(genuine);
    await vi.waitFor(() => expect(verifier.claims).toHaveLength(1), SOON_MS);
    // The first one never hears from its verifier: as far as the database knows, it died here.
    const next = openProver(fleet, [new TestVerifier()]);
    await answer(fleet, next.prover, genuine);
    expect(await countVerdicts(fleet)).toBe(0);
    fleet.at += JUDGING_S;
    await next.prover.poll([tusn]);
    expect(next.sent).toHaveLength(1);
  });
});

describe("an answer that proves nothing", () => {
  it("is counted when it is wrong, and asked for again after a growing pause", async () => {
    const { fleet, prover, sent, tusn } = await openAsked();
    for (const failures of [1, 2, 3]) {
      const { challenge } = sent.at(-1) as (typeof sent)[0];
      await answer(fleet, prover, toProof(tusn, challenge, { cryptogram: "00000000" }));
      const dueAt = fleet.at + PAUSE_S * 2 ** (failures - 1);
      expect(await readProof(fleet, tusn)).toMatchObject({ failures, code: "PROOF_WRONG", dueAt, lockedAt: null });
      fleet.at = dueAt;
      await prover.poll([tusn]);
    }
    expect(await countVerdicts(fleet)).toBe(0);
    await answer(fleet, prover, toProof(tusn, (sent.at(-1) as (typeof sent)[0]).challenge));
    expect(await readProof(fleet, tusn)).toMatchObject({ failures: 0, code: "" });
  });

  it("is no failure where the terminal has no SN key: it is asked again on schedule, and people are told", async () => {
    const { fleet, prover, tusn, challenge, verifier } = await openAsked();
    await answer(fleet, prover, toProof(tusn, challenge, { cryptogram: "", code: "PROOF_UNAVAILABLE" }));
    const planned = await readProof(fleet, tusn);
    expect(planned).toMatchObject({ failures: 0, code: "PROOF_UNAVAILABLE", challenge: null });
    expect(planned.dueAt).toBeGreaterThanOrEqual(NEXT.min);
    expect(verifier.claims).toEqual([]);
  });

  it("is no failure where no verifier could be asked: it is asked for again after a growing pause", async () => {
    const { fleet, prover, sent, tusn, verifier, genuine } = await openAsked();
    verifier.isDown = true;
    await answer(fleet, prover, genuine);
    expect(await readProof(fleet, tusn)).toMatchObject({
      failures: 0,
      code: "VERIFIER_FAILED",
      dueAt: START + PAUSE_S,
    });
    fleet.at += PAUSE_S;
    await prover.poll([tusn]);
    await answer(fleet, prover, toProof(tusn, (sent[1] as (typeof sent)[0]).challenge));
    expect(await readProof(fleet, tusn)).toMatchObject({ failures: 0, dueAt: fleet.at + 2 * PAUSE_S });
    expect(await countVerdicts(fleet)).toBe(0);
  });

  it("is kept as evidence where nobody knows the TUSN, and changes no verdict that was proven", async () => {
    const { fleet, prover, tusn, verifier, genuine } = await openAsked();
    await recordVerdict(fleet, tusn);
    verifier.answer = { verdict: "unknown", source: "registry", evidence: {} };
    await answer(fleet, prover, genuine);
    expect(await readProof(fleet, tusn)).toMatchObject({ failures: 0, code: "TUSN_UNPROVEN" });
    expect(await readVerdict(fleet, tusn)).toMatchObject({ verdict: "verified-manual" });
    expect(await countVerdicts(fleet)).toBe(2);
  });

  it("gives no verdict where a verifier tells what a person found out before", async () => {
    const { fleet, prover, tusn, verifier, genuine } = await openAsked();
    await recordVerdict(fleet, tusn);
    verifier.answer = { verdict: "verified-manual", source: "manual", evidence: {}, provenAt: START };
    fleet.at += 9;
    await answer(fleet, prover, genuine);
    expect(await readVerdict(fleet, tusn)).toMatchObject({ verdict: "verified-manual", provenAt: START });
    expect(await countVerdicts(fleet)).toBe(1);
  });

  it("counts as no wrong one where a person found out before that the terminal is not genuine", async () => {
    const { fleet, prover, tusn, verifier, genuine } = await openAsked();
    verifier.answer = { verdict: "mismatch", source: "manual", evidence: {}, provenAt: START };
    await answer(fleet, prover, genuine);
    expect(await readProof(fleet, tusn)).toMatchObject({ failures: 0, code: "TUSN_UNPROVEN" });
  });

  it("takes a registry's word at once that the TUSN is revoked", async () => {
    const { fleet, prover, tusn, verifier, genuine } = await openAsked();
    await recordVerdict(fleet, tusn);
    verifier.answer = { verdict: "revoked", source: "registry", evidence: {} };
    await answer(fleet, prover, genuine);
    expect(await readVerdict(fleet, tusn)).toMatchObject({ verdict: "revoked" });
    expect(await readLedgerKinds(fleet)).toContain("alarm.verdict_lost");
  });
});

describe("judging", () => {
  it("asks verifiers about a bounded number of answers at once, and judges all of them in the end", async () => {
    const { fleet, prover, sent, tusns, verifier } = await open(JUDGED_AT_ONCE + 4);
    await prover.poll(tusns);
    const open1 = verifier.hold();
    for (const { tusn, challenge } of sent) prover.take(toProof(tusn, challenge));
    await vi.waitFor(() => expect(verifier.claims).toHaveLength(JUDGED_AT_ONCE), SOON_MS);
    await new Promise((resolve) => setImmediate(resolve));
    expect(verifier.claims).toHaveLength(JUDGED_AT_ONCE);
    open1();
    await vi.waitFor(async () => expect(await countVerdicts(fleet)).toBe(tusns.length), SOON_MS);
  });

  it("drops what still waits when the service ends, and has it asked again", async () => {
    const { fleet, prover, sent, tusns, verifier } = await open(JUDGED_AT_ONCE + 1);
    await prover.poll(tusns);
    const open1 = verifier.hold();
    for (const { tusn, challenge } of sent) prover.take(toProof(tusn, challenge));
    await vi.waitFor(() => expect(verifier.claims).toHaveLength(JUDGED_AT_ONCE), SOON_MS);
    const closed = prover.close();
    open1();
    await closed;
    prover.take(toProof(sent[0]?.tusn as Tusn, (sent[0] as (typeof sent)[0]).challenge));
    expect(await countVerdicts(fleet)).toBe(JUDGED_AT_ONCE);
    const left = await fleet.store.selectFrom("proofs").selectAll().where("challenge", "is not", null).execute();
    expect(left).toMatchObject([{ dueAt: START + FACTOR_LIFE_S + PAUSE_S }]);
  });

  it("is not too late for an answer that waited in the queue", async () => {
    const { fleet, prover, sent, tusns, verifier } = await open(JUDGED_AT_ONCE + 1);
    await prover.poll(tusns);
    const open1 = verifier.hold();
    for (const { tusn, challenge } of sent) prover.take(toProof(tusn, challenge));
    await vi.waitFor(() => expect(verifier.claims).toHaveLength(JUDGED_AT_ONCE), SOON_MS);
    fleet.at += FACTOR_LIFE_S + 10;
    open1();
    await vi.waitFor(async () => expect(await countVerdicts(fleet)).toBe(tusns.length), SOON_MS);
  });

  it("asks a terminal again whose answer could not be written down", async () => {
    const { fleet, prover, tusn, verifier, genuine } = await openAsked();
    // JSON cannot hold it.
    verifier.answer = { verdict: "verified-crypto", source: "local_keys", evidence: { big: 1n as unknown as number } };
    await answer(fleet, prover, genuine);
    expect(await readProof(fleet, tusn)).toMatchObject({ code: "INTERNAL", challenge: null });
    expect(await countVerdicts(fleet)).toBe(0);
  });

  it.each<["right" | "wrong" | "unjudged"]>([["right"], ["wrong"], ["unjudged"]])(
    "believes nothing of a device that its terminal was parted from meanwhile: %s",
    async (kind) => {
      const { fleet, prover, sent, tusn, verifier, challenge } = await openAsked();
      const open1 = verifier.hold();
      prover.take(toProof(tusn, challenge, kind === "wrong" ? { cryptogram: "00000000" } : {}));
      await vi.waitFor(() => expect(verifier.claims).toHaveLength(1), SOON_MS);
      const parting = { actor: "li.na", reason: "key lost", merchant: "" };
      await transact(fleet.store, async (tx) => {
        const [terminal] = await findTerminals(tx, [tusn]);
        await part(tx, fleet.at, terminal as NonNullable<typeof terminal>, parting);
      });
      const next = { deviceKey: Buffer.from("another"), certificateFingerprint: Buffer.alloc(32) };
      await fleet.store.updateTable("terminals").set(next).execute();
      await plan(fleet, tusn);
      await prover.poll([tusn]);
      expect(sent).toHaveLength(2);
      const asked = await readProof(fleet, tusn);
      verifier.isDown = kind === "unjudged";
      open1();
      await prover.close();
      expect(await readVerdict(fleet, tusn)).toEqual({ verdict: "format-only", provenAt: null, life: "registered" });
      expect(await readProof(fleet, tusn)).toEqual(asked);
    },
  );

  it("believes nothing of a terminal that was put out of service meanwhile, and asks it no more", async () => {
    const { fleet, prover, tusn, verifier, genuine } = await openAsked();
    const open1 = verifier.hold();
    prover.take(genuine);
    await vi.waitFor(() => expect(verifier.claims).toHaveLength(1), SOON_MS);
    await changeLife(fleet, tusn, "retire", parseAct("broken"));
    open1();
    await prover.close();
    expect(await countVerdicts(fleet)).toBe(0);
    expect(await readProof(fleet, tusn)).toMatchObject({ dueAt: null, challenge: null, code: "" });
  });
});
