import { describe, expect, it } from "vitest";
import type { Event } from "../../../agent/machine/events.ts";
import { BUSY_BASE_MS } from "../../../agent/machine/pauses.ts";
import { toPhase } from "../../../agent/machine/state.ts";
import { toHex } from "../../../proto/bytes.ts";
import {
  APPLIED,
  APPLY_BUSY,
  APPLY_FAILED,
  accepted,
  BOOT,
  BUSY,
  bootWithout,
  DECLINED,
  later,
  PASSED,
  play,
  READY,
  RESUMED,
  REVERSED,
  SILENT,
  slotOf,
  TRADING,
  taskOf,
  UNANSWERED,
  UNREACHED,
} from "../../support/machine.ts";
import {
  applying,
  DEADLINE_S,
  failing,
  owing,
  reversing,
  rollingBack,
  testing,
  told,
} from "../../support/machine-phases.ts";

describe("boot", () => {
  it("of an idle terminal changes nothing", () => {
    expect(play(TRADING, BOOT)).toEqual({ state: TRADING, effect: undefined });
  });

  it("before the terminal was asked asks it", () => {
    for (const state of [play(TRADING, accepted(2)).state, play(TRADING, accepted(2), BUSY).state]) {
      expect(play(state, BOOT)).toEqual({ state, effect: { kind: "read_status" } });
    }
  });

  it("during an apply applies again", () => {
    const { state, effect } = play(applying, BOOT);
    expect(effect).toEqual({ kind: "apply", slot: slotOf("2") });
    expect(toPhase(play(state, APPLIED).state)).toBe("testing");
  });

  it("during an apply after the deadline rolls back", () => {
    expect(play(applying, later(DEADLINE_S, BOOT)).effect).toEqual({ kind: "apply", slot: slotOf("1") });
  });

  it("during an apply leaves no way back to waiting: a busy terminal is tried until the deadline, then rolled back", () => {
    const busy = play(applying, BOOT, APPLY_BUSY);
    expect(toPhase(busy.state)).toBe("applying");
    expect(busy.effect).toEqual({ kind: "pause", atMostMs: BUSY_BASE_MS });
    const again = play(busy.state, RESUMED);
    expect(again.effect).toEqual({ kind: "apply", slot: slotOf("2") });
    const over = play(again.state, later(DEADLINE_S, APPLY_BUSY)).state;
    expect(told(play(over, APPLIED).state)).toBe("rolled_back APPLY_FAILED in_transaction");
  });

  it("during a test reverses first, because the purchase may have gone, and then tests again", () => {
    const booted = play(testing, BOOT);
    expect(booted.effect).toMatchObject({ kind: "reverse", reason: "98", trace: applying.trace });
    expect(toPhase(booted.state)).toBe("reversing");
    const paused = play(booted.state, REVERSED);
    const again = play(paused.state, RESUMED);
    expect(again.effect).toMatchObject({ kind: "test", trace: applying.trace + 4 });
    const last = play(again.state, BOOT, REVERSED, APPLIED).state;
    expect(told(last)).toBe("rolled_back TEST_INCONCLUSIVE interrupted");
  });

  it("between two attempts tests again at once", () => {
    expect(play(testing, UNREACHED, BOOT).effect).toMatchObject({ kind: "test" });
  });

  it("during a test after the deadline rolls back and owes the reversal", () => {
    const { state, effect } = play(testing, later(DEADLINE_S, BOOT));
    expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
    expect(state.owed).toMatchObject([{ trace: applying.trace, reason: "98" }]);
  });

  it("during a reversal reverses again and keeps what the test showed", () => {
    const booted = play(reversing, BOOT);
    expect(booted.effect).toMatchObject({ kind: "reverse", reason: "06", signInTrace: reversing.trace });
    expect(told(play(booted.state, REVERSED).state)).toBe("committed");
  });

  it("during a reversal after the deadline commits where the pass was on record before it, else rolls back", () => {
    const passed = play(reversing, later(DEADLINE_S, BOOT));
    expect(told(passed.state)).toBe("committed  reversal unanswered");
    expect(passed.effect).toMatchObject({ kind: "reverse", trace: applying.trace, reason: "06" });
    const silent = play(testing, SILENT, later(DEADLINE_S, BOOT));
    expect(silent.effect).toEqual({ kind: "apply", slot: slotOf("1") });
    expect(silent.state.owed).toMatchObject([{ trace: applying.trace, reason: "98" }]);
  });

  it("during a roll-back applies the old profile again", () => {
    expect(play(rollingBack, BOOT)).toEqual({ state: rollingBack, effect: { kind: "apply", slot: slotOf("1") } });
  });

  it("with a reversal owed tries it", () => {
    expect(play(owing, BOOT).effect).toMatchObject({ kind: "reverse" });
    expect(play(owing, accepted(3), BOOT).effect).toMatchObject({ kind: "reverse" });
  });
});

