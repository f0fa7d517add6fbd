import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OrderEvent, OrderStanding, OrderState } from "../../../../src/domain/acquirers/order.ts";
import { ORDER_ENDS, ORDER_STATES } from "../../../../src/domain/acquirers/order.ts";
import {
  FIRST_PAUSE_S,
  FOLLOWS_TO_ALARM,
  MAX_FOLLOWS,
  MAX_PAUSE_S,
  MAX_REQUESTS,
  OVERDUE_PAUSE_S,
  QUERIES_TO_CONTRADICT,
  stepOrder,
  toFirstStanding,
  UNKNOWNS_TO_REPEAT,
} from "../../../../src/domain/acquirers/step-order.ts";

const NOW = 1_800_000_000;
const DUE = { type: "due" } as const;
const AUDITING = { type: "told", told: { state: "auditing", reference: "A1", words: "" } } as const;
const SUCCEEDED = { type: "told", told: { state: "succeeded", reference: "", words: "" } } as const;
const FAILED = { type: "told", told: { state: "failed", reference: "", code: "AUDIT_FAIL", words: "no" } } as const;
const ABSENT = { type: "told", told: { state: "absent" } } as const;
const UNKNOWN = { type: "told", told: { state: "unknown" } } as const;
const RESUMED = { type: "resumed" } as const;
const HELD = { type: "held" } as const;
const shown = (found: Extract<OrderEvent, { type: "shown" }>["found"]) => ({ type: "shown", found }) as const;
const lost = (effect: "request" | "follow" | "query", sent: boolean) =>
  ({ type: "lost", effect, code: "ACQUIRER_FAILED", sent }) as const;

/** Steps one second apart from `from`. */
function run(events: readonly OrderEvent[], from: OrderStanding = toFirstStanding(NOW)): OrderStanding {
  return events.reduce((standing, event) => stepOrder(standing, event, NOW).standing, from);
}

const at = (state: OrderState, more: Partial<OrderStanding> = {}): OrderStanding => ({
  ...toFirstStanding(NOW),
  state,
  ...more,
});

