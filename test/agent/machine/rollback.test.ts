import { describe, expect, it } from "vitest";
import { CLOCK_STEP_S } from "../../../agent/machine/deadline.ts";
import {
  BROKEN_PAUSE_MS,
  BUSY_BASE_MS,
  BUSY_CAP_MS,
  MAX_OWED_TRIES_FIRST,
  OWED_CAP_MS,
  ROLLBACK_BUSY_S,
  ROLLBACK_TRIES,
} from "../../../agent/machine/pauses.ts";
import { MAX_OWED, type State, toPhase, toSlotsInUse } from "../../../agent/machine/state.ts";
import { parseStateJson, toStateJson } from "../../../agent/machine/state-json.ts";
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
  UNANSWERED,
} from "../../support/machine.ts";
import { broken, DAY_S, DEADLINE_S, failing, owing, rollingBack, testing, told } from "../../support/machine-phases.ts";

describe("a directive that forbids going back", () => {
  const suspended = play(TRADING, accepted(2, { onFail: "suspend" }), READY, APPLIED, DECLINED, APPLIED).state;

  it("leaves the terminal without a profile, and the old card is never applied again", () => {
    const failed = play(TRADING, accepted(2, { onFail: "suspend" }), READY, APPLIED, DECLINED);
    expect(failed.effect).toEqual({ kind: "apply", slot: undefined });
    expect(told(suspended)).toBe("suspended TEST_FAILED purchase 97");
    expect(toPhase(suspended)).toBe("suspended");
    expect(suspended.slots.current).toEqual(slotOf("1"));
    expect(play(suspended, BOOT).effect).toBeUndefined();
  });

  it("stays in force for the next directive: its failure does not bring the old card back either", () => {
    const failed = play(suspended, accepted(3), READY, APPLIED, DECLINED);
    expect(failed.effect).toEqual({ kind: "apply", slot: undefined });
    expect(told(play(failed.state, APPLIED).state)).toBe("suspended TEST_FAILED purchase 97");
  });

  it("is over with the next commit, which keeps no way back to the old card", () => {
    const { state } = play(suspended, accepted(3), READY, APPLIED, PASSED, REVERSED);
    expect(toPhase(state)).toBe("idle");
    expect(state.slots).toEqual({ current: slotOf("3"), previous: undefined });
  });

  it("keeps no way back to the old card when it commits, also where its own slot is damaged later", () => {
    const { state } = play(TRADING, accepted(2, { onFail: "suspend" }), READY, APPLIED, PASSED, REVERSED);
    expect(state.slots).toEqual({ current: slotOf("2"), previous: undefined });
    expect(toSlotsInUse(state)).toEqual([slotOf("2")]);
    const damaged = play(state, bootWithout("2"));
    expect(damaged.effect).toBeUndefined();
    expect(damaged.state.standing).toEqual({ intended: "untouched", broken: true });
  });

  it("changes nothing where the new profile was never applied", () => {
    const { state } = play(TRADING, accepted(2, { onFail: "suspend" }), later(DAY_S + 1, BUSY));
    expect(told(state)).toBe("refused TERMINAL_BUSY open_batch");
    expect(toPhase(state)).toBe("idle");
  });
});

