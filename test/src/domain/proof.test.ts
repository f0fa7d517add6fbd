import { describe, expect, it } from "vitest";
import { toDigest } from "../../../proto/bytes.ts";
import { FACTOR_LIFE_S } from "../../../proto/cryptogram.ts";
import {
  ask,
  close,
  FIRST_SPREAD_S,
  isAnswer,
  isDue,
  JUDGING_S,
  MAX_PAUSE_S,
  type Outcome,
  PAUSE_S,
  type ProofStanding,
  plan,
  settle,
  toFactor,
  toFirstDue,
  toNextDue,
  toPause,
  toUnanswered,
  unlock,
} from "../../../src/domain/proof.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../../src/domain/verdict.ts";
import { TUSN_A } from "../../support/certificates.ts";

const NOW = 1_800_000_000;
const ID = toDigest(Uint8Array.of(1)).subarray(0, 16);
const OTHER_ID = toDigest(Uint8Array.of(2)).subarray(0, 16);
const FACTOR = "0123456789";
const POLICY = { ...DEFAULT_IDENTITY_POLICY, attempts: 3 };

const PLANNED: ProofStanding = {
  ...{ dueAt: NOW, why: "schedule", challenge: null, factor: "", expiresAt: null },
  ...{ failures: 0, tries: 0, code: "", lockedAt: null },
};
const OPEN = ask(PLANNED, ID, FACTOR, NOW);
const LOCKED: ProofStanding = { ...PLANNED, dueAt: null, failures: 3, code: "PROOF_LOCKED", lockedAt: NOW };

const settleAs = (standing: ProofStanding, outcome: Outcome, fraction = 0.5) =>
  settle(standing, outcome, POLICY, NOW, fraction);

describe("toFactor", () => {
  it("makes every digit as likely as any other: bytes above the last whole ten are left out", () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const counts = new Map<string, number>();
    for (let start = 0; start < 250; start += 10) {
      for (const digit of toFactor(all.subarray(start, start + 10)) ?? "") {
        counts.set(digit, (counts.get(digit) ?? 0) + 1);
      }
    }
    expect([...counts.values()]).toEqual(Array(10).fill(25));
    expect(toFactor(all.subarray(246))).toBeUndefined();
    expect(toFactor(Uint8Array.of(255, 250, ...all.subarray(0, 12)))).toBe("0123456789");
  });
});

describe("the schedule", () => {
  it("asks again after the time that is set, a quarter of it sooner or later", () => {
    expect(toNextDue(NOW, 1_000, 0)).toBe(NOW + 750);
    expect(toNextDue(NOW, 1_000, 0.5)).toBe(NOW + 1_000);
    expect(toNextDue(NOW, 1_000, 0.999_999)).toBe(NOW + 1_250);
  });

  it("spreads the first askings of a fleet over an hour", () => {
    const unproven = { verdict: "format-only", provenAt: null } as const;
    expect(toFirstDue(unproven, POLICY, NOW, 0)).toBe(NOW + 1);
    expect(toFirstDue(unproven, POLICY, NOW, 0.999_999)).toBe(NOW + FIRST_SPREAD_S);
    expect(toFirstDue({ verdict: "mismatch", provenAt: NOW }, POLICY, NOW, 0)).toBe(NOW + 1);
  });

  it("asks a terminal that was proven of late first when that is due again", () => {
    const verdict = "verified-manual";
    expect(toFirstDue({ verdict, provenAt: NOW }, POLICY, NOW, 0.5)).toBe(NOW + POLICY.everyS);
    expect(toFirstDue({ verdict, provenAt: NOW - 2 * POLICY.everyS }, POLICY, NOW, 0)).toBe(NOW + 1);
  });

  it("doubles pauses up to a bound", () => {
    expect([0, 1, 2, 3].map(toPause)).toEqual([PAUSE_S, PAUSE_S, 2 * PAUSE_S, 4 * PAUSE_S]);
    expect(toPause(1_000)).toBe(MAX_PAUSE_S);
  });

  it("holds for what is planned and not locked", () => {
    expect(isDue(PLANNED, NOW)).toBe(true);
    expect(isDue(PLANNED, NOW - 1)).toBe(false);
    expect(isDue({ ...PLANNED, dueAt: null }, NOW)).toBe(false);
    expect(isDue({ ...PLANNED, lockedAt: NOW }, NOW)).toBe(false);
  });
});

describe("plan", () => {
  it("plans a first proof", () => {
    expect(plan(undefined, NOW, "enrolment")).toEqual({ ...PLANNED, why: "enrolment" });
  });

  it("changes nothing where a person has to look first", () => {
    for (const why of ["enrolment", "schedule", "demand", "binding"] as const) {
      expect(plan(LOCKED, NOW, why)).toBeUndefined();
    }
  });

  it("takes the earlier time", () => {
    expect(plan({ ...PLANNED, dueAt: NOW + 9 }, NOW, "binding")).toEqual({ ...PLANNED, why: "binding" });
    expect(plan(PLANNED, NOW + 9, "schedule")).toBeUndefined();
    expect(plan(PLANNED, NOW, "binding")).toBeUndefined();
    expect(plan({ ...PLANNED, dueAt: null }, NOW, "schedule")).toEqual(PLANNED);
  });

  it("closes what another device was asked when a new one is enrolled, and forgets no wrong answer", () => {
    expect(plan({ ...OPEN, failures: 2 }, NOW, "enrolment")).toEqual({ ...PLANNED, failures: 2, why: "enrolment" });
  });

  it("waits for the answer to a challenge that is open", () => {
    expect(plan(OPEN, NOW, "binding")).toBeUndefined();
    expect(plan(OPEN, NOW, "demand")).toMatchObject({ challenge: ID, dueAt: NOW + FACTOR_LIFE_S + 1, why: "demand" });
  });

  it("cuts the pause after an asking that led to nothing short for a person, not for a binding", () => {
    const failed: ProofStanding = { ...PLANNED, dueAt: NOW + 900, tries: 4, code: "VERIFIER_FAILED" };
    expect(plan(failed, NOW, "binding")).toBeUndefined();
    expect(plan(failed, NOW, "demand")).toEqual({ ...PLANNED, why: "demand" });
  });
});

