import { describe, expect, it } from "vitest";
import { toDigest } from "../../../proto/bytes.ts";
import type { Directive } from "../../../proto/directive.ts";
import { toProfileBytes } from "../../../proto/profile.ts";
import {
  isLeftOut,
  MAX_SEQUENCE_STEP,
  type StandingLeaf,
  type TerminalFacts,
  verifyStanding,
} from "../../../src/domain/release-check.ts";
import { TUSN_A } from "../../support/certificates.ts";
import { refusalOf } from "../../support/refusal.ts";
import { SAMPLE_PROFILE, toDirective, toNextProfile } from "../../support/release.ts";

const NOW = 1_800_000_000;
const NONE = new Uint8Array(0);
const KEY = toDigest(Uint8Array.of(1));
const OLDER = toDigest(Uint8Array.of(2));
const CARD_KEY = toDigest(Uint8Array.of(3));
const HELD = toProfileBytes(SAMPLE_PROFILE);
const { number: MERCHANT } = SAMPLE_PROFILE.merchant;

const FACTS: TerminalFacts = {
  deviceKey: KEY,
  merchantNumber: MERCHANT,
  issuedSequence: 4,
  currentDigest: toDigest(HELD),
  previousDigest: OLDER,
  underWay: false,
  isProven: true,
};

const NEXT = toNextProfile(SAMPLE_PROFILE, { parameters: { attempts: 3 } });

interface Case {
  readonly directive?: Partial<Directive>;
  readonly leaf?: Partial<StandingLeaf>;
  readonly facts?: Partial<TerminalFacts>;
}

/** The code of what is refused; undefined where nothing is. */
function codeOf({ directive = {}, leaf = {}, facts = {} }: Case): unknown {
  const request = { tusn: TUSN_A, deviceKey: KEY, sequence: 5, base: SAMPLE_PROFILE, profile: NEXT, now: NOW };
  const judged = {
    directive: toDirective(request, directive),
    merchant: MERCHANT,
    changesBinding: false,
    ofBinding: false,
    ...leaf,
  };
  let code: unknown;
  try {
    verifyStanding(judged, { ...FACTS, ...facts });
  } catch {
    code = refusalOf(() => verifyStanding(judged, { ...FACTS, ...facts }))["code"];
  }
  return code;
}

describe("verifyStanding", () => {
  it("passes what the terminal would take", () => {
    expect(codeOf({})).toBeUndefined();
    expect(codeOf({ directive: { sequence: 4 + MAX_SEQUENCE_STEP } })).toBeUndefined();
    expect(codeOf({ directive: { baseDigest: NONE }, facts: { currentDigest: NONE } })).toBeUndefined();
  });

  it("refuses another device key, and a terminal without one", () => {
    expect(codeOf({ directive: { deviceKey: toDigest(NONE) } })).toBe("WRONG_DEVICE_KEY");
    const { deviceKey: _, ...unenrolled } = FACTS;
    const directive = toDirective({ tusn: TUSN_A, deviceKey: KEY, sequence: 5, profile: NEXT, now: NOW });
    const leaf = { directive, merchant: MERCHANT, changesBinding: false, ofBinding: false };
    expect(refusalOf(() => verifyStanding(leaf, unenrolled))["code"]).toBe("WRONG_DEVICE_KEY");
  });

  it("refuses a sequence that was issued, and one so far ahead that it must be a slip", () => {
    expect(codeOf({ directive: { sequence: 4 } })).toBe("SEQUENCE_REPLAYED");
    expect(codeOf({ directive: { sequence: 5 + MAX_SEQUENCE_STEP } })).toBe("RELEASE_INVALID");
  });

  it("refuses a base that the terminal does not hold", () => {
    expect(codeOf({ facts: { currentDigest: NONE } })).toBe("BASE_MISMATCH");
    expect(codeOf({ directive: { baseDigest: KEY } })).toBe("BASE_MISMATCH");
  });

  it("refuses to bring back what is not the terminal's previous profile", () => {
    expect(codeOf({ directive: { restores: OLDER } })).toBeUndefined();
    expect(codeOf({ directive: { restores: KEY } })).toBe("RESTORE_UNKNOWN");
    expect(codeOf({ directive: { restores: OLDER }, facts: { previousDigest: NONE } })).toBe("RESTORE_UNKNOWN");
  });

  it("refuses a new binding whose number is not sealed to the key that the terminal has now", () => {
    const binding = { changesBinding: true };
    expect(codeOf({ leaf: binding })).toBeUndefined();
    expect(codeOf({ leaf: binding, facts: { cardKey: CARD_KEY } })).toBe("SEAL_MISSING");
    expect(codeOf({ leaf: { ...binding, sealedTo: KEY }, facts: { cardKey: CARD_KEY } })).toBe("SEAL_MISSING");
    expect(codeOf({ leaf: { ...binding, sealedTo: CARD_KEY }, facts: { cardKey: CARD_KEY } })).toBeUndefined();
  });

  it("asks for no number where the binding stays, or where the terminal has kept it", () => {
    expect(codeOf({ facts: { cardKey: CARD_KEY } })).toBeUndefined();
    const back = { directive: { restores: OLDER }, leaf: { changesBinding: true } };
    expect(codeOf({ ...back, facts: { cardKey: CARD_KEY } })).toBeUndefined();
  });

  it("refuses a terminal that has a directive under way, whatever else it has become", () => {
    expect(codeOf({ facts: { underWay: true, issuedSequence: 5, currentDigest: NONE } })).toBe("RELEASE_CONFLICT");
  });

  it("refuses a terminal that may be sent nothing", () => {
    expect(codeOf({ facts: { bar: "suspended" } })).toBe("TERMINAL_SUSPENDED");
    expect(codeOf({ facts: { bar: "retired" } })).toBe("TERMINAL_RETIRED");
    expect(codeOf({ facts: { bar: "quarantined", underWay: true } })).toBe("TERMINAL_QUARANTINED");
  });

  it("refuses a terminal that nobody has proven, where the release is one of settlements", () => {
    expect(codeOf({ leaf: { ofBinding: true } })).toBeUndefined();
    expect(codeOf({ facts: { isProven: false } })).toBeUndefined();
    expect(codeOf({ leaf: { ofBinding: true }, facts: { isProven: false } })).toBe("TUSN_UNPROVEN");
  });

  it("refuses another merchant's profile first of all", () => {
    expect(codeOf({ facts: { merchantNumber: "822290058120009", underWay: true } })).toBe("WRONG_MERCHANT");
  });
});

describe("isLeftOut", () => {
  it("holds for what one terminal did since, and for nothing that is wrong with the release", () => {
    for (const code of [
      "RELEASE_CONFLICT",
      "WRONG_DEVICE_KEY",
      "SEQUENCE_REPLAYED",
      "BASE_MISMATCH",
      "RESTORE_UNKNOWN",
      "SEAL_MISSING",
      "TUSN_UNPROVEN",
      "TERMINAL_SUSPENDED",
      "TERMINAL_RETIRED",
      "TERMINAL_QUARANTINED",
    ] as const) {
      expect(isLeftOut(code)).toBe(true);
    }
    for (const code of ["RELEASE_INVALID", "WRONG_MERCHANT", "NOT_FOUND", "EXPIRED", "INTERNAL"] as const) {
      expect(isLeftOut(code)).toBe(false);
    }
  });
});
