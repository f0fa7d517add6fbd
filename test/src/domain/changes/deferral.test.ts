import { describe, expect, it } from "vitest";
import { BUSY_REASONS, type BusyReason, PHASES, type Phase } from "../../../../proto/terminal-messages.ts";
import { findDeferral, SILENT_AFTER_S } from "../../../../src/domain/changes/deferral.ts";

const NOW = 1_800_000_000;
const IDLE = { phase: "idle", busy: null } as const;

const toReason = (phase: Phase | null, busy: BusyReason | null = null) =>
  findDeferral({ phase, busy, lastSeen: NOW }, NOW);

describe("a terminal that a change is to reach", () => {
  it("takes it later where it was never heard of, or not for a day", () => {
    expect(findDeferral(undefined, NOW)).toBe("unheard");
    expect(findDeferral({ ...IDLE, lastSeen: NOW - SILENT_AFTER_S - 1 }, NOW)).toBe("silent");
    expect(findDeferral({ ...IDLE, lastSeen: NOW - SILENT_AFTER_S }, NOW)).toBeUndefined();
  });

  it("takes it later for what it said of itself last", () => {
    expect(toReason(null)).toBeUndefined();
    expect(Object.fromEntries(PHASES.map((phase) => [phase, toReason(phase)]))).toEqual({
      ...{ idle: undefined, verified: "under_way", waiting: "busy", applying: "under_way", testing: "under_way" },
      ...{ reversing: "reversal_owed", rolling_back: "under_way", suspended: "stopped", broken: "stopped" },
    });
  });

  it("takes it later for what keeps it busy, with an update waiting or without", () => {
    for (const busy of BUSY_REASONS) {
      expect(toReason("idle", busy)).toBe(busy);
      expect(toReason("waiting", busy)).toBe(busy);
    }
  });

  it("waits for a person, or for the end of an update, before anything that passes by itself", () => {
    expect(toReason("broken", "open_batch")).toBe("stopped");
    expect(toReason("testing", "open_batch")).toBe("under_way");
  });

  it("is not known to be busy any more where nothing was heard of it for a day", () => {
    expect(findDeferral({ phase: "idle", busy: "open_batch", lastSeen: NOW - SILENT_AFTER_S - 1 }, NOW)).toBe("silent");
  });
});
