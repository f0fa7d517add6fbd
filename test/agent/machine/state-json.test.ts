import { describe, expect, it } from "vitest";
import { createState, MAX_OWED, type State } from "../../../agent/machine/state.ts";
import { parseStateJson, toStateJson } from "../../../agent/machine/state-json.ts";
import {
  APPLIED,
  APPLY_BUSY,
  accepted,
  BUSY,
  DECLINED,
  digestOf,
  later,
  NEW,
  PASSED,
  play,
  READY,
  SILENT,
  START,
  TRADING,
  TUSN,
  UNANSWERED,
  UNREACHED,
} from "../../support/machine.ts";

const STATES: Readonly<Record<string, State>> = {
  new: NEW,
  trading: TRADING,
  verified: play(TRADING, accepted(2)).state,
  waiting: play(TRADING, accepted(2), BUSY).state,
  applying: play(TRADING, accepted(2), READY).state,
  testing: play(TRADING, accepted(2), READY, APPLIED).state,
  "between attempts": play(TRADING, accepted(2), READY, APPLIED, UNREACHED).state,
  reversing: play(TRADING, accepted(2), READY, APPLIED, PASSED).state,
  "rolling back": play(TRADING, accepted(2), READY, APPLIED, DECLINED).state,
  "rolling back a busy terminal": play(TRADING, accepted(2), READY, APPLIED, DECLINED, APPLY_BUSY).state,
  owing: play(TRADING, accepted(2), READY, APPLIED, SILENT, later(60, UNANSWERED), APPLIED).state,
  trusting: {
    ...TRADING,
    trust: { bundle: digestOf("bundle"), versions: { timestamp: 7, snapshot: 2, targets: 1, policy: 3 } },
  },
};

const OWING = STATES["owing"] as State;

describe("the state as JSON", () => {
  it.each(Object.keys(STATES))("is read back as it was: %s", (name) => {
    const state = STATES[name] as State;
    expect(parseStateJson(toStateJson(state))).toEqual(state);
  });

  it("begins its counter at the present second, with room left whatever the clock says", () => {
    expect(createState(TUSN, START).counter).toBe(START);
    expect(createState(TUSN, Number.MAX_SAFE_INTEGER).counter).toBe(0x7fff_ffff);
  });

  it("begins its traces at another number every second, within their range whatever the clock says", () => {
    expect(createState(TUSN, START + 1).trace).toBe(createState(TUSN, START).trace + 1);
    expect(createState(TUSN, 0).trace).toBe(1);
    expect(createState(TUSN, 999_998).trace).toBe(999_999);
    expect(createState(TUSN, 999_999).trace).toBe(1);
    const latest = createState(TUSN, Number.MAX_SAFE_INTEGER);
    expect(parseStateJson(toStateJson(latest))).toEqual(latest);
  });

  it.each([
    ["not JSON", "{"],
    ["not an object", "[]"],
    ["null", "null"],
    ["a field missing", toStateJson(TRADING).replace('"sequence":1,', "")],
    ["a field unknown", toStateJson(TRADING).replace("{", '{"surprise":1,')],
    ["a prototype", toStateJson(TRADING).replace("{", '{"__proto__":{},')],
    ["a wrong type", toStateJson(TRADING).replace('"sequence":1', '"sequence":"1"')],
    ["a fraction", toStateJson(TRADING).replace('"sequence":1', '"sequence":1.5')],
    ["a negative number", toStateJson(TRADING).replace('"sequence":1', '"sequence":-1')],
    ["a trace out of range", toStateJson(TRADING).replace(/"trace":\d+/, '"trace":1000000')],
    ["a foreign TUSN", toStateJson(TRADING).replace(TUSN, "12")],
    ["a TUSN that is no text", toStateJson(TRADING).replace(`"${TUSN}"`, "12")],
    ["a short digest", toStateJson(TRADING).replace(digestOf("trust"), "ab")],
    ["a report that is no report", toStateJson(TRADING).replace('"unsent":[]', '"unsent":["00"]')],
    ["too many reports", toStateJson(TRADING).replace('"unsent":[]', `"unsent":[${Array(50).fill('"00"')}]`)],
    ["reports that are no list", toStateJson(TRADING).replace('"unsent":[]', '"unsent":{}')],
    ["too many reversals owed", toStateJson({ ...OWING, owed: Array(MAX_OWED + 1).fill(OWING.owed[0]) })],
    ["an unknown phase", toStateJson(STATES["applying"] as State).replace('"applying"', '"flying"')],
    ["a flag that is none", toStateJson(TRADING).replace('"broken":false', '"broken":0')],
  ])("is refused with %s", (_, json) => {
    expect(json).not.toBe(toStateJson(TRADING));
    expect(() => parseStateJson(json)).toThrow(expect.objectContaining({ name: "TillsyncError" }));
  });
});
