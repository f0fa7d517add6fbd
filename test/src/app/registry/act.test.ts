import { describe, expect, it } from "vitest";
import { parseAct, parseActor } from "../../../../src/app/registry/act.ts";
import { errorOf } from "../../../support/refusal.ts";

describe("the words of an act", () => {
  it("are kept as they are, by the operator where nobody is named", () => {
    expect(parseAct("回收")).toEqual({ actor: "operator", reason: "回收" });
    expect(parseAct("stolen", "li.na")).toEqual({ actor: "li.na", reason: "stolen" });
  });

  it("keep no card number", () => {
    const { actor, reason } = parseAct("for 6228480402564890018, please", "6228480402564890018");
    expect(`${actor} ${reason}`).not.toContain("6228480402564890018");
  });

  it.each(["", " ", "two\nlines", "x".repeat(201)])("have to be a line: %j", (reason) => {
    expect(errorOf(() => parseAct(reason)).code).toBe("CONFIG_INVALID");
  });

  it.each(["", "two words", "x".repeat(65)])("name somebody in plain characters: %j", (by) => {
    expect(errorOf(() => parseActor(by)).code).toBe("CONFIG_INVALID");
  });
});
