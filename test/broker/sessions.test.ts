import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { Aedes, type Client } from "aedes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Inbox } from "../../broker/embedded/inbox.ts";
import { EMBEDDED_LIMITS } from "../../broker/embedded/limits.ts";
import { Session } from "../../broker/embedded/session.ts";
import { Sessions } from "../../broker/embedded/sessions.ts";
import { GUARD_LIMITS } from "../../broker/guard/limits.ts";
import { GuardedStream } from "../../broker/guard/stream.ts";
import { DOWN_KINDS, toDownTopic } from "../../proto/topics.ts";
import { BusRecorder } from "../support/bus-recorder.ts";
import { TUSN_A } from "../support/certificates.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { toConnect } from "../support/mqtt-bytes.ts";

const { startTimer } = new ManualTimers();
const PEER = { tusn: TUSN_A, fingerprint: new Uint8Array(32), remote: "192.0.2.1" };
const FILTERS = DOWN_KINDS.map((kind) => toDownTopic(TUSN_A, kind));

interface Opened {
  readonly client: Client;
  readonly session: Session;
  readonly stream: GuardedStream;
  /** The terminal's end. */
  readonly far: Duplex;
}

let recorder: BusRecorder;
let sessions: Sessions;
let inbox: Inbox;
let aedes: Aedes;

beforeEach(() => {
  recorder = new BusRecorder();
  sessions = new Sessions(recorder, () => {}, EMBEDDED_LIMITS);
  const rate = { take: () => 0 };
  inbox = new Inbox({ receive: (message) => recorder.receive(message), receiveMs: 1, startTimer, rate });
  aedes = new Aedes();
});

afterEach(() => sessions.dropAll());

function open(): Opened {
  const [far, near] = duplexPair();
  const stream = new GuardedStream(near, { limits: GUARD_LIMITS, startTimer, onFault: () => {} });
  const client = aedes.handle(stream);
  const session = new Session(PEER, stream, client, inbox, EMBEDDED_LIMITS);
  session.admission = "full";
  sessions.open(client, session);
  return { client, session, stream, far };
}

function openReady(): Opened {
  const opened = open();
  sessions.begin(opened.client);
  sessions.subscribe(opened.client, FILTERS);
  return opened;
}

/** Lets everything written so far arrive. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe("the connections of one terminal", () => {
  it("are cut but for the newest, even where the broker has lost sight of an older one", () => {
    const older = openReady();
    const newer = openReady();
    expect([older.stream.destroyed, newer.stream.destroyed]).toEqual([true, false]);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`, `+${TUSN_A}`]);
    expect(sessions.ready(TUSN_A)).toBe(newer.session);
  });

  it("do not count before CONNECT, nor when they closed during it", async () => {
    const current = openReady();
    const silent = open();
    sessions.subscribe(silent.client, FILTERS);
    expect(sessions.ready(TUSN_A)).toBe(current.session);
    silent.stream.destroy();
    sessions.begin(silent.client);
    await once(silent.stream, "close");
    sessions.begin(silent.client);
    sessions.subscribe(silent.client, FILTERS);
    sessions.unsubscribe(silent.client, FILTERS);
    expect(sessions.ready(TUSN_A)).toBe(current.session);
    expect(recorder.presence).toEqual([`+${TUSN_A}`]);
  });

  it("are not disturbed when an older one's socket closes late", async () => {
    const older = openReady();
    const closed = once(older.stream, "close");
    const newer = openReady();
    await closed;
    expect(sessions.ready(TUSN_A)).toBe(newer.session);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`, `+${TUSN_A}`]);
  });

  it("are two at most: a newer one takes the place of the oldest that awaits CONNECT", () => {
    const silent = [open(), open(), open()];
    expect(silent.map(({ stream }) => stream.destroyed)).toEqual([true, false, false]);
    for (const { client } of silent.slice(1)) sessions.begin(client);
    expect(silent.map(({ stream }) => stream.destroyed)).toEqual([true, true, false]);

    const later = [open(), open()];
    expect(later.map(({ stream }) => stream.destroyed)).toEqual([true, false]);
    expect(silent.at(-1)?.stream.destroyed).toBe(false);
  });

  it("leave their places at once when they end", () => {
    const current = openReady();
    const awaited = open();
    current.stream.destroy();
    const newer = open();
    expect([awaited, newer].map(({ stream }) => stream.destroyed)).toEqual([false, false]);
  });

  it("are all cut on demand, those that await CONNECT too", () => {
    const opened = [openReady(), open()];
    sessions.drop(TUSN_A);
    expect(opened.map(({ stream }) => stream.destroyed)).toEqual([true, true]);
    sessions.drop(TUSN_A);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`]);
  });

  it("cannot be sent to in the moment between their end and its notice", () => {
    const { stream } = openReady();
    stream.destroy();
    expect(recorder.presence).toEqual([`+${TUSN_A}`]);
    expect(sessions.ready(TUSN_A)).toBeUndefined();
  });
});

describe("a connection with too many messages to store", () => {
  it("is not read until fewer wait", async () => {
    let finish = () => {};
    recorder.store = () => new Promise((resolve) => (finish = resolve));
    const { session, stream, far } = open();
    const stored = Array.from({ length: EMBEDDED_LIMITS.unstoredMessages }, () =>
      session.receive("report", Buffer.alloc(1)),
    );
    // Without its listener the broker leaves what the guard lets through where it can be seen.
    stream.removeAllListeners("readable");
    far.write(toConnect());
    await settle();
    expect(stream.readableLength).toBe(0);

    recorder.store = async () => {};
    finish();
    await Promise.all(stored);
    await settle();
    expect(stream.readableLength).toBe(toConnect().length);
  });
});
