import { describe, expect, it } from "vitest";
import { MAX_SEQUENCE_STEP as GATE_STEP } from "../../../agent/gate.ts";
import { MAX_UINT32 } from "../../../proto/bounds.ts";
import { MAX_SEQUENCE_STEP } from "../../../src/domain/release-check.ts";
import { RESTORE_GAP, TIMESTAMP_GAP, toSettled, toTimestampVersion } from "../../../src/domain/restore.ts";

describe("toSettled", () => {
  it("goes on above whichever is higher, what was restored or what the terminal accepted, by the gap", () => {
    expect(toSettled(7, 5)).toEqual({ issuedSequence: 7 + RESTORE_GAP, lost: 0, isBeyondGap: false });
    expect(toSettled(7, 9)).toEqual({ issuedSequence: 9 + RESTORE_GAP, lost: 2, isBeyondGap: false });
  });

  it("tells when more is lost than the gap holds", () => {
    expect(toSettled(7, 7 + RESTORE_GAP)).toMatchObject({ lost: RESTORE_GAP, isBeyondGap: false });
    expect(toSettled(7, 8 + RESTORE_GAP)).toMatchObject({ lost: RESTORE_GAP + 1, isBeyondGap: true });
  });

  it("believes no sequence that is further ahead than any may be", () => {
    expect(toSettled(7, 7 + MAX_SEQUENCE_STEP)).toMatchObject({ isBeyondGap: true });
    expect(toSettled(7, 8 + MAX_SEQUENCE_STEP)).toBeUndefined();
  });

  it("uses up the sequences of a terminal, and never goes past them", () => {
    expect(toSettled(MAX_UINT32 - 1, 3)?.issuedSequence).toBe(MAX_UINT32);
  });

  it("leaves a gap that neither the service nor a terminal takes for a slip", () => {
    expect(RESTORE_GAP * 3).toBeLessThan(MAX_SEQUENCE_STEP);
    expect(RESTORE_GAP * 3).toBeLessThan(GATE_STEP);
  });
});

describe("toTimestampVersion", () => {
  it("is above every version that can have been signed since", () => {
    expect(toTimestampVersion({ version: 40, issued: 1_000 }, 1_000 + 7_201, 3_600)).toBe(40 + 3 + TIMESTAMP_GAP);
  });

  it("goes up where the clock went back", () => {
    expect(toTimestampVersion({ version: 40, issued: 1_000 }, 10, 3_600)).toBe(40 + TIMESTAMP_GAP);
  });
});