describe("a roll-back that fails", () => {
  it("is tried again after doubling pauses", () => {
    const once = play(rollingBack, APPLY_FAILED);
    expect(toPhase(once.state)).toBe("rolling_back");
    expect(once.effect).toEqual({ kind: "pause", atMostMs: 1_000 });
    expect(play(once.state, RESUMED).effect).toEqual({ kind: "apply", slot: slotOf("1") });
    expect(play(once.state, APPLY_FAILED).effect).toEqual({ kind: "pause", atMostMs: 2_000 });
  });

  it("is no failure while the terminal is busy: it is tried again after pauses that double up to a cap", () => {
    let { state, effect } = play(rollingBack, APPLY_FAILED, APPLY_BUSY);
    expect(effect).toEqual({ kind: "pause", atMostMs: BUSY_BASE_MS });
    for (let i = 0; i < 2 * ROLLBACK_TRIES; i += 1) {
      const tried = play(state, RESUMED);
      expect(tried.effect).toEqual({ kind: "apply", slot: slotOf("1") });
      ({ state, effect } = play(tried.state, later(ROLLBACK_BUSY_S - 1, APPLY_BUSY)));
      expect(toPhase(state)).toBe("rolling_back");
    }
    expect(effect).toEqual({ kind: "pause", atMostMs: BUSY_CAP_MS });
    expect(play(state, APPLY_FAILED).effect).toEqual({ kind: "pause", atMostMs: 2_000 });
    expect(told(play(state, APPLIED).state)).toBe("rolled_back TEST_FAILED purchase 97");
  });

  it("leaves a broken terminal that stays busy too long, or for a time that cannot be told", () => {
    const busy = play(rollingBack, APPLY_BUSY).state;
    for (const seconds of [ROLLBACK_BUSY_S, -CLOCK_STEP_S - 1]) {
      const { state, effect } = play(busy, later(seconds, APPLY_BUSY));
      expect(told(state)).toBe("broken ROLLBACK_FAILED in_transaction; after TEST_FAILED purchase 97");
      expect(effect).toEqual({ kind: "pause", atMostMs: BROKEN_PAUSE_MS });
    }
    expect(toPhase(play(busy, later(-CLOCK_STEP_S, APPLY_BUSY)).state)).toBe("rolling_back");
  });

  it("leaves a broken terminal after a bounded number of tries, and says so once", () => {
    expect(toPhase(broken)).toBe("broken");
    expect(told(broken)).toBe("broken ROLLBACK_FAILED no space; after TEST_FAILED purchase 97");
    expect(broken.unsent).toHaveLength(1);
    expect(play(rollingBack, ...failing).effect).toEqual({ kind: "pause", atMostMs: BROKEN_PAUSE_MS });
  });

  it("is tried again at boot and after every pause, without end and without another report", () => {
    for (const event of [BOOT, RESUMED]) {
      const tried = play(broken, event);
      expect(tried.effect).toEqual({ kind: "apply", slot: slotOf("1") });
      const failed = play(tried.state, APPLY_FAILED);
      expect(failed.effect).toEqual({ kind: "pause", atMostMs: BROKEN_PAUSE_MS });
      expect(failed.state.unsent).toEqual(broken.unsent);
    }
  });

  it("is healed by a try that succeeds", () => {
    const { state, effect } = play(broken, BOOT, APPLIED);
    expect(toPhase(state)).toBe("idle");
    expect(effect).toBeUndefined();
  });

  it("is healed by a new directive that commits", () => {
    const begun = play(broken, accepted(3));
    expect(toPhase(begun.state)).toBe("waiting");
    expect(begun.effect).toBeUndefined();
    const asked = play(begun.state, RESUMED);
    expect(asked.effect).toEqual({ kind: "read_status" });
    const { state } = play(asked.state, READY, APPLIED, PASSED, REVERSED);
    expect(toPhase(state)).toBe("idle");
  });

  it("does not hold up a directive that came while a try was under way", () => {
    const trying = play(broken, BOOT, accepted(3)).state;
    const failed = play(trying, APPLY_FAILED);
    expect(failed.effect).toEqual({ kind: "read_status" });
    expect(failed.state.standing.broken).toBe(true);
    const healed = play(trying, APPLIED);
    expect(healed.effect).toEqual({ kind: "read_status" });
    expect(healed.state.standing.broken).toBe(false);
  });

  it("goes on after a directive that was refused meanwhile", () => {
    const { state, effect } = play(broken, accepted(3), RESUMED, later(DAY_S + 1, BUSY));
    expect(toPhase(state)).toBe("broken");
    expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
  });
});

/** One more update that is rolled back with its reversal unanswered. */
function oweMore(state: State, sequence: number) {
  const unanswered = Array.from({ length: MAX_OWED_TRIES_FIRST }, () => [UNANSWERED, RESUMED]).flat();
  const began = play({ ...state, unsent: [] }, accepted(sequence), ...unanswered);
  expect(began.effect).toEqual({ kind: "read_status" });
  return play(began.state, READY, APPLIED, SILENT, later(DEADLINE_S, UNANSWERED), APPLIED);
}

