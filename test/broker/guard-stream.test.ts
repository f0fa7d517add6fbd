import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { GUARD_LIMITS } from "../../broker/guard/limits.ts";
import { GuardedStream } from "../../broker/guard/stream.ts";
import { startTimer } from "../../broker/guard/timer.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { PINGREQ, toConnect, toPublish } from "../support/mqtt-bytes.ts";
import { SOON_MS } from "../support/patience.ts";

const { connectMs, packetMs, writeMs, waitingBytes, packetBytes } = GUARD_LIMITS;
const CONNECT = toConnect();
const PUBLISH = toPublish("a/b", "payload");

let timers: ManualTimers;
let faults: string[];
let client: Duplex;
let socket: Duplex;
let guarded: GuardedStream;
let passed: Buffer[];

beforeEach(() => {
  timers = new ManualTimers();
  faults = [];
  passed = [];
  [client, socket] = duplexPair();
  client.on("error", () => {});
  guarded = new GuardedStream(socket, {
    limits: GUARD_LIMITS,
    startTimer: timers.startTimer,
    onFault: (code) => faults.push(code),
  });
});

/** Lets everything written so far arrive. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function send(...chunks: readonly Buffer[]): Promise<void> {
  for (const chunk of chunks) {
    client.write(chunk);
    await settle();
  }
}

/** Reads as the broker does. */
function readAll(): void {
  guarded.on("readable", () => {
    const chunk: Buffer | null = guarded.read();
    if (chunk !== null) passed.push(chunk);
  });
}

function expectCut(code: string): void {
  expect(faults).toEqual([code]);
  expect([guarded.destroyed, socket.destroyed]).toEqual([true, true]);
  expect(timers.running()).toEqual([]);
}

function expectOpen(): void {
  expect(faults).toEqual([]);
  expect(guarded.destroyed).toBe(false);
}

describe("what passes the guard", () => {
  it("are whole packets only", async () => {
    readAll();
    await send(CONNECT.subarray(0, 9));
    expect(passed).toEqual([]);
    await send(Buffer.concat([CONNECT.subarray(9), PUBLISH.subarray(0, 5)]));
    expect(Buffer.concat(passed)).toEqual(CONNECT);
    await send(PUBLISH.subarray(5));
    expect(Buffer.concat(passed)).toEqual(Buffer.concat([CONNECT, PUBLISH]));
  });

  it("ends where the client ends", async () => {
    readAll();
    const ended = once(guarded, "end");
    client.end(CONNECT);
    await ended;
    expect(Buffer.concat(passed)).toEqual(CONNECT);
  });

  it("is nothing of what follows a fault", async () => {
    readAll();
    await send(CONNECT, Buffer.of(0x20), PUBLISH);
    expectCut("GUARD_NOT_ALLOWED");
    expect(Buffer.concat(passed)).toEqual(CONNECT);
  });

  it("goes back to the client unchanged, what is written together in one piece", async () => {
    const back: Buffer[] = [];
    client.on("data", (chunk: Buffer) => back.push(chunk));
    guarded.cork();
    guarded.write("one");
    guarded.write(Buffer.from("two"));
    guarded.uncork();
    guarded.write("three");
    await settle();
    expect(back.map(String)).toEqual(["onetwo", "three"]);
    guarded.end();
    await once(client, "end");
  });
});

describe("a client that is slow", () => {
  it("has five seconds for a whole CONNECT, however it drips", async () => {
    readAll();
    timers.elapse(connectMs / 2);
    await send(CONNECT.subarray(0, 4));
    timers.elapse(connectMs / 2 - 1);
    await send(CONNECT.subarray(4, 8));
    expectOpen();
    timers.elapse(1);
    expectCut("GUARD_TOO_SLOW");
  });

  it("has no time limit between packets", async () => {
    readAll();
    await send(CONNECT, PUBLISH);
    expect(timers.running()).toEqual([]);
    timers.elapse(1_000 * packetMs);
    expectOpen();
  });

  it("has its time for every packet from its first byte, however it drips", async () => {
    readAll();
    await send(CONNECT, PUBLISH.subarray(0, 1));
    timers.elapse(packetMs - 1);
    await send(PUBLISH.subarray(1, 4));
    expect(timers.running()).toEqual([1]);
    await send(Buffer.concat([PUBLISH.subarray(4), PINGREQ.subarray(0, 1)]));
    expect(timers.running()).toEqual([packetMs]);
    timers.elapse(packetMs);
    expectCut("GUARD_TOO_SLOW");
  });

  it("is not blamed for what the guard does not read", async () => {
    readAll();
    await send(CONNECT, PUBLISH.subarray(0, 4));
    guarded.hold();
    timers.elapse(10 * packetMs);
    expectOpen();
    guarded.release();
    expect(timers.running()).toEqual([packetMs]);
    await send(PUBLISH.subarray(4));
    expect(Buffer.concat(passed)).toEqual(Buffer.concat([CONNECT, PUBLISH]));
  });
});

