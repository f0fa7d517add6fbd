import { describe, expect, it } from "vitest";
import type { EventOf } from "../../../agent/machine/events.ts";
import {
  MAX_REFUSALS,
  MAX_REFUSALS_PER_WINDOW,
  MAX_UNSENT_OUTCOMES,
  REFUSAL_WINDOW_S,
} from "../../../agent/machine/reports.ts";
import type { State } from "../../../agent/machine/state.ts";
import { parseStateJson, toStateJson } from "../../../agent/machine/state-json.ts";
import { toDigest } from "../../../proto/bytes.ts";
import type { ErrorCode } from "../../../proto/errors.ts";
import { parseReport, type Report, toReportBytes } from "../../../proto/terminal-messages.ts";
import {
  APPLIED,
  APPLY_FAILED,
  accepted,
  DECLINED,
  digestOf,
  later,
  NEW,
  PASSED,
  play,
  READY,
  REVERSED,
  START,
  TRADING,
  taskOf,
  UNREACHED,
} from "../../support/machine.ts";

function refused(name: string, code: ErrorCode = "STATEMENT_UNSIGNED", seconds = 0): EventOf<"refused"> {
  return { kind: "refused", now: START + seconds, code, directive: digestOf(name), nonce: "", detail: "persons=1" };
}

function receiptFor(report: Report | undefined): EventOf<"receipt"> {
  const bytes = toReportBytes(report as Report);
  return { kind: "receipt", now: START, counter: (report as Report).counter, report: toDigest(bytes) };
}

function repeated(sequence: number): EventOf<"repeated"> {
  return { kind: "repeated", now: START, directive: taskOf(sequence).directive };
}

const committed = play(TRADING, accepted(2), READY, APPLIED, PASSED, REVERSED).state;
const kinds = (state: State) => state.unsent.map((report) => report.kind);

describe("a report", () => {
  it("takes a new device counter, as does a hello", () => {
    const { state } = play(TRADING, { kind: "greeted", now: START }, accepted(2));
    expect(state.counter).toBe(TRADING.counter + 2);
    expect(state.unsent[0]?.counter).toBe(state.counter);
  });

  it("takes the place of an unsent one about the same directive only", () => {
    const { state } = play(TRADING, refused("other"), accepted(2), READY, APPLIED);
    expect(kinds(state)).toEqual(["refused", "applied"]);
  });

  it("stays until the receipt for its very bytes", () => {
    const report = committed.unsent[0];
    const receipt = receiptFor(report);
    expect(play(committed, { ...receipt, counter: receipt.counter + 1 }).state).toBe(committed);
    expect(play(committed, { ...receipt, report: toDigest(Buffer.from("other")) }).state).toBe(committed);
    expect(play(committed, receipt).state.unsent).toEqual([]);
  });

  it("is sent again, byte for byte, where its directive comes again after the receipt", () => {
    const receipted = play(committed, receiptFor(committed.unsent[0])).state;
    const again = play(receipted, repeated(2)).state;
    expect(again.unsent).toEqual(committed.unsent);
    expect(again.counter).toBe(receipted.counter);
    expect(play(again, repeated(2)).state).toBe(again);
  });

  it("is queued again so often in a minute, for whoever takes it from the queue each time with a receipt", () => {
    let state = play(committed, receiptFor(committed.unsent[0])).state;
    let queued = 0;
    for (let i = 0; i < 100; i += 1) {
      const again = play(state, repeated(2)).state;
      if (again !== state) queued += 1;
      state = play(again, receiptFor(committed.unsent[0])).state;
    }
    expect(queued).toBe(MAX_REFUSALS_PER_WINDOW);
    expect(play(state, refused("forged")).state).toBe(state);
    expect(play(state, later(REFUSAL_WINDOW_S, repeated(2))).state.unsent).toEqual(committed.unsent);
  });

  it("is not made again for a directive that is under way, or that nobody knows", () => {
    const testing = play(TRADING, accepted(2), READY, APPLIED).state;
    expect(play(testing, repeated(2)).state).toBe(testing);
    expect(play(NEW, repeated(2)).state).toBe(NEW);
    expect(play(committed, repeated(1)).state).toBe(committed);
  });

  it("tells the profiles held and the highest sequence", () => {
    const report = committed.unsent[0] as Report;
    expect(Buffer.from(report.current).toString("hex")).toBe(committed.slots.current?.profile);
    expect(Buffer.from(report.previous).toString("hex")).toBe(committed.slots.previous?.profile);
    expect(report.sequence).toBe(2);
  });

  it("holds whatever a maker's program said as one bounded line without card numbers", () => {
    const detail = `card 6228480402564890018\n\u202e\ud800${"long ".repeat(100)}`;
    const failed = { ...APPLY_FAILED, detail } as EventOf<"applied">;
    const { state } = play(TRADING, accepted(2), READY, failed, APPLIED);
    const report = parseReport(toReportBytes(state.unsent.at(-1) as Report));
    expect(report.detail).toMatch(/^card 622848\*+0018\?\?\?long/);
    expect(report.detail).toHaveLength(200);
    const unclear = { ...UNREACHED, verdict: { kind: "inconclusive", detail } } as EventOf<"tested">;
    const testing = play(TRADING, accepted(2), READY, APPLIED, unclear, { kind: "resumed", now: START }, unclear).state;
    expect(parseStateJson(toStateJson(testing))).toEqual(testing);
  });

  it("has a clock that fits its field even where the terminal's does not", () => {
    const { state } = play(TRADING, { ...accepted(2), now: 9_000_000_000 });
    expect(state.unsent[0]?.at).toBe(0xffff_ffff);
  });
});