describe("a reversal that outlives its directive", () => {
  it("is tried for ever after pauses that double up to a cap, each under a new sign-in trace", () => {
    expect(toPhase(owing)).toBe("idle");
    let { state, effect } = play(owing, UNANSWERED);
    expect(effect).toEqual({ kind: "pause", atMostMs: 400 });
    for (let i = 0; i < 40; i += 1) {
      const tried = play(state, RESUMED);
      expect(tried.effect).toMatchObject({ kind: "reverse", slot: slotOf("2"), signInTrace: state.trace });
      ({ state, effect } = play(tried.state, UNANSWERED));
    }
    expect(effect).toEqual({ kind: "pause", atMostMs: OWED_CAP_MS });
    expect(toSlotsInUse(state)).toContainEqual(slotOf("2"));
  });

  it("is over with the host's answer, and its profile is kept no longer", () => {
    const { state, effect } = play(owing, REVERSED);
    expect(state.owed).toEqual([]);
    expect(effect).toBeUndefined();
    expect(toSlotsInUse(state)).toEqual([slotOf("1")]);
  });

  it("makes the terminal busy for the next directive for a few tries", () => {
    const begun = play(owing, accepted(3));
    expect(toPhase(begun.state)).toBe("waiting");
    expect(begun.effect).toBeUndefined();
    const waited = play(begun.state, UNANSWERED);
    expect(waited.effect).toMatchObject({ kind: "pause" });
    const tried = play(waited.state, RESUMED);
    expect(tried.effect).toMatchObject({ kind: "reverse", slot: slotOf("2") });
    expect(play(tried.state, REVERSED).effect).toEqual({ kind: "read_status" });
    const given = play(tried.state, later(DAY_S + 1, UNANSWERED));
    expect(told(given.state)).toBe("refused TERMINAL_BUSY reversal_pending");
    expect(given.effect).toMatchObject({ kind: "reverse" });
  });

  it("holds up the next directive for a bounded number of tries, and is tried on once that has ended", () => {
    let { state, effect } = play(owing, accepted(3), UNANSWERED);
    for (let tries = 1; tries < MAX_OWED_TRIES_FIRST; tries += 1) {
      expect(effect).toMatchObject({ kind: "pause" });
      const tried = play(state, RESUMED);
      expect(tried.effect).toMatchObject({ kind: "reverse", slot: slotOf("2") });
      ({ state, effect } = play(tried.state, UNANSWERED));
    }
    expect(play(state, BOOT).effect).toEqual({ kind: "read_status" });
    const asked = play(state, RESUMED, BUSY, RESUMED);
    expect(asked.effect).toEqual({ kind: "read_status" });
    const updated = play(asked.state, READY, APPLIED, PASSED, REVERSED);
    expect(told(updated.state)).toBe("committed");
    expect(updated.state.owed).toMatchObject([{ slot: slotOf("2"), tries: MAX_OWED_TRIES_FIRST }]);
    expect(updated.effect).toMatchObject({ kind: "reverse", slot: slotOf("2") });
    expect(toSlotsInUse(updated.state)).toContainEqual(slotOf("2"));
  });

  it("is not forgotten for another one: each is tried in its turn until it is answered", () => {
    const { state, effect } = oweMore(owing, 3);
    expect(state.owed.map((owed) => owed.slot)).toEqual([slotOf("2"), slotOf("3")]);
    expect(effect).toMatchObject({ kind: "reverse", slot: slotOf("2") });
    const other = play(state, UNANSWERED, RESUMED);
    expect(other.effect).toMatchObject({ kind: "reverse", slot: slotOf("3") });
    const answered = play(other.state, REVERSED);
    expect(answered.effect).toMatchObject({ kind: "pause" });
    const paid = play(answered.state, RESUMED, REVERSED);
    expect(paid.state.owed).toEqual([]);
    expect(paid.effect).toBeUndefined();
  });

  it("is paid with all others before the next directive where the host answers", () => {
    const { state, effect } = play(oweMore(owing, 3).state, accepted(4), REVERSED);
    expect(effect).toMatchObject({ kind: "reverse", slot: slotOf("3") });
    expect(play(state, REVERSED).effect).toEqual({ kind: "read_status" });
  });

  it("keeps the terminal busy where so many are owed that there is room for no more, until one is answered", () => {
    let { state } = { state: owing };
    for (let sequence = 3; state.owed.length < MAX_OWED; sequence += 1) ({ state } = oweMore(state, sequence));
    expect(parseStateJson(toStateJson(state))).toEqual(state);
    let { state: full, effect } = play(state, accepted(100), UNANSWERED);
    for (let i = 0; i < 2 * MAX_OWED_TRIES_FIRST; i += 1) {
      const tried = play(full, RESUMED);
      expect(tried.effect).toMatchObject({ kind: "reverse" });
      ({ state: full, effect } = play(tried.state, UNANSWERED));
    }
    expect(effect).toMatchObject({ kind: "pause" });
    expect(full.owed).toHaveLength(MAX_OWED);
    expect(told(play(full, later(DAY_S + 1, UNANSWERED)).state)).toBe("refused TERMINAL_BUSY reversal_pending");
    expect(play(full, RESUMED, REVERSED).effect).toEqual({ kind: "read_status" });
  });

  it("comes after a broken terminal has been tried", () => {
    const both = play(testing, later(DEADLINE_S, SILENT), ...failing);
    expect(both.effect).toMatchObject({ kind: "pause" });
    expect(toPhase(both.state)).toBe("broken");
    const tried = play(both.state, RESUMED);
    expect(tried.effect).toEqual({ kind: "apply", slot: slotOf("1") });
    const reversing = play(tried.state, APPLY_FAILED);
    expect(reversing.effect).toMatchObject({ kind: "reverse" });
    expect(play(reversing.state, REVERSED).effect).toEqual({ kind: "pause", atMostMs: BROKEN_PAUSE_MS });
    expect(play(tried.state, APPLIED).effect).toMatchObject({ kind: "reverse" });
  });
});
