import { describe, expect, it } from "vitest";
import { type ErrorCode, TillsyncError } from "../../../../proto/errors.ts";
import { askVerifiers, wantCryptogram } from "../../../../src/app/verifiers/ask.ts";
import type { Verifier } from "../../../../src/app/verifiers/verifier.ts";
import type { Verdict } from "../../../../src/domain/verdict.ts";
import { toClaim } from "../../../contract/verifier.ts";
import { TUSN_A } from "../../../support/certificates.ts";

const CLAIM = toClaim(TUSN_A);

function says(verdict: Verdict, wants = false): Verifier & { asked: number } {
  const verifier = {
    asked: 0,
    source: "registry" as const,
    wantsCryptogram: async () => wants,
    verify: async () => {
      verifier.asked += 1;
      return { verdict, source: verifier.source, evidence: {} };
    },
  };
  return verifier;
}

function fails(code: ErrorCode): Verifier {
  return {
    source: "registry",
    wantsCryptogram: async () => true,
    verify: async () => {
      throw new TillsyncError(code);
    },
  };
}

describe("asking verifiers in their order", () => {
  it("takes the word of the first that knows, be it good or bad, and asks no other", async () => {
    for (const verdict of ["verified-online", "mismatch", "revoked"] as const) {
      const last = says("verified-crypto");
      expect((await askVerifiers([says("unknown"), says(verdict), last], CLAIM)).verdict).toBe(verdict);
      expect(last.asked).toBe(0);
    }
  });

  it("passes over one that cannot be asked where another knows, and fails where none does", async () => {
    expect((await askVerifiers([fails("VERIFIER_FAILED"), says("verified-manual")], CLAIM)).verdict).toBe(
      "verified-manual",
    );
    await expect(askVerifiers([fails("VERIFIER_FAILED"), says("unknown")], CLAIM)).rejects.toMatchObject({
      code: "VERIFIER_FAILED",
    });
    await expect(askVerifiers([says("unknown"), fails("VERIFIER_FAILED")], CLAIM)).rejects.toMatchObject({
      code: "VERIFIER_FAILED",
    });
  });

  it("asks nobody else where the terminal's key is there and cannot be used", async () => {
    for (const code of ["SN_KEY_INVALID", "KEY_FILE_INVALID", "PROOF_UNAVAILABLE", "STORE_FAILED"] as const) {
      const last = says("verified-manual");
      await expect(askVerifiers([fails(code), last], CLAIM)).rejects.toMatchObject({ code });
      expect(last.asked).toBe(0);
    }
  });

  it("knows nothing where nobody does, or nobody is there", async () => {
    expect(await askVerifiers([says("unknown")], CLAIM)).toMatchObject({ verdict: "unknown", source: "registry" });
    expect(await askVerifiers([], CLAIM)).toEqual({ verdict: "unknown", source: "operator", evidence: {} });
  });

  it("wants a cryptogram where one of them does", async () => {
    expect(await wantCryptogram([says("unknown"), says("unknown", true)], TUSN_A)).toBe(true);
    expect(await wantCryptogram([says("unknown")], TUSN_A)).toBe(false);
  });
});
