import { describe, expect, it } from "vitest";
import { MAX_CARD_CHANGES } from "../../../agent/machine/card-changes.ts";
import type { Event } from "../../../agent/machine/events.ts";
import { type State, toNamesInUse } from "../../../agent/machine/state.ts";
import { parseStateJson, toStateJson } from "../../../agent/machine/state-json.ts";
import type { RoleName } from "../../../certs/trust/metadata.ts";
import {
  APPLIED,
  accepted,
  BOOT,
  DECLINED,
  digestOf,
  PASSED,
  play,
  READY,
  REVERSED,
  START,
  slotOf,
  TRADING,
} from "../../support/machine.ts";

const HIGH = { timestamp: 9, snapshot: 8, targets: 7, policy: 6 };
const TRUSTING: State = { ...TRADING, trust: { bundle: digestOf("bundle"), versions: HIGH } };

/** A root that gives these roles to other people altogether. */
function rooted(...changed: readonly RoleName[]): Event {
  return { kind: "rooted", now: START, roots: [digestOf("root 2")], changed, replaced: changed };
}

describe("a new trust root", () => {
  it("is remembered, and lowers nothing where it changes neither timestamp nor snapshot", () => {
    const { state, effect } = play(TRUSTING, rooted("root"));
    expect(state).toEqual({ ...TRUSTING, roots: [digestOf("root 2")] });
    expect(effect).toBeUndefined();
  });

  it("forgets the versions held under keys that it changes, the policy's only where its signers are replaced", () => {
    const forgotten = { timestamp: 0, snapshot: 0, targets: 0 };
    expect(play(TRUSTING, rooted("timestamp")).state.trust?.versions).toEqual({ ...forgotten, policy: 6 });
    expect(play(TRUSTING, rooted("snapshot")).state.trust?.versions).toEqual({ ...forgotten, policy: 6 });
    expect(play(TRUSTING, rooted("targets")).state.trust?.versions).toEqual({ ...HIGH, policy: 0 });
    const oneNew: Event = { kind: "rooted", now: START, roots: [], changed: ["targets"], replaced: [] };
    expect(play(TRUSTING, oneNew).state.trust?.versions).toEqual(HIGH);
  });

  it("is remembered by a terminal that holds no metadata yet, too", () => {
    const { state } = play(TRADING, rooted("timestamp"));
    expect(state).toEqual({ ...TRADING, roots: [digestOf("root 2")] });
  });

  it("changes nothing about a directive under way", () => {
    const { underWay } = play(TRUSTING, accepted(2), READY).state;
    expect(play(TRUSTING, accepted(2), READY, rooted("timestamp")).state.underWay).toEqual(underWay);
  });
});

describe("a settlement change", () => {
  const change = accepted(2, { cardChangeAt: START });

  it("counts once it is committed, with the second at which it was accepted", () => {
    const begun = play(TRADING, change, READY, APPLIED, PASSED).state;
    expect(begun.cardChanges).toEqual([]);
    expect(play(begun, REVERSED).state.cardChanges).toEqual([START]);
  });

  it("that was rolled back, refused, or cut off by a power cut does not count", () => {
    expect(play(TRADING, change, READY, APPLIED, DECLINED, APPLIED).state.cardChanges).toEqual([]);
    const late: Event = { kind: "status", now: START + 100_000, busy: undefined };
    expect(play(TRADING, change, late).state).toMatchObject({ underWay: undefined, cardChanges: [] });
    expect(play(TRADING, change, READY, BOOT).state.cardChanges).toEqual([]);
  });

  it("is remembered among as many as a policy can ever ask for", () => {
    let state = TRADING;
    for (let sequence = 2; sequence < MAX_CARD_CHANGES + 4; sequence += 1) {
      const event = accepted(sequence, { cardChangeAt: START + sequence });
      state = { ...play(state, event, READY, APPLIED, PASSED, REVERSED).state, unsent: [] };
    }
    expect(state.cardChanges).toEqual(Array.from({ length: MAX_CARD_CHANGES }, (_, at) => START + 4 + at));
    expect(parseStateJson(toStateJson(state))).toEqual(state);
  });

  it("leaves any other commit out", () => {
    expect(play(TRADING, accepted(2), READY, APPLIED, PASSED, REVERSED).state.cardChanges).toEqual([]);
  });
});

describe("stored bytes in use", () => {
  it("are those of slots, roots and metadata, each sealed number included", () => {
    const current = { ...slotOf("1"), sealed: digestOf("sealed 1") };
    const state: State = { ...TRUSTING, roots: [digestOf("root 2")], slots: { current, previous: slotOf("0") } };
    const { delivery, trust } = slotOf("0");
    expect(toNamesInUse(state).toSorted()).toEqual(
      [
        ...[current.delivery, current.trust, current.sealed, delivery, trust],
        ...[digestOf("root 2"), digestOf("bundle")],
      ].toSorted(),
    );
    expect(toNamesInUse(TRADING)).toEqual([slotOf("1").delivery, slotOf("1").trust]);
  });
});

describe("a state that version 0.1.0 wrote", () => {
  it("is read with nothing in what it did not have", () => {
    const old = JSON.parse(toStateJson({ ...TRUSTING, underWay: play(TRADING, accepted(2)).state.underWay }));
    delete old.roots;
    delete old.cardChanges;
    delete old.trust.versions.policy;
    delete old.slots.current.sealed;
    delete old.underWay.next.sealed;
    const state = parseStateJson(JSON.stringify(old));
    expect(state).toMatchObject({ roots: [], cardChanges: [], trust: { versions: { ...HIGH, policy: 0 } } });
    expect(state.slots.current).toEqual(slotOf("1"));
    expect(state.underWay?.task.cardChangeAt).toBeUndefined();
  });
});
