import { beforeEach, describe, expect, it } from "vitest";
import type { Peer } from "../../../broker/bus.ts";
import { POLLING_LIMITS, toNextPoll } from "../../../broker/polling/limits.ts";
import { Polling } from "../../../broker/polling/polling.ts";
import { MAX_PACKET_BYTES } from "../../../proto/bounds.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseDesired } from "../../../proto/polling.ts";
import type { UpKind } from "../../../proto/topics.ts";
import { BusRecorder } from "../../support/bus-recorder.ts";
import { TUSN_A, TUSN_B } from "../../support/certificates.ts";
import { ManualTimers } from "../../support/manual-timers.ts";

const code = (name: string, fields = {}) =>
  expect.objectContaining({ code: name, fields: expect.objectContaining(fields) });
const NO_SESSION = undefined;
const peer = (tusn = TUSN_A, fingerprint = 1, remote = "10.0.0.1"): Peer => {
  return { tusn, fingerprint: new Uint8Array(32).fill(fingerprint), remote };
};
const say = (kind: UpKind, text: string = kind) => ({ kind, envelope: Buffer.from(text) });
const HELLO = [say("hello")];

let recorder: BusRecorder;
let timers: ManualTimers;
let polling: Polling;
let now: number;

function elapse(ms: number): void {
  now += ms;
  timers.elapse(ms);
}

function open(limits: Partial<typeof POLLING_LIMITS> = {}): void {
  recorder = new BusRecorder();
  timers = new ManualTimers();
  now = 1_000_000;
  const { startTimer } = timers;
  const options = { limits: { ...POLLING_LIMITS, ...limits }, startTimer, now: () => now, random: () => 0.5 };
  polling = new Polling(options, recorder);
}

beforeEach(() => open());

const hello = async (from = peer()) => (await polling.upload(from, NO_SESSION, HELLO)).session;

function texts(from: Peer, session: string): readonly string[] {
  const { bytes } = polling.desired(from, session, []);
  return parseDesired(bytes ?? Buffer.alloc(0)).messages.map(({ payload }) => Buffer.from(payload).toString());
}

