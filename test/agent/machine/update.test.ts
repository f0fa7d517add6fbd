import { describe, expect, it } from "vitest";
import { CLOCK_STEP_S } from "../../../agent/machine/deadline.ts";
import type { Event } from "../../../agent/machine/events.ts";
import { ATTEMPT_CAP_MS, BUSY_BASE_MS, BUSY_CAP_MS } from "../../../agent/machine/pauses.ts";
import { type State, toPhase } from "../../../agent/machine/state.ts";
import { TRACES } from "../../../agent/machine/testing.ts";
import { TRACES_PER_ATTEMPT } from "../../../agent/test-transaction/run-test.ts";
import { toHex } from "../../../proto/bytes.ts";
import {
  APPLIED,
  APPLY_BUSY,
  APPLY_FAILED,
  accepted,
  BUSY,
  DECLINED,
  later,
  NEW,
  PASSED,
  play,
  READY,
  RESUMED,
  REVERSED,
  SILENT,
  START,
  slotOf,
  TRADING,
  UNANSWERED,
  UNREACHED,
} from "../../support/machine.ts";
import {
  applying,
  broken,
  DAY_S,
  DEADLINE_S,
  reversing,
  rollingBack,
  testing,
  told,
} from "../../support/machine-phases.ts";

describe("a directive that goes well", () => {
  it("is verified and asks whether the terminal is ready", () => {
    const { state, effect } = play(TRADING, accepted(2));
    expect(toPhase(state)).toBe("verified");
    expect(state.sequence).toBe(2);
    expect(told(state)).toBe("verified");
    expect(effect).toEqual({ kind: "read_status" });
    expect(state.slots).toEqual(TRADING.slots);
  });

  it("is applied, with its deadline running from then", () => {
    const { state, effect } = play(TRADING, accepted(2), later(100, READY));
    expect(toPhase(state)).toBe("applying");
    expect(state.underWay?.progress).toMatchObject({ deadline: START + 100 + DEADLINE_S });
    expect(effect).toEqual({ kind: "apply", slot: slotOf("2") });
  });

  it("is tested under traces that are on record before anything is sent", () => {
    const { state, effect } = play(applying, APPLIED);
    expect(toPhase(state)).toBe("testing");
    expect(told(state)).toBe("applied");
    expect(effect).toEqual({ kind: "test", slot: slotOf("2"), trace: applying.trace });
    expect(state.underWay?.progress).toMatchObject({ attempt: 1, trace: applying.trace });
    expect(state.trace).toBe(applying.trace + TRACES_PER_ATTEMPT);
    expect(TRACES).toBe(TRACES_PER_ATTEMPT);
  });

  it("has its purchase reversed before it is committed", () => {
    const { state, effect } = play(testing, PASSED);
    expect(toPhase(state)).toBe("reversing");
    expect(state.slots).toEqual(TRADING.slots);
    const trace = applying.trace;
    expect(effect).toEqual({ kind: "reverse", slot: slotOf("2"), trace, signInTrace: trace + 3, reason: "06" });
  });

  it("is committed: the new profile is current, the old one previous", () => {
    const { state, effect } = play(reversing, REVERSED);
    expect(toPhase(state)).toBe("idle");
    expect(state.slots).toEqual({ current: slotOf("2"), previous: slotOf("1") });
    expect(state.underWay).toBeUndefined();
    expect(told(state)).toBe("committed");
    expect(state.unsent).toHaveLength(1);
    expect(toHex(state.last?.current ?? new Uint8Array(0))).toBe(slotOf("2").profile);
    expect(effect).toBeUndefined();
  });

  it("is committed at once where a passed test left no purchase", () => {
    const passed: Event = { ...PASSED, reversalReason: undefined } as Event;
    expect(told(play(testing, passed).state)).toBe("committed");
  });

  it("puts a first profile into a terminal that held none", () => {
    const { state } = play(NEW, accepted(1), READY, APPLIED, PASSED, REVERSED);
    expect(state.slots).toEqual({ current: slotOf("1"), previous: undefined });
  });
});

