import { describe, expect, it, vi } from "vitest";
import type { Challenge, Proof } from "../../proto/challenge.ts";
import { computeCryptogram, FACTOR_LIFE_S } from "../../proto/cryptogram.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { unlockProof } from "../../src/app/proof/demand.ts";
import { judge } from "../../src/app/proof/judge.ts";
import { planProof } from "../../src/app/proof/plan.ts";
import { openStore, transact } from "../../src/store/store.ts";
import { enrolFleet, openTestFleet, readLedgerKinds } from "../support/fleet-store.ts";
import { SOON_MS } from "../support/patience.ts";
import {
  countVerdicts,
  openProver,
  readProof,
  readVerdict,
  SN_KEY,
  TestVerifier,
  toProof,
} from "../support/proving.ts";
import { recordVerdict } from "../support/verdicts.ts";

/** Answers that are played back in a row. */
const PLAYED_BACK = 200;
const MAX_TOLD = 20;
const WRONG = { cryptogram: "00000000" };

/** Two enrolled terminals that nobody has proven, of which each has an open challenge. */
async function open() {
  const fleet = await openTestFleet();
  const [a, b] = (await enrolFleet(fleet, 2, false)).map(({ tusn }) => tusn) as [Tusn, Tusn];
  const verifier = new TestVerifier();
  const { prover, sent } = openProver(fleet, [verifier]);
  const askAgain = async (tusn: Tusn): Promise<Challenge> => {
    await transact(fleet.store, (tx) => planProof(tx, tusn, fleet.at, "demand"));
    await prover.poll([tusn]);
    return sent.findLast((one) => one.tusn === tusn)?.challenge as Challenge;
  };
  const challenge = await askAgain(a);
  const give = (proof: Proof) => judge(fleet, [verifier], proof, fleet.at);
  return { fleet, verifier, prover, sent, a, b, challenge, challengeB: await askAgain(b), askAgain, give };
}

describe("row 50: a clone that knows what a terminal's label says", () => {
  it("gets nothing for an answer that was given before, to whichever challenge", async () => {
    const { fleet, verifier, a, challenge, askAgain, give } = await open();
    const old = toProof(a, challenge);
    expect(await give(old)).toBe(true);
    expect(await countVerdicts(fleet)).toBe(1);
    const { id, factor } = await askAgain(a);
    const before = await readProof(fleet, a);
    for (const replay of [old, { ...old, challenge: id }, { ...old, factor }]) expect(await give(replay)).toBe(false);
    expect(await readProof(fleet, a)).toEqual(before);
    expect(await countVerdicts(fleet)).toBe(1);
    expect(verifier.claims).toHaveLength(1);
  });

  it("gets nothing for any other factor, nor for any other challenge", async () => {
    const { fleet, verifier, a, challenge, give } = await open();
    const { factor, id } = challenge;
    const factors = [...factor].flatMap((digit, at) =>
      [..."0123456789"]
        .filter((other) => other !== digit)
        .map((other) => factor.slice(0, at) + other + factor.slice(at + 1)),
    );
    for (const other of [...factors, factor.slice(1), factor.slice(0, -1), factor.slice(0, 6)]) {
      expect(await give(toProof(a, { ...challenge, factor: other }))).toBe(false);
    }
    for (let bit = 0; bit < 128; bit += 1) {
      const other = id.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(await give(toProof(a, { ...challenge, id: other }))).toBe(false);
    }
    expect(await countVerdicts(fleet)).toBe(0);
    expect(verifier.claims).toEqual([]);
  });

  it("gets nothing for another terminal's answer, nor for an answer to another terminal's challenge", async () => {
    const { fleet, verifier, a, b, challenge, challengeB, give } = await open();
    expect(await give({ ...toProof(b, challengeB), tusn: a })).toBe(false);
    expect(await give(toProof(a, challengeB))).toBe(false);
    expect(await give(toProof(b, challenge))).toBe(false);
    expect(await countVerdicts(fleet)).toBe(0);
    expect(verifier.claims).toEqual([]);
  });

  it("gets nothing from pairs of TUSN and factor that fold to the same cryptogram", async () => {
    const { fleet, verifier, a, challenge, give } = await open();
    const [one, other] = [parseTusn("00000304N7NL01933217"), parseTusn("00001304N7NL01933217")];
    expect(computeCryptogram(SN_KEY, one, "127026")).toBe(computeCryptogram(SN_KEY, other, "027026"));
    // The same with this terminal and the factor that is open: whatever was answered elsewhere names another factor.
    const alias = parseTusn(`${a.slice(0, 4)}${Number(a[4]) ^ 1}${a.slice(5)}`);
    const { factor } = challenge;
    const aliasFactor = `${Number(factor[0]) ^ 1}${factor.slice(1)}`;
    const cryptogram = computeCryptogram(SN_KEY, alias, aliasFactor);
    expect(cryptogram).toBe(computeCryptogram(SN_KEY, a, factor));
    expect(await give(toProof(a, challenge, { factor: aliasFactor, cryptogram }))).toBe(false);
    expect(await give(toProof(alias, challenge, { cryptogram }))).toBe(false);
    expect(await countVerdicts(fleet)).toBe(0);
    expect(verifier.claims).toEqual([]);
  });

  it("gets nothing for an answer that comes too late", async () => {
    const { fleet, a, b, challenge, challengeB, give } = await open();
    fleet.at += FACTOR_LIFE_S;
    expect(await give(toProof(b, challengeB))).toBe(true);
    fleet.at += 1;
    expect(await give(toProof(a, challenge))).toBe(false);
    expect(await readVerdict(fleet, a)).toMatchObject({ verdict: "format-only", provenAt: null });
    expect(await countVerdicts(fleet)).toBe(1);
  });

  it("has no answer judged twice, be it by one process or by several at once", async () => {
    const { fleet, verifier, a, challenge, give } = await open();
    const proof = toProof(a, challenge);
    const store = await openStore(fleet.file);
    const elsewhere = { ...fleet, now: fleet.now, store };
    const taken = await Promise.all([
      give(proof),
      give(proof),
      judge(elsewhere, [verifier], proof, fleet.at),
      judge(elsewhere, [verifier], proof, fleet.at),
    ]);
    await store.destroy();
    expect(taken.filter((isTaken) => isTaken)).toHaveLength(1);
    expect(verifier.claims).toHaveLength(1);
    expect(await countVerdicts(fleet)).toBe(1);
  });

  it("has none judged twice that comes twice by the wire", async () => {
    const { fleet, prover, verifier, a, challenge } = await open();
    const proof = toProof(a, challenge);
    for (let n = 0; n < 3; n += 1) prover.take(proof);
    await vi.waitFor(async () => expect(await countVerdicts(fleet)).toBe(1), { timeout: 20_000 });
    await prover.close();
    expect(verifier.claims).toHaveLength(1);
    expect(await countVerdicts(fleet)).toBe(1);
  });

  it("fills no log by playing answers back", async () => {
    const { fleet, prover, a, challenge, give } = await open();
    const proof = toProof(a, challenge);
    await give(proof);
    for (let n = 0; n < PLAYED_BACK; n += 1) prover.take(proof);
    await prover.close();
    const told = () => fleet.lines.filter((line) => line["code"] === "PROOF_EXPIRED");
    expect(told()).toHaveLength(MAX_TOLD);
    fleet.at += FACTOR_LIFE_S;
    prover.take(proof);
    expect(told().at(-2)).toMatchObject({ proofs: PLAYED_BACK - MAX_TOLD });
  });
});