describe("a terminal that polls", () => {
  it("is connected from its hello, which is handed over after that", async () => {
    let presence: readonly string[] = [];
    recorder.store = async () => {
      presence = [...recorder.presence];
    };
    await hello();
    expect(presence).toEqual([`+${TUSN_A}`]);
    expect(polling.connected()).toEqual([TUSN_A]);
    expect(recorder.asked).toEqual([peer()]);
    expect(recorder.received.map(({ tusn, kind }) => [tusn, kind])).toEqual([[TUSN_A, "hello"]]);
  });

  it.each(["report", "proof"] as const)("has nothing taken before its hello, such as a %s", async (kind) => {
    await expect(polling.upload(peer(), NO_SESSION, [say(kind), ...HELLO])).rejects.toThrow(code("HELLO_MISSING"));
    expect(() => polling.desired(peer(), NO_SESSION, [])).toThrow(code("HELLO_MISSING"));
    expect([recorder.asked, recorder.received]).toEqual([[], []]);
  });

  it("reads what is sent to it, and nobody else does, not by its session either", async () => {
    const [a, b] = [await hello(), await hello(peer(TUSN_B))];
    expect(polling.send(TUSN_A, "directive", Buffer.from("for A"))).toBe(true);
    expect(polling.send(TUSN_B, "directive", Buffer.from("for B"))).toBe(true);
    expect(() => polling.desired(peer(TUSN_B), a, [])).toThrow(code("HELLO_MISSING"));
    expect(() => polling.desired(peer(TUSN_A), b, [])).toThrow(code("HELLO_MISSING"));
    expect(() => polling.desired(peer(TUSN_A, 2), a, [])).toThrow(code("HELLO_MISSING"));
    expect([texts(peer(), a), texts(peer(TUSN_B), b)]).toEqual([["for A"], ["for B"]]);
  });

  it("is asked again within its time, sooner while something is under way", async () => {
    const { nextPollS, session } = await polling.upload(peer(), NO_SESSION, HELLO);
    expect(nextPollS).toBe(toNextPoll(POLLING_LIMITS.activePollS, 0.5));
    for (let ms = 0; ms < POLLING_LIMITS.activeMs; ms += 10_000) {
      polling.desired(peer(), session, []);
      elapse(10_000);
    }
    expect(polling.desired(peer(), session, []).nextPollS).toBe(toNextPoll(POLLING_LIMITS.pollS, 0.5));
    for (const kind of ["receipt", "trust"] as const) polling.send(TUSN_A, kind, Buffer.from("x"));
    expect(polling.desired(peer(), session, []).nextPollS).toBe(toNextPoll(POLLING_LIMITS.pollS, 0.5));
    polling.send(TUSN_A, "directive", Buffer.from("x"));
    expect(polling.desired(peer(), session, []).nextPollS).toBe(toNextPoll(POLLING_LIMITS.activePollS, 0.5));
  });

  it("is gone when it misses its next poll by more than the grace, and what waited is lost", async () => {
    const session = await hello();
    polling.send(TUSN_A, "directive", Buffer.from("x"));
    const dueMs = () => polling.desired(peer(), session, []).nextPollS * 1_000 + POLLING_LIMITS.graceMs;
    elapse(dueMs() - 1);
    elapse(dueMs() - 1);
    expect(polling.connected()).toEqual([TUSN_A]);
    elapse(1);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`]);
    expect(polling.send(TUSN_A, "directive", Buffer.from("x"))).toBe(false);
    expect(() => polling.desired(peer(), session, [])).toThrow(code("HELLO_MISSING"));
    expect(texts(peer(), await hello())).toEqual([]);
    expect(recorder.takeovers).toEqual([]);
  });

  it("takes its own place by a hello in no session, which counts as that; one in its session does not", async () => {
    const first = await hello();
    expect((await polling.upload(peer(), first, HELLO)).session).toBe(first);
    expect(recorder.takeovers).toEqual([]);
    const second = await hello(peer(TUSN_A, 1, "10.0.0.2"));
    expect(second).not.toBe(first);
    expect(recorder.takeovers).toEqual([[peer(), peer(TUSN_A, 1, "10.0.0.2")]]);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`, `+${TUSN_A}`]);
    expect(() => polling.desired(peer(), first, [])).toThrow(code("HELLO_MISSING"));
    expect(recorder.asked).toHaveLength(2);
  });

  it("is in no session where its take-over has it cut off", async () => {
    await hello();
    recorder.onTakenOver = () => polling.disconnect(TUSN_A);
    await expect(hello()).rejects.toThrow(code("BUS_CLOSED"));
    expect(polling.connected()).toEqual([]);
    expect(recorder.received).toHaveLength(1);
  });
});

describe("an upload", () => {
  it("is stored message by message, in order, one at a time, before it is answered", async () => {
    let running = 0;
    let most = 0;
    recorder.store = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const said = [say("hello"), say("report", "1"), say("proof", "2"), say("report", "3")];
    expect((await polling.upload(peer(), NO_SESSION, said)).codes).toEqual(["", "", "", ""]);
    expect([most, running, recorder.texts()]).toEqual([1, 0, ["hello", "1", "2", "3"]]);
  });

  it("tells what was not stored, hands over nothing after it, and ends the session", async () => {
    const session = await hello();
    recorder.store = async ({ payload }) => {
      if (Buffer.from(payload).toString() === "2") throw new TillsyncError("STORE_FAILED");
    };
    const { codes } = await polling.upload(peer(), session, [
      say("report", "1"),
      say("report", "2"),
      say("report", "3"),
    ]);
    expect(codes).toEqual(["", "STORE_FAILED", "BUS_CLOSED"]);
    expect(recorder.texts()).toEqual(["hello", "1", "2"]);
    expect(() => polling.desired(peer(), session, [])).toThrow(code("HELLO_MISSING"));
  });

  it("waits no longer than its bound for all that it holds", async () => {
    const session = await hello();
    recorder.store = () => {
      setImmediate(() => elapse(POLLING_LIMITS.receiveMs));
      return new Promise(() => {});
    };
    const slow = await polling.upload(peer(), session, [say("report", "1"), say("report", "2")]);
    expect(slow.codes).toEqual(["RECEIVE_TOO_SLOW", "BUS_CLOSED"]);

    open();
    const again = await hello();
    recorder.store = async () => {
      now += POLLING_LIMITS.receiveMs;
    };
    const late = await polling.upload(peer(), again, [say("report", "1"), say("report", "2")]);
    expect(late.codes).toEqual(["", "RECEIVE_TOO_SLOW"]);
    expect(recorder.texts()).toEqual(["hello", "1"]);
  });

  it("of a terminal waits for no other terminal's, and is the only one of its own", async () => {
    let finish = () => {};
    recorder.store = ({ tusn }) => (tusn === TUSN_A ? new Promise((resolve) => (finish = resolve)) : Promise.resolve());
    const slow = polling.upload(peer(), NO_SESSION, HELLO);
    await expect(polling.upload(peer(), NO_SESSION, HELLO)).rejects.toThrow(code("RATE_LIMITED", { seconds: 1 }));
    await hello(peer(TUSN_B));
    finish();
    expect((await slow).codes).toEqual([""]);
    recorder.store = async () => {};
    await hello();
  });
});

