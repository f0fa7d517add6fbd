import { describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import {
  CHANGE_EVENTS,
  CHANGE_KINDS,
  CHANGE_STATES,
  type ChangeEvent,
  type ChangeState,
  isOpen,
  stepChange,
  toGroup,
} from "../../../../src/domain/changes/change.ts";

function tryStep(state: ChangeState, event: ChangeEvent): string {
  try {
    return stepChange(state, event);
  } catch (error) {
    return toErrorCode(error);
  }
}

/** What each event leads to from each state, in the order of CHANGE_STATES; a dash where it cannot be. */
const TABLE: Readonly<Record<ChangeEvent, string>> = {
  //         draft     submitted rejected  approved  releasing done failed withdrawn
  amend: "   draft     -         draft     -         -         -    draft  -",
  submit: "  submitted -         -         -         -         -    -      -",
  reject: "  -         rejected  -         rejected  -         -    -      -",
  withdraw: "withdrawn withdrawn withdrawn withdrawn -         -    -      -",
  approve: " -         approved  -         -         -         -    -      -",
  lapse: "   -         rejected  -         rejected  -         -    -      -",
  bar: "     -         rejected  -         rejected  -         -    -      -",
  release: " -         -         -         releasing -         -    -      -",
  conclude: "-         -         -         -         done      -    -      -",
  fail: "    -         -         -         -         failed    -    -      -",
};

describe("a change", () => {
  it.each(CHANGE_EVENTS)("goes by %s where it may, and nowhere else", (event) => {
    const expected = TABLE[event].trim().split(/\s+/);
    const found = CHANGE_STATES.map((state) => tryStep(state, event));
    expect(found).toEqual(expected.map((state) => (state === "-" ? "STATE_CONFLICT" : state)));
  });

  it("keeps others of its group out until it has ended", () => {
    expect(CHANGE_STATES.filter(isOpen)).toEqual(["draft", "submitted", "rejected", "approved", "releasing"]);
    expect(CHANGE_KINDS.map(toGroup)).toEqual(["merchant", "contact", "settlement", "settlement", "settlement"]);
  });

  it("is over for good once it is done or withdrawn", () => {
    for (const event of CHANGE_EVENTS) {
      expect(tryStep("done", event)).toBe("STATE_CONFLICT");
      expect(tryStep("withdrawn", event)).toBe("STATE_CONFLICT");
    }
  });
});
