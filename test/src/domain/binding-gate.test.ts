import { describe, expect, it } from "vitest";
import { findBar, findHold, type IdentityFacts } from "../../../src/domain/binding-gate.ts";
import { LIVES } from "../../../src/domain/life.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../../src/domain/verdict.ts";

const NOW = 1_800_000_000;
const POLICY = DEFAULT_IDENTITY_POLICY;
const SETTLED = { quarantined: false, unsettled: false };
const PROVEN: IdentityFacts = { life: "active", ...SETTLED, verdict: "verified-crypto", provenAt: NOW };

const holdOf = (change: Partial<IdentityFacts>, isBinding = true) =>
  findHold({ ...PROVEN, ...change }, isBinding, POLICY, NOW);

describe("findBar", () => {
  it("bars what is out of service, for a while or for good, what is quarantined, and what a restore left unsettled", () => {
    const bars = LIVES.map((life) => findBar({ life, ...SETTLED }));
    expect(bars).toEqual([undefined, undefined, undefined, undefined, "suspended", "retired", "retired"]);
    expect(findBar({ ...SETTLED, life: "active", quarantined: true })).toBe("quarantined");
    expect(findBar({ ...SETTLED, life: "active", unsettled: true })).toBe("unsettled");
  });
});

describe("findHold", () => {
  it("lets a settlement go to a terminal that was proven of late", () => {
    expect(holdOf({})).toBeUndefined();
    expect(holdOf({ provenAt: NOW - POLICY.maxAgeS })).toBeUndefined();
  });

  it("holds a settlement back while the TUSN is not proven, or not recently enough, and says so", () => {
    const code = "TUSN_UNPROVEN";
    expect(holdOf({ verdict: "mismatch" })).toEqual({ code, detail: "verdict mismatch" });
    const old = { code, detail: "verdict verified-crypto is older than 30 days" };
    expect(holdOf({ provenAt: NOW - POLICY.maxAgeS - 1 })).toEqual(old);
    expect(holdOf({ provenAt: null })).toEqual(old);
  });

  it("lets everything else go to a terminal that nobody has proven", () => {
    expect(holdOf({ verdict: "format-only", provenAt: null }, false)).toBeUndefined();
  });

  it("holds everything back from a terminal that may be sent nothing, or is not on record", () => {
    expect(holdOf({ life: "suspended" }, false)).toEqual({ code: "TERMINAL_SUSPENDED", detail: "" });
    expect(holdOf({ quarantined: true }, false)).toEqual({ code: "TERMINAL_QUARANTINED", detail: "" });
    expect(holdOf({ unsettled: true }, false)).toEqual({ code: "RESTORE_UNSETTLED", detail: "" });
    expect(findHold(undefined, false, POLICY, NOW)).toEqual({ code: "TUSN_UNPROVEN", detail: "not on record" });
  });
});