describe("who may poll", () => {
  it.each(["NOT_FOUND", "CERTIFICATE_REVOKED"] as const)("is not whom the service refuses with %s", async (refusal) => {
    recorder.decide = () => Promise.reject(new TillsyncError(refusal));
    await expect(hello()).rejects.toThrow(code(refusal));
    expect([recorder.received, recorder.presence]).toEqual([[], []]);
  });

  it("is not whom it does not decide about in time", async () => {
    recorder.decide = () => new Promise(() => {});
    const asked = hello();
    timers.elapse(POLLING_LIMITS.admitMs);
    await expect(asked).rejects.toThrow(code("ADMISSION_TOO_SLOW"));
  });

  it("is not whom it cuts off while it decides", async () => {
    let admit = () => {};
    recorder.decide = () => new Promise((resolve) => (admit = () => resolve("full")));
    const asked = hello();
    polling.disconnect(TUSN_A);
    admit();
    await expect(asked).rejects.toThrow(code("BUS_CLOSED"));
    recorder.decide = async () => "full";
    await hello();
  });

  it("says hello and nothing else where that is all it may, and is sent nothing", async () => {
    recorder.decide = async () => "greeting";
    const session = await hello();
    expect([polling.connected(), recorder.presence]).toEqual([[], []]);
    expect(polling.send(TUSN_A, "trust", Buffer.from("x"))).toBe(false);
    expect(texts(peer(), session)).toEqual([]);
    for (const kind of ["report", "proof"] as const) {
      const again = await hello();
      expect((await polling.upload(peer(), again, [...HELLO, say(kind)])).codes).toEqual(["", "ACCESS_DENIED"]);
      expect(() => polling.desired(peer(), again, [])).toThrow(code("HELLO_MISSING"));
    }
    expect(new Set(recorder.texts())).toEqual(new Set(["hello"]));
  });

  it("are so many at once", async () => {
    open({ terminals: 1 });
    await hello();
    await expect(hello(peer(TUSN_B))).rejects.toThrow(code("RATE_LIMITED", { seconds: 60 }));
    await hello();
    polling.disconnect(TUSN_A);
    await hello(peer(TUSN_B));
  });
});

describe("a bus for polling", () => {
  it("keeps nothing for a terminal that is not there, and refuses what no packet could hold", async () => {
    expect(polling.send(TUSN_A, "trust", Buffer.from("lost"))).toBe(false);
    const session = await hello();
    expect(texts(peer(), session)).toEqual([]);
    const tooLarge = Buffer.alloc(MAX_PACKET_BYTES + 1);
    expect(() => polling.send(TUSN_B, "trust", tooLarge)).toThrow(code("BYTES_TOO_LARGE"));
  });

  it("waits for what is being stored when it closes, and takes nothing more", async () => {
    let finish = () => {};
    recorder.store = () => new Promise((resolve) => (finish = resolve));
    const upload = polling.upload(peer(), NO_SESSION, [...HELLO, say("report")]);
    await new Promise((resolve) => setImmediate(resolve));
    let isClosed = false;
    const closed = polling.close().then(() => (isClosed = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    finish();
    await closed;
    expect((await upload).codes).toEqual(["", "BUS_CLOSED"]);
    expect(recorder.texts()).toEqual(["hello"]);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`]);
    await expect(hello()).rejects.toThrow(code("BUS_CLOSED"));
    expect(() => polling.send(TUSN_A, "trust", Buffer.from("x"))).toThrow(code("BUS_CLOSED"));
    expect(timers.running()).toEqual([]);
  });
});

it("a terminal is asked to wait for between half of the time and all of it, and never for nothing", () => {
  expect([toNextPoll(30, 0), toNextPoll(30, 0.5), toNextPoll(30, 0.999)]).toEqual([15, 23, 30]);
  expect([toNextPoll(1, 0), toNextPoll(1, 0.999)]).toEqual([1, 1]);
});
