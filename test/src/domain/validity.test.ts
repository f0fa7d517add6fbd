import { describe, expect, it } from "vitest";
import { CLOCK_SLACK_S, toDueAt } from "../../../src/domain/validity.ts";

describe("toDueAt", () => {
  it("is now where even a clock that is behind has come to the directive's time", () => {
    expect(toDueAt(1_000 - CLOCK_SLACK_S, 1_000)).toBe(1_000);
    expect(toDueAt(5, 1_000)).toBe(1_000);
  });

  it("is later by the slack where it has not", () => {
    expect(toDueAt(2_000, 1_000)).toBe(2_000 + CLOCK_SLACK_S);
  });
});
