import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Link } from "../../../agent/link/link.ts";
import { MAX_ATTEMPTS, PROBE_BASE_MS, PROBE_CAP_MS, type Way, Ways } from "../../../agent/link/ways.ts";
import { loadCertificates, TUSN_A } from "../../support/certificates.ts";
import { ManualTimers } from "../../support/manual-timers.ts";
import { none } from "../../support/messages.ts";
import { openScriptedBroker } from "../../support/scripted-broker.ts";
import { openScriptedPolling } from "../../support/scripted-polling.ts";

const WAIT = { timeout: 15_000, interval: 5 };
const STABLE_MS = 30_000;
const CAP_MS = 1_000;
const PUBLISH = 3;

function fail(ways: Ways, times: number): void {
  for (let n = 0; n < times; n += 1) ways.failed();
}

describe("of two ways", () => {
  it("the first one is the turn until it could not be had so often, then the other one, and round", () => {
    const ways = new Ways(["mqtt", "poll"]);
    fail(ways, MAX_ATTEMPTS - 1);
    expect([ways.now, ways.preferred]).toEqual(["mqtt", undefined]);
    ways.failed();
    expect([ways.now, ways.preferred]).toEqual(["poll", "mqtt"]);
    fail(ways, MAX_ATTEMPTS);
    expect(ways.now).toBe("mqtt");
  });

  it("one that served well has all its attempts again", () => {
    const ways = new Ways(["mqtt", "poll"]);
    for (let rounds = 0; rounds < 5; rounds += 1) {
      fail(ways, MAX_ATTEMPTS - 1);
      ways.had();
    }
    expect(ways.now).toBe("mqtt");
  });

  it("the first one is tried less and less often while the other one serves, until it has served well", () => {
    const ways = new Ways(["mqtt", "poll"]);
    fail(ways, MAX_ATTEMPTS);
    const pauses = Array.from({ length: 10 }, () => ways.toProbePause(0));
    expect(pauses.slice(0, 3)).toEqual([PROBE_BASE_MS / 2, PROBE_BASE_MS, 2 * PROBE_BASE_MS]);
    expect(pauses.at(-1)).toBe(PROBE_CAP_MS / 2);
    expect(ways.toProbePause(0.5)).toBe(0.75 * PROBE_CAP_MS);
    ways.had();
    expect(ways.toProbePause(0)).toBe(PROBE_CAP_MS / 2);
    ways.prefer();
    expect([ways.now, ways.preferred]).toEqual(["mqtt", undefined]);
    ways.had();
    expect(ways.toProbePause(0)).toBe(PROBE_BASE_MS / 2);
  });
});

it.each(["mqtt", "poll"] as const)("one way alone stays the turn: %s", (way) => {
  const ways = new Ways([way]);
  fail(ways, 3 * MAX_ATTEMPTS);
  expect([ways.now, ways.preferred]).toEqual([way, undefined]);
});

/** A link with both ways, to a broker that grants nothing until the test says so. */
async function openBoth() {
  const { authority, deviceKey, terminal } = await loadCertificates();
  const { key, certificate } = await terminal(TUSN_A);
  const rights = { granted: 0x80 };
  const broker = await openScriptedBroker(rights);
  onTestFinished(() => broker.close());
  const polling = await openScriptedPolling();
  const timers = new ManualTimers();
  const said: Way[] = [];
  const ends: string[] = [];
  const link = new Link(
    {
      ...{ tusn: TUSN_A, host: "127.0.0.1", port: broker.port, ca: authority.certificate, cert: certificate, key },
      ...{ deviceKey, reconnectBaseMs: CAP_MS, reconnectCapMs: CAP_MS, random: () => 0.5, pollUrl: polling.url },
      ...{ startTimer: timers.startTimer, onWay: (way: Way) => void said.push(way) },
      log: (_level, event) => void ends.push(event),
    },
    {
      greet: async () => {
        const state = {
          counter: 1,
          sequence: 1,
          current: none,
          previous: none,
          phase: "idle",
          directive: none,
        } as const;
        const trust = { timestampVersion: 0, stale: true, rootVersion: 1, cardKey: none, cardKeyProof: none };
        return { tusn: TUSN_A, ...state, ...trust, unsent: 0, agentVersion: "0.1.0", run: none, busy: "" };
      },
      unsent: () => [],
      receive: async () => undefined,
    },
  );
  onTestFinished(() => link.close());
  link.open();
  const count = (event: string) => ends.filter((one) => one === event).length;
  const hellos = () => broker.packets.filter(({ type }) => type === PUBLISH).length;
  const polls = () => polling.heard.filter(({ isPoll }) => isPoll).length;
  const uploads = () => polling.heard.filter(({ isPoll }) => !isPoll).length;

  /** Lets the broker refuse so often that the link polls. */
  const fallBack = async () => {
    const before = count("disconnected");
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      await vi.waitFor(() => expect(count("disconnected")).toBe(before + attempt), WAIT);
      timers.elapse(CAP_MS);
    }
    // It was answered, and waits until it is to ask again.
    await vi.waitFor(() => expect(timers.running()).toContain(polling.nextPollS * 1_000), WAIT);
  };
  return { broker, polling, link, timers, said, rights, count, hellos, polls, uploads, fallBack };
}