describe("a busy terminal", () => {
  it("is asked again after pauses that double up to a cap", () => {
    let state = play(TRADING, accepted(2)).state;
    const pauses = [];
    for (let i = 0; i < 9; i += 1) {
      const waited = play(state, BUSY);
      expect(toPhase(waited.state)).toBe("waiting");
      pauses.push(waited.effect);
      const asked = play(waited.state, RESUMED);
      expect(asked.effect).toEqual({ kind: "read_status" });
      state = asked.state;
    }
    expect(pauses[0]).toEqual({ kind: "pause", atMostMs: BUSY_BASE_MS });
    expect(pauses[1]).toEqual({ kind: "pause", atMostMs: 2 * BUSY_BASE_MS });
    expect(pauses[8]).toEqual({ kind: "pause", atMostMs: BUSY_CAP_MS });
  });

  it("ends the directive at once where it was withdrawn meanwhile, busy or not, and not once it has begun", () => {
    const withdrawn = { code: "STATEMENT_UNSIGNED", detail: "withdrawn" } as const;
    for (const status of [READY, BUSY] as const) {
      const said = { ...status, withdrawn } as Event;
      const { state, effect } = play(TRADING, accepted(2), BUSY, RESUMED, said);
      expect(told(state)).toBe("refused STATEMENT_UNSIGNED withdrawn");
      expect(state.slots).toEqual(TRADING.slots);
      expect(effect).toBeUndefined();
      expect(play(applying, said).state).toBe(applying);
    }
  });

  it("ends the directive when its validity runs out, with nothing changed", () => {
    const { state, effect } = play(TRADING, accepted(2), BUSY, later(DAY_S + 1, BUSY));
    expect(told(state)).toBe("refused TERMINAL_BUSY open_batch");
    expect(state.slots).toEqual(TRADING.slots);
    expect(state.sequence).toBe(2);
    expect(toPhase(state)).toBe("idle");
    expect(effect).toBeUndefined();
  });

  it("does not begin once the validity ran out, though it is ready", () => {
    const { state } = play(TRADING, accepted(2), BUSY, RESUMED, later(DAY_S + 1, READY));
    expect(told(state)).toBe("refused EXPIRED");
  });

  it("may say so when asked to apply, and then nothing was changed", () => {
    const { state, effect } = play(applying, APPLY_BUSY);
    expect(toPhase(state)).toBe("waiting");
    expect(effect).toEqual({ kind: "pause", atMostMs: BUSY_BASE_MS });
    const again = play(state, RESUMED, later(50, READY)).state;
    expect(again.underWay?.progress).toMatchObject({ phase: "applying", deadline: START + 50 + DEADLINE_S });
  });
});