describe("a slot that cannot be read any more", () => {
  const second = { ...play(reversing, REVERSED).state, unsent: [] };

  it("gives way to the previous profile where it was the current one, and says so", () => {
    const { state, effect } = play(second, bootWithout("2"));
    expect(state.slots).toEqual({ current: slotOf("1"), previous: undefined });
    expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
    expect(told(state)).toBe("broken SLOT_CORRUPT");
    expect(toPhase(state)).toBe("broken");
    expect(toPhase(play(state, APPLIED).state)).toBe("idle");
  });

  it("is forgotten where it was the previous one", () => {
    const { state, effect } = play(second, bootWithout("1"));
    expect(state.slots).toEqual({ current: slotOf("2"), previous: undefined });
    expect(effect).toBeUndefined();
  });

  it("leaves the terminal untouched where no other is left, until a new directive commits", () => {
    const { state, effect } = play(second, bootWithout("1", "2"));
    expect(effect).toBeUndefined();
    expect(toPhase(state)).toBe("broken");
    expect(state.slots).toEqual({ current: undefined, previous: undefined });
    expect(play(state, BOOT).effect).toBeUndefined();
    expect(play(state, accepted(3)).effect).toEqual({ kind: "read_status" });
    const healed = play(state, accepted(3), READY, APPLIED, PASSED, REVERSED).state;
    expect(healed.slots).toEqual({ current: slotOf("3"), previous: undefined });
    expect(toPhase(healed)).toBe("idle");
    const failed = play(state, accepted(3), READY, APPLIED, DECLINED);
    expect(failed.effect).toEqual({ kind: "apply", slot: undefined });
    expect(toPhase(play(failed.state, APPLIED).state)).toBe("suspended");
  });

  it("keeps a suspended terminal suspended", () => {
    const suspended = play(TRADING, accepted(2, { onFail: "suspend" }), READY, APPLIED, DECLINED, APPLIED).state;
    const { state, effect } = play(suspended, bootWithout("1"));
    expect(effect).toEqual({ kind: "apply", slot: undefined });
    expect(toPhase(play(state, APPLIED).state)).toBe("suspended");
  });

  it("ends the directive it carried: refused where nothing was applied, else rolled back", () => {
    const waiting = play(TRADING, accepted(2), BUSY).state;
    for (const early of [play(TRADING, accepted(2)).state, waiting]) {
      const { state, effect } = play(early, bootWithout("2"));
      expect(told(state)).toBe("refused SLOT_CORRUPT");
      expect(effect).toBeUndefined();
    }
    const between = play(testing, UNREACHED).state;
    for (const late of [applying, between]) {
      const { state, effect } = play(late, bootWithout("2"));
      expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
      expect(told(play(state, APPLIED).state)).toBe("rolled_back SLOT_CORRUPT");
    }
  });

  it("tells that the purchase under way will never be reversed", () => {
    for (const late of [testing, reversing]) {
      const { state, effect } = play(late, bootWithout("2"));
      expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
      expect(told(play(state, APPLIED).state)).toBe("rolled_back SLOT_CORRUPT reversal lost");
    }
  });

  it("leaves a roll-back its reason", () => {
    const { state, effect } = play(rollingBack, bootWithout("2"));
    expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
    expect(told(play(state, APPLIED).state)).toBe("rolled_back TEST_FAILED purchase 97");
  });

  it("ends an owed reversal of the directive being rolled back, and its outcome says so", () => {
    const late = play(testing, later(DEADLINE_S, SILENT)).state;
    const { state } = play(late, bootWithout("2"), bootWithout("2"));
    expect(state.owed).toEqual([]);
    const back = "TEST_INCONCLUSIVE reversal lost; reversal unanswered; purchase: no answer in time";
    expect(told(play(state, APPLIED).state)).toBe(`rolled_back ${back}`);
    const shouting = { ...APPLY_FAILED, detail: "no space ".repeat(100) } as Event;
    expect(told(play(state, ...failing.map(() => shouting)).state)).toMatch(/^broken .*reversal lost/);
  });

  it("ends a reversal that can never be made any more, and the outcome not yet receipted says so", () => {
    const { state } = play(owing, bootWithout("2"));
    expect(state.owed).toEqual([]);
    expect(state.unsent).toHaveLength(1);
    const back = "TEST_INCONCLUSIVE reversal lost; reversal unanswered; purchase: no answer in time";
    expect(told(state)).toBe(`rolled_back ${back}`);
    expect(state.unsent[0]?.counter).toBe(owing.counter + 1);
    expect(toHex(state.unsent[0]?.nonce ?? new Uint8Array(0))).toBe(taskOf(2).nonce);
    expect(play(state, BOOT).state).toEqual(state);
  });

  it("ends a reversal that can never be made any more, and a new report says so where the outcome was receipted", () => {
    const { state, effect } = play({ ...owing, unsent: [] }, accepted(3), bootWithout("2"));
    expect(state.owed).toEqual([]);
    expect(effect).toEqual({ kind: "read_status" });
    expect(told(state)).toBe("broken SLOT_CORRUPT reversal lost");
    expect(toHex(state.unsent[1]?.directive ?? new Uint8Array(0))).toBe(taskOf(2).directive);
  });

  it("takes the reversal of a committed update with it, in one report", () => {
    const committed = play(reversing, later(DEADLINE_S, UNANSWERED)).state;
    const { state, effect } = play({ ...committed, unsent: [] }, bootWithout("2"));
    expect(state.owed).toEqual([]);
    expect(state.unsent).toHaveLength(1);
    expect(told(state)).toBe("broken SLOT_CORRUPT reversal lost");
    expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
  });

  it("does not touch the reversals of other slots", () => {
    expect(play(owing, bootWithout("1")).state.owed).toEqual(owing.owed);
  });
});
