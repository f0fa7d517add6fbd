import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { acquireLock } from "../../agent/lock.ts";
import { makeFolder } from "../support/agent-process.ts";

const made: { remove(): void }[] = [];
let folder = "";

beforeEach(() => {
  const one = makeFolder();
  made.push(one);
  folder = one.folder;
});

afterAll(() => {
  for (const { remove } of made) remove();
});

const lockFile = () => join(folder, "agent.lock");

/** Whoever started this process: alive, and not this process. */
const OTHER = process.ppid;

function toBegan(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}/${ticks}`;
}

function leave(holder: object | string): void {
  writeFileSync(lockFile(), typeof holder === "string" ? holder : JSON.stringify(holder));
}

describe("the lock on a state folder", () => {
  it("is taken and let go, with nothing left behind", () => {
    const release = acquireLock(folder);
    expect(JSON.parse(readFileSync(lockFile(), "utf8"))).toMatchObject({ pid: process.pid });
    expect(readdirSync(folder)).toEqual(["agent.lock"]);
    release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps a second agent off while the first one lives", () => {
    leave({ pid: OTHER, began: toBegan(OTHER) });
    expect(() => acquireLock(folder)).toThrow(expect.objectContaining({ code: "AGENT_RUNNING" }));
    expect(readdirSync(folder)).toEqual(["agent.lock"]);
    expect(JSON.parse(readFileSync(lockFile(), "utf8"))).toMatchObject({ pid: OTHER });
  });

  it.each([
    ["of a process that is gone", { pid: 0x7fff_fff0, began: "" }],
    ["of a process whose number another one has by now", { pid: OTHER, began: "an earlier boot/1" }],
    ["of this process's number before the power cut", { pid: process.pid, began: "an earlier boot/1" }],
    ["that a power cut tore", '{"pid":'],
    ["that is empty", ""],
  ])("is taken over where it is one %s", (_, holder) => {
    leave(holder);
    acquireLock(folder);
    expect(JSON.parse(readFileSync(lockFile(), "utf8"))).toMatchObject({ pid: process.pid });
    expect(readdirSync(folder)).toEqual(["agent.lock"]);
  });
});