describe("a refused delivery", () => {
  it("is reported with its code and touches no directive under way", () => {
    const testing = play(TRADING, accepted(2), READY, APPLIED).state;
    const { state, effect } = play(testing, refused("forged"));
    expect(state.underWay).toEqual(testing.underWay);
    expect(effect).toBeUndefined();
    expect(state.unsent.at(-1)).toMatchObject({ kind: "refused", code: "STATEMENT_UNSIGNED", detail: "persons=1" });
  });

  it("is reported once, however often it comes", () => {
    const once = play(TRADING, refused("forged")).state;
    expect(play(once, refused("forged")).state).toBe(once);
    expect(play(once, refused("forged", "EXPIRED")).state).toBe(once);
  });

  it("has the same report sent again where it comes again after the receipt", () => {
    const once = play(TRADING, refused("forged")).state;
    const receipted = play(once, receiptFor(once.unsent[0])).state;
    const again = play(receipted, refused("forged")).state;
    expect(again.unsent).toEqual(once.unsent);
    expect(again.counter).toBe(receipted.counter);
    const otherwise = play(receipted, refused("forged", "EXPIRED")).state;
    expect(otherwise.unsent[0]).toMatchObject({ code: "EXPIRED", counter: receipted.counter + 1 });
  });

  it("never takes the place of another report about its directive", () => {
    const { directive } = taskOf(2);
    const replayed = { ...refused("", "SEQUENCE_REPLAYED"), directive };
    expect(play(committed, replayed).state).toBe(committed);
  });

  it("is followed by the directive's own reports where it is accepted later", () => {
    const { directive } = taskOf(2);
    const stale = { ...refused("", "TRUST_STALE"), directive };
    expect(kinds(play(TRADING, stale, accepted(2)).state)).toEqual(["verified"]);
  });

  it("is suppressed in a flood without receipts", () => {
    let state = TRADING;
    for (let i = 0; i < 100; i += 1) state = play(state, refused(`forged ${i}`, "EXPIRED", i * REFUSAL_WINDOW_S)).state;
    expect(state.unsent).toHaveLength(MAX_REFUSALS);
    expect(state.counter).toBe(TRADING.counter + MAX_REFUSALS);
  });

  it("is suppressed in a flood with receipts, until the window is over", () => {
    let state = TRADING;
    for (let i = 0; i < 100; i += 1) {
      state = play(state, refused(`forged ${i}`)).state;
      if (state.unsent[0] !== undefined) state = play(state, receiptFor(state.unsent[0])).state;
    }
    expect(state.counter).toBe(TRADING.counter + MAX_REFUSALS_PER_WINDOW);
    expect(state.refusals.recent).toHaveLength(MAX_REFUSALS);
    const inside = play(state, refused("another", "EXPIRED", REFUSAL_WINDOW_S - 1)).state;
    expect(inside).toBe(state);
    for (const seconds of [REFUSAL_WINDOW_S, -1]) {
      expect(play(state, refused("another", "EXPIRED", seconds)).state.unsent).toHaveLength(1);
    }
  });
});

describe("too many outcomes without a receipt", () => {
  it("keep the terminal from taking another directive", () => {
    let state = TRADING;
    for (let sequence = 2; sequence < MAX_UNSENT_OUTCOMES + 2; sequence += 1) {
      state = play(state, accepted(sequence), READY, APPLIED, DECLINED, APPLIED).state;
    }
    expect(state.unsent).toHaveLength(MAX_UNSENT_OUTCOMES);
    expect(play(state, accepted(100))).toEqual({ state, effect: undefined });
    const receipted = play(state, receiptFor(state.unsent[0])).state;
    expect(play(receipted, accepted(100)).state.sequence).toBe(100);
  });
});

describe("trust metadata", () => {
  it("is remembered by its name and versions", () => {
    const held = { bundle: digestOf("bundle"), versions: { timestamp: 2, snapshot: 1, targets: 1, policy: 1 } };
    const { state } = play(TRADING, later(1, { kind: "trusted", now: START, ...held }));
    expect(state.trust).toEqual(held);
  });
});