describe("row 50: a clone that guesses", () => {
  /** Guesses until nothing is asked any more; gives how many guesses a verifier looked at. */
  async function guess({ fleet, verifier, prover, sent, a, give }: Awaited<ReturnType<typeof open>>): Promise<number> {
    for (let n = 0; n < 3 * fleet.identity.attempts; n += 1) {
      const challenge = sent.findLast((one) => one.tusn === a)?.challenge as Challenge;
      await give(toProof(a, challenge, WRONG));
      fleet.at += 7_200;
      await prover.poll([a]);
    }
    return verifier.claims.length;
  }

  it("has as many guesses as the policy allows; then the TUSN is locked, with one alarm, until a person looks", async () => {
    const opened = await open();
    const { fleet, sent, a, prover, askAgain, give } = opened;
    await recordVerdict(fleet, a);
    expect(await guess(opened)).toBe(fleet.identity.attempts);
    expect(await readProof(fleet, a)).toMatchObject({ dueAt: null, challenge: null, code: "PROOF_LOCKED" });
    expect(await readVerdict(fleet, a)).toMatchObject({ verdict: "mismatch" });
    const kinds = await readLedgerKinds(fleet);
    for (const kind of ["alarm.proof_locked", "alarm.verdict_lost", "terminal.proof_locked"]) {
      expect(kinds.filter((one) => one === kind)).toHaveLength(1);
    }
    const asked = sent.length;
    await askAgain(a);
    expect(sent).toHaveLength(asked);
    await unlockProof(fleet, a, { reason: "went there and looked", by: "li.mei" });
    await prover.poll([a]);
    expect(await give(toProof(a, (sent.at(-1) as (typeof sent)[0]).challenge))).toBe(true);
    expect(await readVerdict(fleet, a)).toMatchObject({ verdict: "verified-crypto" });
  });

  it("gains nothing by a right answer that was being judged while the TUSN was locked", async () => {
    const { fleet, verifier, a, challenge, give } = await open();
    const answer = verifier.hold();
    const judging = give(toProof(a, challenge));
    await vi.waitFor(() => expect(verifier.claims).toHaveLength(1), SOON_MS);
    await fleet.store.updateTable("proofs").set({ lockedAt: fleet.at, dueAt: null }).where("tusn", "=", a).execute();
    answer();
    await judging;
    expect(await countVerdicts(fleet)).toBe(0);
    expect(await readProof(fleet, a)).toMatchObject({ lockedAt: fleet.at, dueAt: null });
  });

  it("has other terminals' proofs go on", async () => {
    const opened = await open();
    const { fleet, b, askAgain, give } = opened;
    await guess(opened);
    expect(await give(toProof(b, await askAgain(b)))).toBe(true);
    expect(await readVerdict(fleet, b)).toMatchObject({ verdict: "verified-crypto" });
  });
});

describe("row 50: whoever reads along", () => {
  it("finds neither factor nor cryptogram in log, history, ledger and verdicts once a proof is done", async () => {
    const { fleet, a, b, challenge, challengeB, give } = await open();
    const proof = toProof(a, challenge);
    await give(proof);
    await give(toProof(b, challengeB, WRONG));
    const rows = await Promise.all([
      fleet.store.selectFrom("history").selectAll().execute(),
      fleet.store.selectFrom("verdicts").selectAll().execute(),
      fleet.store.selectFrom("proofs").selectAll().execute(),
    ]);
    const entries = await fleet.store.selectFrom("ledger").select("bytes").execute();
    const ledger = entries.map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
    const kept = JSON.stringify([rows, ledger, fleet.lines]);
    for (const secret of [challenge.factor, challengeB.factor, proof.cryptogram]) expect(kept).not.toContain(secret);
    expect(kept).toContain("2B4459DE");
  });
});