describe("an order to an acquirer", () => {
  it("goes from asking over auditing to what the record confirms", () => {
    const asked = stepOrder(toFirstStanding(NOW), DUE, NOW);
    expect(asked).toMatchObject({ effect: "request", standing: { state: "unknown", requests: 1 } });
    const auditing = stepOrder(asked.standing, AUDITING, NOW).standing;
    expect(auditing).toMatchObject({ state: "auditing", reference: "A1", follows: 0, dueAt: NOW + FIRST_PAUSE_S });
    const followed = stepOrder(auditing, DUE, NOW);
    expect(followed).toMatchObject({ effect: "follow", standing: { state: "auditing", follows: 1 } });
    expect(run([AUDITING], followed.standing)).toMatchObject({ state: "auditing", follows: 1 });
    const nameless = { ...AUDITING, told: { ...AUDITING.told, reference: "" } };
    expect(run([nameless], followed.standing).reference).toBe("A1");
    const succeeded = run([SUCCEEDED], followed.standing);
    expect(succeeded).toMatchObject({ state: "succeeded", reference: "A1", follows: 0, dueAt: NOW });
    const queried = stepOrder(succeeded, DUE, NOW);
    expect(queried.effect).toBe("query");
    expect(run([shown("wanted")], queried.standing)).toMatchObject({ state: "confirmed", code: "", dueAt: null });
  });

  it("may succeed or fail at once", () => {
    expect(run([DUE, SUCCEEDED])).toMatchObject({ state: "succeeded", reference: "" });
    expect(run([DUE, FAILED])).toMatchObject({ state: "failed", code: "AUDIT_FAIL", words: "no", dueAt: null });
    expect(run([DUE, AUDITING, FAILED])).toMatchObject({ state: "failed", reference: "A1" });
    expect(run([DUE, { ...FAILED, told: { ...FAILED.told, reference: "B2" } }]).reference).toBe("B2");
    expect(run([DUE, { ...SUCCEEDED, told: { ...SUCCEEDED.told, reference: "B2" } }]).reference).toBe("B2");
  });

  it("whose answer was lost is asked about, and never sent again before the acquirer says that it has none", () => {
    const unknown = run([DUE, lost("request", true)]);
    expect(unknown).toMatchObject({ state: "unknown", code: "ACQUIRER_FAILED", requests: 1 });
    expect(stepOrder(unknown, DUE, NOW).effect).toBe("follow");
    expect(run([DUE, lost("follow", true)], unknown).state).toBe("unknown");
    const absent = run([DUE, ABSENT], unknown);
    expect(absent).toMatchObject({ state: "requested", requests: 1, dueAt: NOW });
    expect(stepOrder(absent, DUE, NOW)).toMatchObject({ effect: "request", standing: { requests: 2 } });
  });

  it("that surely never arrived is sent again, and does not count as sent", () => {
    expect(run([DUE, lost("request", false)])).toMatchObject({ state: "requested", requests: 0, follows: 1 });
    expect(run([DUE, AUDITING, lost("request", false)]).state).toBe("auditing");
    expect(run([DUE, lost("follow", false)]).state).toBe("unknown");
    expect(run([ABSENT])).toEqual(toFirstStanding(NOW));
  });

  it("of which the acquirer cannot tell is sent again after a while, a bounded number of times, then a person is told", () => {
    let standing = run([DUE]);
    const alarms: string[] = [];
    for (let n = 0; n < 10 * UNKNOWNS_TO_REPEAT && standing.dueAt !== null; n += 1) {
      const step = stepOrder(standing, DUE, NOW);
      const answer = step.effect === "follow" ? UNKNOWN : lost("request", true);
      const next = stepOrder(step.standing, answer, NOW);
      if (next.alarm !== undefined) alarms.push(next.alarm);
      standing = next.standing;
    }
    expect(standing).toMatchObject({ state: "unknown", code: "UNKNOWN", requests: MAX_REQUESTS, dueAt: null });
    expect(alarms).toEqual(["untold"]);
    const resumed = stepOrder(standing, RESUMED, NOW).standing;
    expect(resumed).toMatchObject({ state: "unknown", requests: MAX_REQUESTS - 1, follows: 0, dueAt: NOW });
    expect(run([ABSENT, DUE], resumed).requests).toBe(MAX_REQUESTS);
  });

  it("that the acquirer had and has no more is asked about once more before it is sent again", () => {
    const lostThere = run([DUE, AUDITING, ABSENT]);
    expect(lostThere).toMatchObject({ state: "unknown", code: "ABSENT", dueAt: NOW + FIRST_PAUSE_S });
    expect(run([ABSENT], lostThere).state).toBe("requested");
    expect(run([DUE, AUDITING, UNKNOWN])).toMatchObject({ state: "auditing", code: "UNKNOWN" });
  });

  it("is asked about at growing intervals, then a person is told once, and at last it rests", () => {
    let standing = run([DUE, AUDITING]);
    const pauses: number[] = [];
    const alarms: string[] = [];
    let now = NOW;
    while (standing.dueAt !== null) {
      const step = stepOrder(standing, DUE, now);
      if (step.alarm !== undefined) alarms.push(step.alarm);
      if (step.standing.dueAt !== null) pauses.push(step.standing.dueAt - now);
      now = step.standing.dueAt ?? now;
      standing = stepOrder(step.standing, lost("follow", true), now).standing;
    }
    expect(pauses.slice(0, 4)).toEqual([FIRST_PAUSE_S, 30, 60, 120]);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect([pauses[FOLLOWS_TO_ALARM - 1], pauses.at(-1)]).toEqual([MAX_PAUSE_S, OVERDUE_PAUSE_S]);
    expect([alarms, standing.follows, standing.overdueAt]).toEqual([["overdue"], MAX_FOLLOWS, expect.any(Number)]);
    expect(stepOrder(standing, RESUMED, now).standing).toMatchObject({ follows: 0, dueAt: now, overdueAt: null });
  });

  it("is contradicted where the record keeps showing something else, with a code that tells what", () => {
    for (const [found, code] of [
      ["before", "BEFORE"],
      ["other", "OTHER"],
      ["none", "NONE"],
    ] as const) {
      let step = stepOrder(run([DUE, SUCCEEDED]), DUE, NOW);
      for (let n = 1; n < QUERIES_TO_CONTRADICT; n += 1) {
        const shownOnce = stepOrder(step.standing, shown(found), NOW);
        expect(shownOnce).toMatchObject({ standing: { state: "succeeded", code } });
        expect(shownOnce.alarm).toBeUndefined();
        step = stepOrder(shownOnce.standing, DUE, NOW);
      }
      const last = stepOrder(step.standing, shown(found), NOW);
      expect(last).toMatchObject({ alarm: "contradicted", standing: { state: "contradicted", code, dueAt: null } });
      expect(run([shown("wanted"), SUCCEEDED, DUE, DUE], last.standing)).toMatchObject({ state: "contradicted", code });
      expect(stepOrder(last.standing, DUE, NOW).effect).toBeUndefined();
      const resumed = run([RESUMED], last.standing);
      expect(run([DUE, shown("wanted")], resumed).state).toBe("confirmed");
    }
  });

  it("is contradicted at once where the trial payment failed, and waits for one that is under way", () => {
    const queried = run([DUE, SUCCEEDED, DUE]);
    expect(stepOrder(queried, shown("unusable"), NOW)).toMatchObject({
      alarm: "contradicted",
      standing: { state: "contradicted", code: "UNUSABLE" },
    });
    expect(stepOrder(queried, shown("pending"), NOW)).toEqual({ standing: queried });
  });

  it("waits for a person where the record cannot tell the accounts apart", () => {
    const step = stepOrder(run([DUE, SUCCEEDED, DUE]), shown("indistinct"), NOW);
    expect(step).toMatchObject({
      alarm: "indistinct",
      standing: { state: "succeeded", code: "INDISTINCT", dueAt: null },
    });
    const judge = (isDone: boolean) => run([{ type: "judged", isDone, words: "seen" }], step.standing);
    expect(judge(true)).toMatchObject({ state: "confirmed", code: "", words: "seen", dueAt: null });
    expect(judge(false)).toMatchObject({ state: "failed", code: "GIVEN_UP", words: "seen" });
  });

  it("that has ended changes no more", () => {
    for (const state of ORDER_ENDS) {
      const ended = at(state, { dueAt: null });
      const events = [DUE, AUDITING, SUCCEEDED, FAILED, ABSENT, UNKNOWN, lost("request", false), shown("other"), HELD];
      for (const event of events) expect(stepOrder(ended, event, NOW)).toEqual({ standing: ended });
      expect(() => stepOrder(ended, RESUMED, NOW)).toThrow("STATE_CONFLICT");
      expect(() => stepOrder(ended, { type: "judged", isDone: true, words: "" }, NOW)).toThrow("STATE_CONFLICT");
    }
  });

  it("takes no word about its record before the acquirer said that it is done", () => {
    for (const state of ORDER_STATES.filter((one) => one !== "succeeded" && one !== "held")) {
      expect(run([shown("wanted")], at(state)).state).toBe(state);
    }
  });

  it("is confirmed by the record or a person alone, and sent a bounded number of times, whatever happens", () => {
    const event = fc.constantFrom<OrderEvent>(
      ...[DUE, AUDITING, SUCCEEDED, FAILED, ABSENT, UNKNOWN, lost("request", true), lost("request", false)],
      ...[lost("follow", true), shown("wanted"), shown("before"), shown("indistinct"), shown("pending")],
      ...[HELD, RESUMED, shown("other"), shown("none"), shown("unusable")],
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let standing = toFirstStanding(NOW);
        for (const one of events) {
          if (ORDER_ENDS.includes(standing.state)) return;
          const next = stepOrder(standing, one, NOW).standing;
          if (next.state === "confirmed" && standing.state !== "confirmed") {
            expect(one).toEqual(shown("wanted"));
            expect(["succeeded", "held"]).toContain(standing.state);
          }
          expect(next.requests).toBeLessThanOrEqual(MAX_REQUESTS);
          expect(next.requests).toBeGreaterThanOrEqual(0);
          standing = next;
        }
      }),
    );
  });
});