describe("a link with two ways", () => {
  it("polls when the broker cannot be had, tries it beside that, and goes back when it is there", async () => {
    const { broker, timers, said, rights, count, hellos, polls, uploads, fallBack } = await openBoth();
    await fallBack();
    expect([said, hellos(), uploads()]).toEqual([["poll"], 0, 1]);
    const attempts = broker.connections.length;

    // While it is tried in vain, polling goes on in the same session.
    timers.elapse(0.75 * PROBE_BASE_MS);
    await vi.waitFor(() => expect(count("still polling")).toBe(1), WAIT);
    expect(broker.connections.length).toBe(attempts + 1);
    await vi.waitFor(() => expect(polls()).toBeGreaterThan(1), WAIT);
    expect([said, uploads()]).toEqual([["poll"], 1]);

    rights.granted = 1;
    timers.elapse(1.5 * PROBE_BASE_MS);
    await vi.waitFor(() => expect(hellos()).toBe(1), WAIT);
    expect(said).toEqual(["poll", "mqtt"]);
    const asked = [polls(), uploads()];
    timers.elapse(STABLE_MS);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([polls(), uploads()]).toEqual(asked);
    // Neither way is tried while the broker serves.
    expect(broker.connections.filter(({ destroyed }) => !destroyed)).toHaveLength(1);
    expect(count("disconnected")).toBe(MAX_ATTEMPTS);
  });

  it("falls back again where the broker is lost, and says hello on each change", async () => {
    const { broker, timers, said, rights, hellos, fallBack, uploads } = await openBoth();
    rights.granted = 1;
    await vi.waitFor(() => expect(hellos()).toBe(1), WAIT);
    rights.granted = 0x80;
    for (const socket of broker.connections) socket.destroy();
    await fallBack();
    expect([said, uploads()]).toEqual([["mqtt", "poll"], 1]);
    timers.elapse(STABLE_MS);
    expect(said).toEqual(["mqtt", "poll"]);
  });

  it("goes back to trying the broker where polling cannot be had either, one connection at a time", async () => {
    const { broker, polling, timers, rights, count, hellos } = await openBoth();
    await polling.close();
    for (let attempt = 1; attempt <= 2 * MAX_ATTEMPTS; attempt += 1) {
      await vi.waitFor(() => expect(count("disconnected")).toBe(attempt), WAIT);
      if (attempt === 2 * MAX_ATTEMPTS) rights.granted = 1;
      timers.elapse(CAP_MS);
    }
    await vi.waitFor(() => expect(hellos()).toBe(1), WAIT);
    expect(broker.connections.filter(({ destroyed }) => !destroyed)).toHaveLength(1);
  });

  it("ends all of it when it is closed while the broker is being tried", async () => {
    const { broker, link, timers, fallBack, polls } = await openBoth();
    await fallBack();
    timers.elapse(0.75 * PROBE_BASE_MS);
    link.close();
    await vi.waitFor(() => expect(broker.connections.every(({ destroyed }) => destroyed)).toBe(true), WAIT);
    await vi.waitFor(() => expect(timers.running()).toEqual([]), WAIT);
    const asked = polls();
    timers.elapse(PROBE_CAP_MS);
    expect(polls()).toBe(asked);
  });
});