describe("a test transaction", () => {
  it("that the acquirer refuses rolls back with the acquirer's code", () => {
    const { state, effect } = play(testing, DECLINED);
    expect(toPhase(state)).toBe("rolling_back");
    expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
    const back = play(state, APPLIED).state;
    expect(told(back)).toBe("rolled_back TEST_FAILED purchase 97");
    expect(back.slots).toEqual(TRADING.slots);
    expect(back.sequence).toBe(2);
    expect(toPhase(back)).toBe("idle");
  });

  it("that decides nothing is tried again with new traces, within its bound", () => {
    const paused = play(testing, UNREACHED);
    expect(toPhase(paused.state)).toBe("testing");
    expect(paused.effect).toEqual({ kind: "pause", atMostMs: 100 });
    const again = play(paused.state, RESUMED);
    expect(again.effect).toEqual({ kind: "test", slot: slotOf("2"), trace: applying.trace + TRACES });
    const given = play(again.state, UNREACHED);
    expect(toPhase(given.state)).toBe("rolling_back");
    expect(told(play(given.state, APPLIED).state)).toBe("rolled_back TEST_INCONCLUSIVE echo: connection failed");
  });

  it("without an answer is reversed until the host answers, each time under a new sign-in trace", () => {
    const first = play(testing, SILENT);
    expect(first.effect).toMatchObject({ kind: "reverse", reason: "98", trace: applying.trace });
    const paused = play(first.state, UNANSWERED);
    expect(toPhase(paused.state)).toBe("reversing");
    expect(paused.effect).toEqual({ kind: "pause", atMostMs: 200 });
    const second = play(paused.state, RESUMED);
    expect(second.effect).toMatchObject({ kind: "reverse", trace: applying.trace, signInTrace: applying.trace + 4 });
    const third = play(second.state, UNANSWERED);
    expect(third.effect).toEqual({ kind: "pause", atMostMs: 400 });
    const next = play(third.state, RESUMED, REVERSED);
    expect(toPhase(next.state)).toBe("testing");
    expect(next.effect).toMatchObject({ kind: "pause" });
  });

  it("that passes after the deadline commits nothing and is reversed", () => {
    const { state } = play(testing, later(DEADLINE_S, PASSED));
    expect(toPhase(state)).toBe("rolling_back");
    expect(state.owed).toMatchObject([{ slot: slotOf("2"), trace: applying.trace, reason: "06" }]);
    const back = play(state, later(DEADLINE_S, APPLIED));
    expect(told(back.state)).toMatch(/^rolled_back TEST_INCONCLUSIVE reversal unanswered/);
    expect(back.effect).toMatchObject({ kind: "reverse", slot: slotOf("2") });
  });

  it("that passed before the deadline is committed although its reversal is answered only after it", () => {
    const { state, effect } = play(reversing, later(DEADLINE_S, REVERSED));
    expect(told(state)).toBe("committed");
    expect(state.slots).toEqual({ current: slotOf("2"), previous: slotOf("1") });
    expect(state.owed).toEqual([]);
    expect(effect).toBeUndefined();
  });

  it("that passed before the deadline is committed at the deadline, and owes its reversal until it is answered", () => {
    const unanswered = play(reversing, later(DEADLINE_S, UNANSWERED));
    const resumed = play(reversing, later(DEADLINE_S - 1, UNANSWERED), later(DEADLINE_S, RESUMED));
    for (const { state, effect } of [unanswered, resumed]) {
      expect(told(state)).toBe("committed  reversal unanswered");
      expect(state.slots.current).toEqual(slotOf("2"));
      expect(state.owed).toMatchObject([{ slot: slotOf("2"), trace: applying.trace, reason: "06" }]);
      expect(effect).toMatchObject({ kind: "reverse", slot: slotOf("2"), trace: applying.trace, reason: "06" });
      expect(play(state, later(DEADLINE_S, UNANSWERED)).effect).toMatchObject({ kind: "pause" });
      expect(play(state, later(DEADLINE_S, REVERSED)).state.owed).toEqual([]);
    }
  });

  it("that passed waits for the answer to its reversal as long as there is time", () => {
    const { state, effect } = play(reversing, later(DEADLINE_S - 1, UNANSWERED));
    expect(toPhase(state)).toBe("reversing");
    expect(effect).toMatchObject({ kind: "pause" });
    expect(state.slots).toEqual(TRADING.slots);
  });

  it("that passes after the deadline without a purchase left commits nothing", () => {
    const passed = { ...PASSED, reversalReason: undefined } as Event;
    expect(toPhase(play(testing, later(DEADLINE_S, passed)).state)).toBe("rolling_back");
  });

  it("that showed nothing before the deadline is rolled back where its reversal is answered after it", () => {
    const { state } = play(testing, SILENT, later(DEADLINE_S, REVERSED));
    expect(toPhase(state)).toBe("rolling_back");
    expect(state.owed).toEqual([]);
    expect(told(play(state, APPLIED).state)).toBe("rolled_back TEST_INCONCLUSIVE deadline passed");
  });

  it("keeps the acquirer's refusal as the reason although its reversal stays unanswered", () => {
    const refused = { ...DECLINED, reversalReason: "A0" } as Event;
    const { state } = play(testing, refused, later(DEADLINE_S, UNANSWERED), APPLIED);
    expect(told(state)).toBe("rolled_back TEST_FAILED purchase 97");
    expect(state.owed).toMatchObject([{ reason: "A0" }]);
  });

  it("does not begin another attempt after the deadline", () => {
    const { state } = play(testing, UNREACHED, later(DEADLINE_S, RESUMED));
    expect(toPhase(state)).toBe("rolling_back");
    expect(told(play(state, APPLIED).state)).toBe("rolled_back TEST_INCONCLUSIVE deadline passed");
  });

  it("pauses no longer than the deadline allows, nor than the cap", () => {
    const near = play(testing, later(DEADLINE_S - 1, UNREACHED));
    expect(near.effect).toEqual({ kind: "pause", atMostMs: 100 });
    const slow = { retryBaseMs: 600_000, reversalBaseMs: 600_000 };
    const late = play(TRADING, accepted(2, slow), READY, APPLIED, later(DEADLINE_S - 1, UNREACHED));
    expect(late.effect).toEqual({ kind: "pause", atMostMs: 1_000 });
    const long = play(TRADING, accepted(2, { ...slow, deadlineS: DAY_S }), READY, APPLIED, SILENT, UNANSWERED);
    expect(long.effect).toEqual({ kind: "pause", atMostMs: ATTEMPT_CAP_MS });
  });

  it("is not begun where applying took longer than the deadline", () => {
    const { state, effect } = play(applying, later(DEADLINE_S, APPLIED));
    expect(toPhase(state)).toBe("rolling_back");
    expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
  });

  it("ends where the clock is set back so far that the time elapsed is unknown", () => {
    const little = play(testing, later(-CLOCK_STEP_S, PASSED), REVERSED).state;
    expect(told(little)).toBe("committed");
    const far = play(testing, later(-CLOCK_STEP_S - 1, PASSED)).state;
    expect(toPhase(far)).toBe("rolling_back");
  });

  it("counts traces on from 999999 to 1", () => {
    const { state, effect } = play({ ...applying, trace: 999_998 }, APPLIED);
    expect(effect).toMatchObject({ kind: "test", trace: 999_998 });
    expect(state.trace).toBe(2);
  });
});

