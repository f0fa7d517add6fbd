import { describe, expect, it } from "vitest";
import { createState, skipUsed } from "../../../agent/machine/state.ts";
import { openStateFile, readState } from "../../../agent/slots/state-file.ts";
import { toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { START, TRADING, TUSN } from "../../support/machine.ts";
import { MemoryFiles } from "../../support/memory-files.ts";

const corrupt = expect.objectContaining({ code: "STATE_CORRUPT" });

/** A file under a right checksum. */
function seal(rest: string): Uint8Array {
  return toUtf8(`${toHex(toDigest(toUtf8(rest)))}\n${rest}`);
}

describe("the state file", () => {
  it("is made where there is none, and read back as it was saved", () => {
    const files = new MemoryFiles();
    expect(readState(files)).toBeUndefined();
    const opened = openStateFile(files, TUSN, START);
    expect(opened.state).toEqual(createState(TUSN, START));
    opened.save(TRADING);
    expect(opened.state).toBe(TRADING);
    const again = openStateFile(files, TUSN, START);
    expect(again).toMatchObject({ state: TRADING, recovered: false });
  });

  it("keeps the generation before, in a file of its own", () => {
    const files = new MemoryFiles();
    const opened = openStateFile(files, TUSN, START);
    opened.save(TRADING);
    opened.save({ ...TRADING, counter: TRADING.counter + 1 });
    expect(files.list().toSorted()).toEqual(["state.0", "state.1"]);
    for (const newest of ["state.1"]) files.damage(newest, undefined);
    const again = openStateFile(files, TUSN, START);
    expect(again).toMatchObject({ state: skipUsed(TRADING), recovered: true });
    expect(openStateFile(files, TUSN, START)).toMatchObject({ state: skipUsed(TRADING), recovered: false });
  });

  it("that an older copy was put in place of counts as damaged", () => {
    const files = new MemoryFiles();
    const opened = openStateFile(files, TUSN, START);
    const old = files.read("state.1") as Uint8Array;
    for (let i = 0; i < 4; i += 1) opened.save({ ...TRADING, counter: TRADING.counter + i });
    files.damage("state.1", old);
    const again = openStateFile(files, TUSN, START);
    expect(again.recovered).toBe(true);
    expect(again.state.counter).toBeGreaterThan(opened.state.counter);
  });

  it.each([
    ["no state at all", "1\n{}\n"],
    ["no lines", "x"],
    ["another version's state", '1\n{"tusn":"00000304N7NL01933217"}\n'],
  ])("is not guessed where it is sealed well but holds %s", (_, rest) => {
    const files = new MemoryFiles();
    files.damage("state.1", seal(rest));
    expect(() => openStateFile(files, TUSN, START)).toThrow(corrupt);
  });

  it("of another terminal is not taken, and not written over", () => {
    const files = new MemoryFiles();
    openStateFile(files, TUSN, START);
    const operations = files.operations;
    expect(() => openStateFile(files, parseTusn("00000304N7NL00072365"), START)).toThrow(corrupt);
    expect(files.operations).toBe(operations);
  });
});
