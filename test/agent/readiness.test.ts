import { beforeEach, describe, expect, it } from "vitest";
import { READINESS_CHECK_MS, Readiness, watchReadiness } from "../../agent/readiness.ts";
import type { TerminalStatus } from "../../agent/terminal/terminal.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { BUSY_REASONS, type BusyReason } from "../../proto/terminal-messages.ts";
import { ManualTimers } from "../support/manual-timers.ts";

const busyWith = (reason: BusyReason): TerminalStatus => ({ kind: "busy", reason });
const READY: TerminalStatus = { kind: "ready" };

let timers: ManualTimers;
let answer: () => Promise<TerminalStatus>;
let asked: number;
let atWork: boolean;
let told: (BusyReason | undefined)[];
let logged: string[];
let readiness: Readiness;

beforeEach(() => {
  timers = new ManualTimers();
  answer = async () => READY;
  asked = 0;
  atWork = false;
  told = [];
  logged = [];
  readiness = new Readiness({
    readStatus: () => {
      asked += 1;
      return answer();
    },
  });
});

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function watch(): Promise<() => void> {
  const end = watchReadiness({
    ...{ readiness, isAtWork: () => atWork, startTimer: timers.startTimer },
    announce: () => told.push(readiness.busy),
    log: (_level, event) => logged.push(event),
  });
  await settle();
  return end;
}

async function look(): Promise<void> {
  timers.elapse(READINESS_CHECK_MS);
  await settle();
}

describe("a terminal's readiness", () => {
  it("is what it said last, but for a transaction, which passes before anybody has read of it", async () => {
    let last: BusyReason | undefined;
    for (const reason of ["in_transaction", ...BUSY_REASONS, "in_transaction"] as const) {
      answer = async () => busyWith(reason);
      expect(await readiness.read()).toBe(reason);
      if (reason !== "in_transaction") last = reason;
      expect(readiness.busy).toBe(last);
    }
    answer = async () => READY;
    expect(await readiness.read()).toBeUndefined();
    expect(readiness.busy).toBeUndefined();
  });

  it("is not known where it does not answer, which counts as busy for an update", async () => {
    answer = async () => busyWith("open_batch");
    await readiness.read();
    answer = async () => {
      throw new TillsyncError("COMMAND_FAILED");
    };
    expect(await readiness.read()).toBe("COMMAND_FAILED");
    expect(readiness.busy).toBeUndefined();
  });
});

describe("a watch over readiness", () => {
  it("tells each change once, within its bound, until it is ended", async () => {
    answer = async () => busyWith("open_batch");
    const end = await watch();
    expect(told).toEqual(["open_batch"]);
    await look();
    expect(told).toEqual(["open_batch"]);
    answer = async () => READY;
    await look();
    expect(told).toEqual(["open_batch", undefined]);
    expect(logged).toEqual(["terminal busy", "terminal ready"]);
    end();
    answer = async () => busyWith("printer");
    await look();
    expect({ told, asked }).toEqual({ told: ["open_batch", undefined], asked: 3 });
  });

  it("tells nothing of a trade, before which and after which it is what it was", async () => {
    for (const reason of ["open_batch", "in_transaction", "open_batch", "in_transaction"] as const) {
      answer = async () => busyWith(reason);
      if (asked === 0) await watch();
      else await look();
    }
    expect({ told, asked }).toEqual({ told: ["open_batch"], asked: 4 });
    answer = async () => READY;
    await look();
    answer = async () => busyWith("in_transaction");
    await look();
    expect({ told, asked }).toEqual({ told: ["open_batch", undefined], asked: 6 });
  });

  it("says nothing where the terminal is ready from the beginning", async () => {
    await watch();
    await look();
    expect({ told, asked }).toEqual({ told: [], asked: 2 });
  });

  it("asks nothing while an update is at work, and tells what the update itself was told", async () => {
    await watch();
    atWork = true;
    await look();
    expect(asked).toBe(1);
    answer = async () => busyWith("low_power");
    await readiness.read();
    await look();
    expect({ told, asked }).toEqual({ told: ["low_power"], asked: 2 });
  });

  it("does not ask again while a terminal has not answered, and nothing after its end", async () => {
    let reply = (_: TerminalStatus): void => {};
    answer = () =>
      new Promise((resolve) => {
        reply = resolve;
      });
    const end = await watch();
    await look();
    await look();
    expect(asked).toBe(1);
    end();
    reply(busyWith("open_batch"));
    await look();
    expect({ told, asked }).toEqual({ told: [], asked: 1 });
  });
});