describe("an order of a service that was put back from a backup", () => {
  const held = run([HELD]);

  it("is held with an alarm, whatever state it is in, and counts as sent", () => {
    for (const state of ORDER_STATES.filter((one) => !ORDER_ENDS.includes(one))) {
      const step = stepOrder(at(state, { code: "UNKNOWN", follows: 9, overdueAt: NOW }), HELD, NOW);
      expect(step).toEqual({
        standing: at("held", { requests: 1, dueAt: null }),
        alarm: "held",
      });
    }
    expect(run([HELD], at("unknown", { requests: 2, reference: "A1" }))).toMatchObject({
      requests: 2,
      reference: "A1",
    });
  });

  it("is left alone by whatever was told of it before, until a person resumes it", () => {
    for (const event of [AUDITING, SUCCEEDED, FAILED, ABSENT, UNKNOWN, lost("request", false)]) {
      expect(run([event], held)).toMatchObject({ state: "held", dueAt: null, requests: 1 });
    }
    expect(run([RESUMED], held)).toMatchObject({ state: "held", dueAt: NOW });
    expect(run([{ type: "judged", isDone: false, words: "superseded" }], held)).toMatchObject({ state: "failed" });
  });

  const queried = stepOrder(run([RESUMED], held), DUE, NOW);

  it("has its acquirer's record asked first, and is confirmed by that alone where it was carried out", () => {
    expect(queried).toMatchObject({ effect: "query", standing: { state: "held", dueAt: NOW + FIRST_PAUSE_S } });
    expect(run([lost("query", true)], queried.standing)).toMatchObject({ state: "held", dueAt: NOW + FIRST_PAUSE_S });
    expect(run([shown("wanted")], queried.standing)).toMatchObject({ state: "confirmed", dueAt: null });
    expect(run([shown("pending")], queried.standing)).toMatchObject({ state: "succeeded", dueAt: expect.any(Number) });
    expect(stepOrder(queried.standing, shown("unusable"), NOW)).toMatchObject({
      alarm: "contradicted",
      standing: { state: "contradicted", code: "UNUSABLE" },
    });
  });

  it("is asked about where the record shows nothing newer, and sent only where the acquirer has none of its number", () => {
    for (const found of ["before", "none"] as const) {
      const asked = run([shown(found)], queried.standing);
      expect(asked).toMatchObject({ state: "unknown", code: "", follows: 0 });
      expect(stepOrder(asked, DUE, NOW).effect).toBe("follow");
      expect(stepOrder(run([DUE, ABSENT], asked), DUE, NOW)).toMatchObject({
        effect: "request",
        standing: { requests: 2 },
      });
      // It may have been sent by the service that was lost, whatever becomes of it now.
      expect(run([DUE, ABSENT, DUE, lost("request", false)], asked)).toMatchObject({ state: "requested", requests: 1 });
    }
  });

  it("stays held, with an alarm again, where the record shows something else or cannot tell", () => {
    for (const [found, code] of [
      ["other", "OTHER"],
      ["indistinct", "INDISTINCT"],
    ] as const) {
      const step = stepOrder(queried.standing, shown(found), NOW);
      expect(step).toMatchObject({ alarm: "held", standing: { state: "held", code, dueAt: null } });
    }
  });
});