describe("a profile that cannot be applied", () => {
  it("is rolled back", () => {
    const { state, effect } = play(applying, APPLY_FAILED);
    expect(effect).toEqual({ kind: "apply", slot: slotOf("1") });
    expect(told(play(state, APPLIED).state)).toBe("rolled_back APPLY_FAILED no space");
  });

  it("leaves a terminal that held none without one", () => {
    const { state, effect } = play(NEW, accepted(1), READY, APPLY_FAILED);
    expect(effect).toEqual({ kind: "apply", slot: undefined });
    const back = play(state, APPLIED).state;
    expect(toPhase(back)).toBe("idle");
    expect(back.slots.current).toBeUndefined();
  });
});

describe("another directive", () => {
  it("is not taken while one is under way", () => {
    for (const state of [applying, testing, reversing, rollingBack, play(TRADING, accepted(2), BUSY).state]) {
      expect(play(state, accepted(3))).toEqual({ state, effect: undefined });
    }
    const verified = play(TRADING, accepted(2)).state;
    expect(play(verified, accepted(3))).toEqual({ state: verified, effect: undefined });
  });
});
describe("an answer that nobody awaits", () => {
  it("changes nothing", () => {
    const cases: readonly (readonly [State, readonly Event[]])[] = [
      [TRADING, [READY, APPLIED, PASSED, REVERSED, RESUMED]],
      [broken, [READY, PASSED]],
      [play(TRADING, accepted(2)).state, [APPLIED, PASSED, REVERSED, RESUMED]],
      [play(TRADING, accepted(2), BUSY).state, [PASSED]],
      [applying, [READY, PASSED, REVERSED]],
      [testing, [READY, APPLIED, REVERSED]],
      [reversing, [READY, APPLIED, PASSED]],
      [rollingBack, [READY, PASSED, REVERSED]],
    ];
    for (const [state, events] of cases) {
      for (const event of events) expect(play(state, event), event.kind).toEqual({ state, effect: undefined });
    }
  });
});
