import { describe, expect, it } from "vitest";
import { isOutcome, REPORT_KINDS } from "../../../proto/terminal-messages.ts";
import {
  DEPLOYMENT_EVENTS,
  DEPLOYMENT_STATES,
  type DeploymentState,
  isHeldBack,
  isOpen,
  step,
} from "../../../src/domain/deployment.ts";
import { refusalOf } from "../../support/refusal.ts";

/**
 * Every state against every event: the state that follows, `=` where nothing changes, `!` where they contradict each
 * other. Columns in the order of DEPLOYMENT_EVENTS.
 */
const TABLE = `
             ordered  lapsed  sent  resend   superseded  lost        verified  applied  refused  committed  rolled_back  broken  suspended
reserved     pending  lapsed  =     =        =           =           verified  applied  =        committed  rolled_back  broken  suspended
lapsed       =        =       =     =        =           =           verified  applied  =        committed  rolled_back  broken  suspended
pending      =        =       sent  =        superseded  =           verified  applied  refused  committed  rolled_back  broken  suspended
sent         =        =       =     pending  superseded  =           verified  applied  refused  committed  rolled_back  broken  suspended
superseded   =        =       =     =        =           =           verified  applied  refused  committed  rolled_back  broken  suspended
verified     =        =       =     =        =           superseded  =         applied  refused  committed  rolled_back  broken  suspended
applied      =        =       =     =        =           superseded  =         =        refused  committed  rolled_back  broken  suspended
refused      =        =       =     =        =           =           =         =        =        committed  rolled_back  broken  suspended
committed    =        =       =     =        =           =           =         =        =        =          !            !       !
rolled_back  =        =       =     =        =           =           =         =        =        !          =            !       !
broken       =        =       =     =        =           =           =         =        =        !          !            =       !
suspended    =        =       =     =        =           =           =         =        =        !          !            !       =
`;

const [heading = [], ...lines] = TABLE.trim()
  .split("\n")
  .map((line) => line.trim().split(/ +/));

describe("a deployment", () => {
  it("has a rule for every state and event", () => {
    expect(heading).toEqual(DEPLOYMENT_EVENTS);
    expect(lines.map(([state]) => state)).toEqual(DEPLOYMENT_STATES);
    expect([...REPORT_KINDS].every((kind) => DEPLOYMENT_EVENTS.includes(kind))).toBe(true);
  });

  describe.each(DEPLOYMENT_STATES)("that is %s", (state) => {
    it.each(DEPLOYMENT_EVENTS)("meets %s as the table says", (event) => {
      const line = lines.find(([name]) => name === state) ?? [];
      const cell = line[1 + DEPLOYMENT_EVENTS.indexOf(event)];
      if (cell === "!") {
        expect(refusalOf(() => step(state, event))).toEqual({ code: "STATE_CONFLICT", state, event });
      } else {
        expect(step(state, event)).toEqual(cell === "=" ? { state, changed: false } : { state: cell, changed: true });
      }
    });
  });

  it("is left alone by every repeat of the event that led to its state", () => {
    for (const state of DEPLOYMENT_STATES) {
      for (const event of DEPLOYMENT_EVENTS) {
        const follows = toState(state, event);
        if (follows === undefined) continue;
        expect(step(follows, event)).toEqual({ state: follows, changed: false });
      }
    }
  });

  it("never leaves an outcome that the terminal carried out", () => {
    for (const state of ["committed", "rolled_back", "broken", "suspended"] as const) {
      for (const event of DEPLOYMENT_EVENTS) expect(toState(state, event) ?? state).toBe(state);
    }
  });

  it("that was given up ends on the outcome that the terminal tells after all", () => {
    const events = ["sent", "applied", "lost", "committed"] as const;
    expect(events.reduce<DeploymentState>((state, event) => step(state, event).state, "pending")).toBe("committed");
  });

  it("ends on the outcome even where a spoiled copy was refused first, or a replay of it afterwards", () => {
    const kinds = ["sent", "refused", "verified", "applied", "committed", "refused"] as const;
    expect(kinds.reduce<DeploymentState>((state, kind) => step(state, kind).state, "pending")).toBe("committed");
  });

  it("that is a way back is never sent, and open only once it is ordered", () => {
    for (const state of ["reserved", "lapsed"] as const) {
      expect([isHeldBack(state), isOpen(state), step(state, "sent").changed]).toEqual([true, false, false]);
    }
    const events = ["ordered", "sent", "applied", "committed"] as const;
    expect(events.reduce<DeploymentState>((state, event) => step(state, event).state, "reserved")).toBe("committed");
    expect(step("lapsed", "ordered").state).toBe("lapsed");
  });

  it("is open until it is superseded or an outcome is known", () => {
    const isClosed = (state: DeploymentState) =>
      state === "superseded" || isHeldBack(state) || REPORT_KINDS.some((kind) => kind === state && isOutcome(kind));
    for (const state of DEPLOYMENT_STATES) expect(isOpen(state)).toBe(!isClosed(state));
  });
});

function toState(state: DeploymentState, event: (typeof DEPLOYMENT_EVENTS)[number]): DeploymentState | undefined {
  try {
    return step(state, event).state;
  } catch {
    return undefined;
  }
}
