import { describe, expect, it } from "vitest";
import { boundLog, LOG_WINDOW_S, MAX_LINES_PER_WINDOW, openLog, toErrorFields } from "../../agent/log.ts";
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

  it("has a bound in every window, and tells how many lines it left out", () => {
    const { lines, log } = capture();
    let now = 1_000;
    const bounded = boundLog(log, () => now);
    for (let n = 0; n < 10 * MAX_LINES_PER_WINDOW; n += 1) bounded("warn", "trust refused", { n });
    expect(lines).toHaveLength(MAX_LINES_PER_WINDOW);
    now += LOG_WINDOW_S;
    bounded("info", "connected");
    const left = { event: "log lines left out", lines: 9 * MAX_LINES_PER_WINDOW };
    const told = lines.slice(MAX_LINES_PER_WINDOW).map((line) => JSON.parse(line));
    expect(told).toMatchObject([left, { event: "connected" }]);
    now += LOG_WINDOW_S;
    bounded("info", "connected");
    expect(lines).toHaveLength(MAX_LINES_PER_WINDOW + 3);
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
