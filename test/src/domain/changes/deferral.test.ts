import { describe, expect, it } from "vitest";
import { PHASES, type Phase } from "../../../../proto/terminal-messages.ts";
import { findDeferral, SILENT_AFTER_S } from "../../../../src/domain/changes/deferral.ts";

const NOW = 1_800_000_000;

describe("a terminal that a change is to reach", () => {
  it("takes it later where it was never heard of, or not for a day", () => {
    expect(findDeferral(undefined, NOW)).toBe("unheard");
    expect(findDeferral({ phase: "idle", lastSeen: NOW - SILENT_AFTER_S - 1 }, NOW)).toBe("silent");
    expect(findDeferral({ phase: "idle", lastSeen: NOW - SILENT_AFTER_S }, NOW)).toBeUndefined();
  });

  it("takes it later for what it said of itself last", () => {
    const toReason = (phase: Phase | null) => findDeferral({ phase, lastSeen: NOW }, NOW);
    expect(toReason(null)).toBeUndefined();
    expect(Object.fromEntries(PHASES.map((phase) => [phase, toReason(phase)]))).toEqual({
      ...{ idle: undefined, verified: "under_way", waiting: "busy", applying: "under_way", testing: "under_way" },
      ...{ reversing: "reversal_owed", rolling_back: "under_way", suspended: "stopped", broken: "stopped" },
    });
  });
});
