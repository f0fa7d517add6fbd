import { describe, expect, it } from "vitest";
import { toOwnerKind } from "../../../../src/domain/records/owner.ts";

describe("the kind of owner", () => {
  it.each([
    ["91350100M000100Y43", "enterprise"],
    ["911100007109250324", "enterprise"],
    ["92350102MA2XY8K356", "sole_trader"],
    // A school and an association: organisations that settle in their own name.
    ["123500004880000001", "enterprise"],
    ["513500005000000009", "enterprise"],
    ["", "micro"],
  ])("of USCC %j is %s", (uscc, kind) => {
    expect(toOwnerKind(uscc)).toBe(kind);
  });
});
