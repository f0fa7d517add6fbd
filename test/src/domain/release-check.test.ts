import { describe, expect, it } from "vitest";
import { toDigest } from "../../../proto/bytes.ts";
import type { Directive } from "../../../proto/directive.ts";
import { type Profile, toProfileBytes } from "../../../proto/profile.ts";
import type { Statement } from "../../../proto/statement.ts";
import {
  isLeftOut,
  MAX_SEQUENCE_STEP,
  type TerminalFacts,
  verifyDirective,
  verifyStanding,
} from "../../../src/domain/release-check.ts";
import { CLOCK_SLACK_S } from "../../../src/domain/validity.ts";
import { TUSN_A } from "../../support/certificates.ts";
import { refusalOf } from "../../support/refusal.ts";
import { SAMPLE_PROFILE, toDirective, toNextProfile } from "../../support/release.ts";

const NOW = 1_800_000_000;
const NONE = new Uint8Array(0);
const KEY = toDigest(Uint8Array.of(1));
const HELD = toProfileBytes(SAMPLE_PROFILE);
const { number: MERCHANT } = SAMPLE_PROFILE.merchant;

const FACTS: TerminalFacts = {
  deviceKey: KEY,
  merchantNumber: MERCHANT,
  issuedSequence: 4,
  currentDigest: toDigest(HELD),
  underWay: false,
};

const STATEMENT: Statement = {
  releaseId: Buffer.alloc(16),
  purpose: "parameters",
  root: KEY,
  size: 1,
  merchant: "",
  created: NOW,
  expires: NOW + 100,
};

const NEXT = toNextProfile(SAMPLE_PROFILE, { parameters: { attempts: 3 } });

interface Case {
  readonly profile?: Profile;
  readonly directive?: Partial<Directive>;
  readonly base?: Uint8Array;
  readonly statement?: Partial<Statement>;
  readonly facts?: Partial<TerminalFacts>;
  readonly now?: number;
}

function verify({ profile = NEXT, directive = {}, base = HELD, statement = {}, facts = {}, now = NOW }: Case): Profile {
  const request = { tusn: TUSN_A, deviceKey: KEY, sequence: 5, base: SAMPLE_PROFILE, profile, now: NOW };
  const made = toDirective(request, directive);
  const judged = verifyDirective(made, base, { ...STATEMENT, ...statement }, now);
  verifyStanding(made, judged.merchant.number, { ...FACTS, ...facts });
  return judged;
}

function codeOf(one: Case): unknown {
  return refusalOf(() => verify(one))["code"];
}

describe("verifyDirective and verifyStanding", () => {
  it("passes what the terminal would take, and gives its profile", () => {
    expect(verify({})).toEqual(NEXT);
    expect(verify({ directive: { sequence: 4 + MAX_SEQUENCE_STEP } })).toEqual(NEXT);
    expect(verify({ statement: { purpose: "merchant" } })).toEqual(NEXT);
    expect(verify({ now: NOW + 100 })).toEqual(NEXT);
  });

  it("passes a first profile signed for a binding of its merchant", () => {
    const first = { directive: { baseDigest: NONE }, base: NONE, facts: { currentDigest: NONE } };
    const statement = { purpose: "binding", merchant: MERCHANT } as const;
    expect(verify({ ...first, profile: SAMPLE_PROFILE, statement })).toEqual(SAMPLE_PROFILE);
    expect(codeOf({ ...first, profile: SAMPLE_PROFILE })).toBe("PURPOSE_TOO_NARROW");
  });

  it("refuses another device key, and a terminal without one", () => {
    expect(codeOf({ directive: { deviceKey: toDigest(NONE) } })).toBe("WRONG_DEVICE_KEY");
    const { deviceKey: _, ...unenrolled } = FACTS;
    const directive = toDirective({ tusn: TUSN_A, deviceKey: KEY, sequence: 5, profile: NEXT, now: NOW });
    expect(refusalOf(() => verifyStanding(directive, MERCHANT, unenrolled))["code"]).toBe("WRONG_DEVICE_KEY");
  });

  it("refuses a sequence that was issued, and one so far ahead that it must be a slip", () => {
    expect(codeOf({ directive: { sequence: 4 } })).toBe("SEQUENCE_REPLAYED");
    expect(codeOf({ directive: { sequence: 5 + MAX_SEQUENCE_STEP } })).toBe("RELEASE_INVALID");
  });

  it("refuses a base that the terminal does not hold, and a base for display that is not the signed one", () => {
    expect(codeOf({ facts: { currentDigest: NONE } })).toBe("BASE_MISMATCH");
    expect(codeOf({ directive: { baseDigest: KEY } })).toBe("RELEASE_INVALID");
    expect(codeOf({ base: toProfileBytes(NEXT) })).toBe("RELEASE_INVALID");
    expect(codeOf({ base: NONE })).toBe("RELEASE_INVALID");
  });

  it("refuses what can be taken no more", () => {
    expect(codeOf({ now: NOW + 101 })).toBe("EXPIRED");
    expect(codeOf({ directive: { notAfter: NOW - 1 } })).toBe("EXPIRED");
  });

  it("refuses what was made in the future, but for slack between clocks: the gate would refuse it for good", () => {
    expect(verify({ statement: { created: NOW + CLOCK_SLACK_S } })).toEqual(NEXT);
    expect(codeOf({ statement: { created: NOW + CLOCK_SLACK_S + 1 } })).toBe("NOT_YET_VALID");
  });

  it("refuses a terminal that has a directive under way, whatever else it has become", () => {
    expect(codeOf({ facts: { underWay: true, issuedSequence: 5, currentDigest: NONE } })).toBe("RELEASE_CONFLICT");
  });

  it("refuses a graver difference than was signed for", () => {
    const renamed = toNextProfile(SAMPLE_PROFILE, { merchant: { name: "新" } });
    expect(codeOf({ profile: renamed })).toBe("PURPOSE_TOO_NARROW");
    const rebound = toNextProfile(SAMPLE_PROFILE, { binding: { last4: "1234" } });
    expect(codeOf({ profile: rebound, statement: { purpose: "merchant" } })).toBe("PURPOSE_TOO_NARROW");
  });

  it("refuses another merchant's profile or release", () => {
    const moved = toNextProfile(SAMPLE_PROFILE, { merchant: { number: "822290058120009" } });
    expect(codeOf({ profile: moved, statement: { purpose: "merchant" } })).toBe("WRONG_MERCHANT");
    const statement = { purpose: "binding", merchant: "822290058120009" } as const;
    expect(codeOf({ statement })).toBe("WRONG_MERCHANT");
    expect(codeOf({ facts: { merchantNumber: "822290058120009", underWay: true } })).toBe("WRONG_MERCHANT");
  });

  it("refuses bytes that are no profile", () => {
    expect(codeOf({ directive: { profile: Buffer.from("no profile") } })).toBe("BYTES_NOT_CANONICAL");
  });
});

describe("isLeftOut", () => {
  it("holds for what one terminal did since, and for nothing that is wrong with the release", () => {
    for (const code of ["RELEASE_CONFLICT", "WRONG_DEVICE_KEY", "SEQUENCE_REPLAYED", "BASE_MISMATCH"] as const) {
      expect(isLeftOut(code)).toBe(true);
    }
    for (const code of ["RELEASE_INVALID", "WRONG_MERCHANT", "NOT_FOUND", "EXPIRED", "INTERNAL"] as const) {
      expect(isLeftOut(code)).toBe(false);
    }
  });
});
