import { describe, expect, it } from "vitest";
import { TillsyncError } from "../../proto/errors.ts";
import { openLog, toErrorFields } from "../../src/log.ts";

const CARD = "6228480402564890018";

function open(level: Parameters<typeof openLog>[0] = "info") {
  const lines: string[] = [];
  return { lines, log: openLog(level, { write: (line) => lines.push(line) }) };
}

describe("the log", () => {
  it("writes one JSON object a line, with time, level, message and fields", () => {
    const { log, lines } = open();
    log.info({ terminal: "0000290210015708" }, "terminal connected");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      terminal: "0000290210015708",
      msg: "terminal connected",
    });
  });

  it("never shows a card number, wherever on the line it stands", () => {
    const { log, lines } = open();
    log.info({ note: CARD }, "note");
    log.info({ deep: { list: [`card ${CARD}.`] } }, "note");
    log.info({ [CARD]: 1 }, "note");
    log.info(`message ${CARD}`);
    log.child({ bound: CARD }).error(new Error(CARD));
    for (const line of lines) {
      expect(line).not.toContain(CARD);
      expect(line).toContain("0018");
      expect(() => JSON.parse(line)).not.toThrow();
    }
    expect(lines).toHaveLength(5);
  });

  it("leaves a TUSN as it is", () => {
    const { log, lines } = open();
    log.info({ terminal: "000006026270832837" }, "note");
    expect(lines[0]).toContain("000006026270832837");
  });

  it("writes nothing below its level", () => {
    const { log, lines } = open("warn");
    log.info("note");
    expect(lines).toEqual([]);
  });
});

describe("toErrorFields", () => {
  it("tells code, facts and cause of our own errors, never a stack", () => {
    const error = new TillsyncError("STORE_FAILED", { sqlite: "SQLITE_FULL" }, new Error("disk is full"));
    expect(toErrorFields(error)).toEqual({ code: "STORE_FAILED", sqlite: "SQLITE_FULL", cause: "disk is full" });
    expect(toErrorFields(new TillsyncError("NOT_FOUND"))).toEqual({ code: "NOT_FOUND" });
  });

  it("tells where a fault of ours came from", () => {
    expect(toErrorFields(new Error("fault"))).toEqual({ code: "INTERNAL", stack: expect.stringContaining("log.test") });
    expect(toErrorFields("text")).toEqual({ code: "INTERNAL", stack: "text" });
  });
});
