import { describe, expect, it } from "vitest";
import { openLog, toErrorFields } from "../../agent/log.ts";
import { TillsyncError } from "../../proto/errors.ts";

function capture() {
  const lines: string[] = [];
  return { lines, log: openLog((line) => lines.push(line)) };
}

describe("the agent's log", () => {
  it("writes one JSON line for each event, with its facts in fields", () => {
    const { lines, log } = capture();
    log("warn", "trust refused", { code: "TRUST_STALE", held: 3 });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      level: "warn",
      event: "trust refused",
      code: "TRUST_STALE",
      held: 3,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  it("never writes anything that looks like a card number", () => {
    const { lines, log } = capture();
    log("error", "effect failed", { detail: "card 6228480402564890018 refused" });
    expect(lines[0]).not.toContain("6228480402564890018");
    expect(JSON.parse(lines[0] as string)["detail"]).toMatch(/^card 622848\*+0018 refused$/);
  });

  it("tells code, facts and cause of an error", () => {
    const cause = new TillsyncError("SLOT_CORRUPT");
    expect(toErrorFields(new TillsyncError("STATE_CORRUPT", { name: "x" }, cause))).toEqual({
      code: "STATE_CORRUPT",
      name: "x",
      cause: "SLOT_CORRUPT",
    });
    expect(toErrorFields(new TillsyncError("STATE_CORRUPT"))).toEqual({ code: "STATE_CORRUPT" });
    expect(toErrorFields(new TillsyncError("STATE_CORRUPT", {}, new Error("disk")))).toMatchObject({
      cause: "Error: disk",
    });
    expect(toErrorFields(new Error("disk"))).toEqual({ code: "INTERNAL", what: "Error: disk" });
  });
});
