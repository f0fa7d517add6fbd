import { describe, expect, it } from "vitest";
import { toAnswer } from "../../../../src/app/attestation/answer.ts";
import { toPublicAnswer } from "../../../../src/app/attestation/checks.ts";
import { LIVES } from "../../../../src/domain/life.ts";
import { DEFAULT_IDENTITY_POLICY, VERDICTS } from "../../../../src/domain/verdict.ts";
import { toStatus } from "../../../../src/faces/cli/verify-text.ts";

const NOW = 1_800_000_000;
const IN_SERVICE: readonly string[] = ["registered", "verified", "bound", "active"];
const PROVEN: readonly string[] = ["verified-crypto", "verified-online", "verified-manual"];
const policy = DEFAULT_IDENTITY_POLICY;

const CASES = LIVES.flatMap((life) =>
  VERDICTS.flatMap((verdict) =>
    [null, NOW, NOW - policy.maxAgeS, NOW - policy.maxAgeS - 1].flatMap((provenAt) =>
      [false, true].map((isQuarantined) => ({ life, verdict, provenAt, isQuarantined })),
    ),
  ),
);

describe("the answer about a terminal", () => {
  it("is genuine where it is in service, proven recently enough and in no quarantine, and nowhere else", () => {
    for (const { isQuarantined, ...terminal } of CASES) {
      const { life, verdict, provenAt } = terminal;
      const answer = toAnswer(terminal, isQuarantined, policy, NOW);
      const isRecent = provenAt !== null && provenAt >= NOW - policy.maxAgeS;
      const isGenuine = IN_SERVICE.includes(life) && PROVEN.includes(verdict) && isRecent && !isQuarantined;
      const what = `${life} ${verdict} ${provenAt} ${isQuarantined}`;
      expect(answer === "genuine", what).toBe(isGenuine);
      expect(toPublicAnswer(answer) === "genuine", what).toBe(isGenuine);
      expect(toStatus([answer]) === 0, what).toBe(isGenuine);
    }
  });

  it("ends with a worse status for what was found wrong than for what is not known", () => {
    for (const { isQuarantined, ...terminal } of CASES) {
      const isWrong =
        isQuarantined || !IN_SERVICE.includes(terminal.life) || ["mismatch", "revoked"].includes(terminal.verdict);
      const status = toStatus([toAnswer(terminal, isQuarantined, policy, NOW)]);
      expect(status === 4, JSON.stringify({ isQuarantined, ...terminal })).toBe(isWrong);
    }
  });
});
