import { describe, expect, it } from "vitest";
import {
  type EnrolmentFacts,
  judgeEnrolment,
  judgeRenewal,
  judgeStanding,
  needsProof,
  type RenewalFacts,
  toEnrolmentStep,
} from "../../../src/domain/enrolment.ts";

const NOW = 1_000;
const TERMINAL = { life: "registered", isQuarantined: false, verdict: "format-only", isHeard: false } as const;
const TOKEN = { isRight: true, isUsed: false, expiresAt: NOW, needsAdmission: false } as const;
const KEY = { holder: "nobody", isSpent: false } as const;
const FINE: EnrolmentFacts = {
  ...{ now: NOW, terminal: TERMINAL, token: TOKEN, isLocked: false, key: KEY, asked: "nobody", isAdmitted: false },
};

describe("an enrolment", () => {
  it("is refused by nothing where all is well, in the token's last second, too", () => {
    expect(judgeEnrolment(FINE)).toBeUndefined();
    const { key: _, ...challenge } = FINE;
    expect(judgeEnrolment(challenge)).toBeUndefined();
  });

  const { terminal: _, ...nobody } = FINE;
  const { token: __, ...without } = FINE;
  const refusals: readonly (readonly [string, EnrolmentFacts, string, boolean])[] = [
    ["of no terminal", nobody, "TOKEN_INVALID", false],
    ["without a token", without, "TOKEN_INVALID", false],
    ["with a wrong token", { ...FINE, token: { ...TOKEN, isRight: false } }, "TOKEN_INVALID", true],
    [
      "with a wrong token, locked",
      { ...FINE, isLocked: true, token: { ...TOKEN, isRight: false } },
      "TOKEN_INVALID",
      false,
    ],
    [
      "with a wrong one for a used",
      { ...FINE, token: { ...TOKEN, isRight: false, isUsed: true } },
      "TOKEN_INVALID",
      false,
    ],
    ["too late", { ...FINE, token: { ...TOKEN, expiresAt: NOW - 1 } }, "TOKEN_INVALID", false],
    ["locked", { ...FINE, isLocked: true }, "ENROLMENT_LOCKED", false],
    ["of a suspended one", { ...FINE, terminal: { ...TERMINAL, life: "suspended" } }, "TERMINAL_SUSPENDED", false],
    ["in quarantine", { ...FINE, terminal: { ...TERMINAL, isQuarantined: true } }, "TERMINAL_QUARANTINED", false],
    ["of one revoked", { ...FINE, terminal: { ...TERMINAL, verdict: "revoked" } }, "TUSN_UNPROVEN", false],
    ["with a spent key", { ...FINE, key: { ...KEY, isSpent: true } }, "KEY_INVALID", false],
    ["with another's key", { ...FINE, key: { ...KEY, holder: "other" } }, "ENROLMENT_HELD", false],
    ["after another asked", { ...FINE, asked: "other" }, "ENROLMENT_HELD", false],
    ["used before", { ...FINE, token: { ...TOKEN, isUsed: true } }, "TOKEN_INVALID", false],
    [
      "heard of since",
      { ...FINE, asked: "same", token: { ...TOKEN, isUsed: true }, terminal: { ...TERMINAL, isHeard: true } },
      "TOKEN_INVALID",
      false,
    ],
  ];
  it.each(refusals)("%s is refused", (_, facts, code, isGuess) => {
    expect(judgeEnrolment(facts)).toEqual({ code, isGuess });
  });

  it("of the same key goes on after a lost answer", () => {
    expect(judgeEnrolment({ ...FINE, asked: "same", token: { ...TOKEN, isUsed: true } })).toBeUndefined();
  });

  it("needs a proof once, and a person where the token says so", () => {
    expect(needsProof(FINE)).toBe(true);
    expect(needsProof({ ...FINE, asked: "same" })).toBe(false);
    expect(needsProof({ ...FINE, token: { ...TOKEN, isUsed: true } })).toBe(false);
    expect(needsProof(without)).toBe(false);
    const admission = { ...FINE, token: { ...TOKEN, needsAdmission: true } };
    expect(toEnrolmentStep(FINE)).toBe("issue");
    expect(toEnrolmentStep(admission)).toBe("ask");
    expect(toEnrolmentStep({ ...admission, asked: "same" })).toBe("wait");
    expect(toEnrolmentStep({ ...admission, asked: "same", isAdmitted: true })).toBe("issue");
    expect(toEnrolmentStep({ ...admission, token: { ...admission.token, isUsed: true } })).toBe("issue");
  });
});

describe("a renewal", () => {
  const good: RenewalFacts = {
    ...{ now: NOW, life: "active", isQuarantined: false, holder: "same" },
    certificate: { notAfter: NOW, isRevoked: false },
  };

  it("is refused by nothing where all is well", () => {
    expect(judgeRenewal(good)).toBeUndefined();
  });

  it("is refused for each thing that is wrong", () => {
    const { certificate: _, ...unknown } = good;
    expect(judgeRenewal(unknown)).toBe("CERTIFICATE_UNKNOWN");
    expect(judgeRenewal({ ...good, holder: "other" })).toBe("CERTIFICATE_UNKNOWN");
    expect(judgeRenewal({ ...good, certificate: { notAfter: NOW, isRevoked: true } })).toBe("CERTIFICATE_REVOKED");
    expect(judgeRenewal({ ...good, certificate: { notAfter: NOW - 1, isRevoked: false } })).toBe("CERTIFICATE_INVALID");
    expect(judgeRenewal({ ...good, life: "retired" })).toBe("TERMINAL_RETIRED");
    expect(judgeStanding({ life: "replaced", isQuarantined: false })).toBe("TERMINAL_RETIRED");
  });
});
