import { describe, expect, it } from "vitest";
import { isInService, LIFE_EVENTS, LIVES, type Life, type LifeEvent, stepLife } from "../../../src/domain/life.ts";

const PROGRESS = ["verified", "bound", "committed"] as const;

function step(life: Life, event: LifeEvent, lifeBefore: Life | "" = ""): string {
  try {
    const standing = stepLife({ life, lifeBefore }, event);
    return standing.lifeBefore === "" ? standing.life : `${standing.life} (${standing.lifeBefore})`;
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe("a terminal's life", () => {
  it.each<[Life, LifeEvent, string]>([
    ["registered", "verified", "verified"],
    ["registered", "bound", "bound"],
    ["registered", "committed", "active"],
    ["verified", "bound", "bound"],
    ["bound", "verified", "bound"],
    ["bound", "committed", "active"],
    ["active", "bound", "active"],
    ["active", "unbound", "registered"],
    ["active", "suspend", "suspended (active)"],
    ["active", "resume", "STATE_CONFLICT"],
    ["active", "retire", "retired"],
    ["bound", "replace", "replaced"],
  ])("leads from %s by %s to %s", (life, event, to) => {
    expect(step(life, event)).toBe(to);
  });

  it.each<[LifeEvent, Life | "", string]>([
    ["suspend", "bound", "suspended (bound)"],
    ["resume", "bound", "bound"],
    ["resume", "", "registered"],
    ["committed", "bound", "suspended (active)"],
    ["unbound", "active", "suspended (registered)"],
    ["retire", "bound", "retired"],
    ["replace", "bound", "replaced"],
  ])("while suspended leads by %s from %j before it to %s", (event, before, to) => {
    expect(step("suspended", event, before)).toBe(to);
  });

  it("never leads out of the end", () => {
    for (const life of ["retired", "replaced"] as const) {
      expect(isInService({ life })).toBe(false);
      for (const event of LIFE_EVENTS) expect(step(life, event), event).toBe("STATE_CONFLICT");
    }
  });

  it("never goes back by progress", () => {
    const order: readonly string[] = ["registered", "verified", "bound", "active"];
    for (const life of LIVES.filter((candidate) => order.includes(candidate))) {
      expect(isInService({ life })).toBe(true);
      for (const event of PROGRESS)
        expect(order.indexOf(step(life, event))).toBeGreaterThanOrEqual(order.indexOf(life));
    }
  });
});