describe("ask", () => {
  it("opens a challenge for as long as a factor is good, and plans to ask again where nobody answers", () => {
    expect(OPEN).toEqual({
      ...{ ...PLANNED, challenge: ID, factor: FACTOR, expiresAt: NOW + FACTOR_LIFE_S, tries: 1 },
      dueAt: NOW + FACTOR_LIFE_S + PAUSE_S,
    });
  });

  it("takes the place of a challenge that nobody answered, says so and waits longer", () => {
    const again = ask(OPEN, OTHER_ID, FACTOR, NOW + 200);
    expect(again).toMatchObject({ challenge: OTHER_ID, tries: 2, code: "PROOF_EXPIRED" });
    expect(again.dueAt).toBe(NOW + 200 + FACTOR_LIFE_S + 2 * PAUSE_S);
  });
});

describe("isAnswer", () => {
  const proof = { tusn: TUSN_A, challenge: ID, factor: FACTOR, cryptogram: "A5C1D1C7", code: "" } as const;

  it("holds for the open challenge with its factor, up to the last second of its life", () => {
    expect(isAnswer(OPEN, proof, NOW)).toBe(true);
    expect(isAnswer(OPEN, proof, NOW + FACTOR_LIFE_S)).toBe(true);
  });

  it("holds for nothing else", () => {
    expect(isAnswer(OPEN, proof, NOW + FACTOR_LIFE_S + 1)).toBe(false);
    expect(isAnswer(OPEN, { ...proof, challenge: OTHER_ID }, NOW)).toBe(false);
    expect(isAnswer(OPEN, { ...proof, factor: "0123456780" }, NOW)).toBe(false);
    expect(isAnswer(OPEN, { ...proof, factor: "012345678" }, NOW)).toBe(false);
    expect(isAnswer({ ...OPEN, lockedAt: NOW }, proof, NOW)).toBe(false);
    expect(isAnswer({ ...OPEN, challenge: null }, proof, NOW)).toBe(false);
    expect(isAnswer({ ...OPEN, expiresAt: null }, proof, NOW)).toBe(false);
    expect(isAnswer(close(OPEN, NOW), proof, NOW)).toBe(false);
  });
});

describe("close", () => {
  it("has the terminal asked again, should nobody ever say what its answer is worth", () => {
    expect(close(OPEN, NOW)).toEqual({ ...PLANNED, tries: 1, dueAt: NOW + JUDGING_S });
  });
});

describe("settle", () => {
  const judged = close({ ...OPEN, failures: 1, tries: 2, code: "PROOF_WRONG" }, NOW);

  it("plans the next proof after a right answer, and forgets wrong ones", () => {
    expect(settleAs(judged, "right")).toEqual({ ...PLANNED, dueAt: NOW + POLICY.everyS });
  });

  it("takes it for no failure that the terminal can give no proof, or that nobody knows it", () => {
    const dueAt = NOW + POLICY.everyS;
    expect(settleAs(judged, "unavailable")).toEqual({ ...PLANNED, dueAt, failures: 1, code: "PROOF_UNAVAILABLE" });
    expect(settleAs(judged, "unknown")).toEqual({ ...PLANNED, dueAt, failures: 1, code: "TUSN_UNPROVEN" });
  });

  it("tells a terminal that can give no proof from one that could not just now", () => {
    expect(toUnanswered("PROOF_UNAVAILABLE")).toBe("unavailable");
    expect(toUnanswered("INTERNAL")).toBe("unavailable");
    expect(toUnanswered("TERMINAL_BUSY")).toEqual({ failed: "TERMINAL_BUSY" });
    expect(toUnanswered("COMMAND_FAILED")).toEqual({ failed: "COMMAND_FAILED" });
  });

  it("asks again after a growing pause where nobody could be asked", () => {
    const failed = settleAs(judged, { failed: "VERIFIER_FAILED" });
    expect(failed).toMatchObject({ failures: 1, tries: 2, code: "VERIFIER_FAILED", dueAt: NOW + 2 * PAUSE_S });
  });

  it("asks again after a growing pause where the answer was wrong, and locks where there are too many", () => {
    const first = settleAs({ ...judged, failures: 0 }, "wrong");
    expect(first).toMatchObject({ failures: 1, tries: 0, code: "PROOF_WRONG", dueAt: NOW + PAUSE_S, lockedAt: null });
    const second = settleAs(first, "wrong");
    expect(second).toMatchObject({ failures: 2, dueAt: NOW + 2 * PAUSE_S, lockedAt: null });
    expect(settleAs(second, "wrong")).toEqual({ ...LOCKED });
  });

  it("changes nothing while locked, however right the answer", () => {
    expect(settleAs(LOCKED, "right")).toBe(LOCKED);
  });
});

describe("unlock", () => {
  it("has the terminal asked at once, with all its attempts", () => {
    expect(unlock(LOCKED, NOW)).toEqual({ ...PLANNED, why: "demand" });
  });
});