describe("a client that sends faster than it is read", () => {
  it("is not read while it is held", async () => {
    readAll();
    await send(CONNECT);
    guarded.hold();
    await send(PUBLISH);
    expect(Buffer.concat(passed)).toEqual(CONNECT);
    guarded.release();
    await settle();
    expect(Buffer.concat(passed)).toEqual(Buffer.concat([CONNECT, PUBLISH]));
  });

  it("is not read while the broker does not ask for more", async () => {
    const large = toPublish("a", Buffer.alloc(30_000));
    await send(CONNECT);
    for (let i = 0; i < 20; i++) await send(large);
    expect(guarded.readableLength).toBeLessThan(packetBytes + 2 * large.length);
    readAll();
    await vi.waitFor(() => expect(Buffer.concat(passed)).toHaveLength(CONNECT.length + 20 * large.length), SOON_MS);
    expectOpen();
  });

  it("is not read any more once the guard is destroyed", async () => {
    await send(CONNECT, PUBLISH.subarray(0, 4));
    guarded.hold();
    guarded.destroy();
    guarded.release();
    expect(timers.running()).toEqual([]);
    expect(faults).toEqual([]);
  });
});

describe("a client that does not read", () => {
  it("is cut when more waits for it than is allowed", async () => {
    const chunk = Buffer.alloc(waitingBytes / 4);
    for (let i = 0; i < 4; i++) guarded.write(chunk);
    await settle();
    expectOpen();
    expect(guarded.waitingBytes).toBeGreaterThan(0);
    const wasWaiting = guarded.waitingBytes;
    guarded.write(Buffer.alloc(waitingBytes - wasWaiting + 1));
    expectCut("GUARD_NOT_READING");
  });

  it("is cut when anything waits for too long", async () => {
    await send(CONNECT);
    guarded.write(Buffer.alloc(waitingBytes / 2));
    await settle();
    timers.elapse(writeMs - 1);
    expectOpen();
    timers.elapse(1);
    expectCut("GUARD_NOT_READING");
  });

  it("is left alone when it reads again in time", async () => {
    await send(CONNECT);
    guarded.write(Buffer.alloc(100_000));
    guarded.write(Buffer.alloc(100_000));
    await settle();
    timers.elapse(writeMs - 1);
    client.resume();
    await vi.waitFor(() => expect(guarded.waitingBytes).toBe(0), SOON_MS);
    timers.elapse(writeMs);
    expectOpen();
  });
});

describe("the end of a connection", () => {
  it.each([
    ["the client's socket closes", () => socket.destroy()],
    ["the client's socket fails", () => socket.destroy(new Error("reset"))],
    ["the broker lets go", () => guarded.destroy()],
  ])("frees everything when %s", async (_, end) => {
    await send(CONNECT.subarray(0, 4));
    guarded.write("x");
    const closed = once(guarded, "close");
    end();
    await closed;
    expect([guarded.destroyed, socket.destroyed]).toEqual([true, true]);
    expect(timers.running()).toEqual([]);
    expect(faults).toEqual([]);
  });

  it("is told as a fault only once", async () => {
    readAll();
    client.write(Buffer.of(0xff));
    client.write(Buffer.of(0xff));
    await settle();
    guarded.write(Buffer.alloc(2 * waitingBytes));
    expectCut("GUARD_NOT_CONNECT");
  });
});

describe("the machine's timer", () => {
  it("calls back once, unless it was stopped", async () => {
    const stopped = vi.fn();
    startTimer(1, stopped)();
    await new Promise<void>((resolve) => startTimer(2, resolve));
    expect(stopped).not.toHaveBeenCalled();
  });
});
