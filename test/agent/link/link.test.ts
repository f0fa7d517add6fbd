import { createPublicKey } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { CONNECT_MS, MAX_UNACKNOWLEDGED } from "../../../agent/link/connection.ts";
import { ANNOUNCE_MS, Link, type LinkHandlers, type LinkOptions } from "../../../agent/link/link.ts";
import type { Log } from "../../../agent/log.ts";
import { verifyMessage } from "../../../certs/signatures.ts";
import { issueServerCertificate } from "../../../certs/x509/authority.ts";
import { parseRsaKey, toRsaPublicKey } from "../../../certs/x509/rsa-key.ts";
import { PAYLOAD_TYPES } from "../../../proto/dsse.ts";
import { parseEnvelope, parseHello, parseReport, type Report } from "../../../proto/terminal-messages.ts";
import { toDownTopic, toUpTopic } from "../../../proto/topics.ts";
import { loadCertificates, TUSN_A, TUSN_B } from "../../support/certificates.ts";
import { ManualTimers } from "../../support/manual-timers.ts";
import { digest, none } from "../../support/messages.ts";
import { toPublish } from "../../support/mqtt-bytes.ts";
import {
  openScriptedBroker,
  type ScriptedBroker,
  type ScriptedBrokerOptions,
  toPayload,
  toTopic,
} from "../../support/scripted-broker.ts";

// Against a broker in an attacker's hands, over real TLS.

const WAIT = { timeout: 20_000, interval: 5 };
const BASE_MS = 1_000;
const CAP_MS = 8_000;
const STABLE_MS = 30_000;
const RESEND_MS = 60_000;
/** The packet type of PUBLISH and PUBACK. */
const PUBLISH = 3;
const PUBACK = 4;

let options: Omit<LinkOptions, "port" | "startTimer" | "log">;
let broker: ScriptedBroker | undefined;
let link: Link | undefined;
const entries: string[] = [];
/** Why connections ended. */
const reasons: string[] = [];

beforeAll(async () => {
  const { authority, deviceKey, terminal } = await loadCertificates();
  const { key, certificate } = await terminal(TUSN_A);
  options = {
    tusn: TUSN_A,
    host: "127.0.0.1",
    ca: authority.certificate,
    cert: certificate,
    key,
    deviceKey,
    reconnectBaseMs: BASE_MS,
    reconnectCapMs: CAP_MS,
    random: () => 0.5,
  };
});

afterEach(async () => {
  link?.close();
  await broker?.close();
  broker = undefined;
  entries.length = 0;
  reasons.length = 0;
});

function toReport(counter: number): Report {
  return {
    tusn: TUSN_A,
    counter,
    kind: "verified",
    code: "",
    directive: digest,
    sequence: 1,
    current: none,
    previous: none,
    nonce: none,
    at: 1,
    detail: "",
  };
}

interface Opened {
  readonly broker: ScriptedBroker;
  readonly timers: ManualTimers;
  readonly received: string[];
}

/** A link whose agent holds two reports without a receipt. */
async function openLink(scripted: ScriptedBrokerOptions = {}, change: Partial<LinkHandlers> = {}): Promise<Opened> {
  broker = await openScriptedBroker(scripted);
  const timers = new ManualTimers();
  const received: string[] = [];
  let counter = 10;
  const log: Log = (_level, event, fields) => {
    entries.push(event);
    if (event === "disconnected") reasons.push(String(fields?.["reason"]));
  };
  link = new Link(
    { ...options, port: broker.port, startTimer: timers.startTimer, log },
    {
      greet: async () => {
        counter += 1;
        return {
          tusn: TUSN_A,
          counter,
          sequence: 1,
          current: none,
          previous: none,
          phase: "idle",
          directive: none,
          timestampVersion: 0,
          stale: true,
          unsent: 2,
          agentVersion: "0.1.0",
          rootVersion: 1,
          cardKey: none,
          cardKeyProof: none,
          run: none,
          busy: "",
        };
      },
      unsent: () => [toReport(1), toReport(2)],
      receive: async (kind, payload) => {
        received.push(`${kind} ${Buffer.from(payload)}`);
      },
      ...change,
    },
  );
  link.open();
  return { broker, timers, received };
}

const published = ({ packets }: ScriptedBroker) => packets.filter(({ type }) => type === PUBLISH);
const acknowledged = ({ packets }: ScriptedBroker) => packets.filter(({ type }) => type === PUBACK).length;
const down = (text: string, id = 0) => toPublish(toDownTopic(TUSN_A, "directive"), text, id);

async function greeted(opened: ScriptedBroker, messages = 3): Promise<void> {
  await vi.waitFor(() => expect(published(opened)).toHaveLength(messages), WAIT);
}

async function disconnected(times = 1): Promise<void> {
  const count = () => entries.filter((event) => event === "disconnected").length;
  await vi.waitFor(() => expect(count()).toBe(times), WAIT);
}

describe("a link", () => {
  it("subscribes, says hello, then sends every report without a receipt, all signed by the device key", async () => {
    const opened = await openLink();
    await greeted(opened.broker);
    const types = opened.broker.packets.map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual([1, 8]);
    const [hello, ...reports] = published(opened.broker);
    expect(published(opened.broker).map(toTopic)).toEqual([
      toUpTopic(TUSN_A, "hello"),
      toUpTopic(TUSN_A, "report"),
      toUpTopic(TUSN_A, "report"),
    ]);
    const publicKey = createPublicKey(options.deviceKey);
    const { payload, signature } = parseEnvelope(toPayload(hello as NonNullable<typeof hello>));
    verifyMessage(publicKey, PAYLOAD_TYPES.hello, payload, signature);
    expect(parseHello(payload).counter).toBe(11);
    for (const [index, report] of reports.entries()) {
      const envelope = parseEnvelope(toPayload(report));
      verifyMessage(publicKey, PAYLOAD_TYPES.report, envelope.payload, envelope.signature);
      expect(parseReport(envelope.payload).counter).toBe(index + 1);
    }
  });

  it("sends reports as they come, and nothing before its hello", async () => {
    let greet: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      greet = resolve;
    });
    const hello = { tusn: TUSN_A, counter: 7, sequence: 0, current: none, previous: none, phase: "idle" } as const;
    const trust = { timestampVersion: 0, stale: true, rootVersion: 1, cardKey: none, cardKeyProof: none, run: none };
    const rest = { directive: none, unsent: 0, agentVersion: "0.1.0", busy: "" as const, ...trust };
    const opened = await openLink({}, { greet: () => held.then(() => ({ ...hello, ...rest })), unsent: () => [] });
    await vi.waitFor(() => expect(entries).toContain("connected"), WAIT);
    link?.send([toReport(1)]);
    greet();
    await greeted(opened.broker, 1);
    link?.send([toReport(2)]);
    await greeted(opened.broker, 2);
    expect(published(opened.broker).map(toTopic)).toEqual([toUpTopic(TUSN_A, "hello"), toUpTopic(TUSN_A, "report")]);
  });

  it("says hello anew when asked to, once, under a new counter, and not at the same moment as everybody else", async () => {
    const opened = await openLink();
    await greeted(opened.broker);
    for (let asked = 0; asked < 5; asked += 1) link?.announce();
    expect(opened.timers.running()).toContain(ANNOUNCE_MS / 2);
    opened.timers.elapse(ANNOUNCE_MS / 2);
    await greeted(opened.broker, 6);
    expect(published(opened.broker)).toHaveLength(6);
    const second = published(opened.broker)[3] as NonNullable<ReturnType<typeof published>[number]>;
    expect(parseHello(parseEnvelope(toPayload(second)).payload).counter).toBe(12);
  });

  it("sends reports again while no receipt comes, whatever was acknowledged", async () => {
    const opened = await openLink();
    await greeted(opened.broker);
    opened.timers.elapse(RESEND_MS);
    await greeted(opened.broker, 5);
    opened.timers.elapse(RESEND_MS);
    await greeted(opened.broker, 7);
  });

  it("keeps no more than so many messages for a broker that acknowledges none", async () => {
    const opened = await openLink({ answered: [1, 8] });
    await greeted(opened.broker);
    for (let counter = 3; counter < 3 + 10 * MAX_UNACKNOWLEDGED; counter += 1) link?.send([toReport(counter)]);
    await greeted(opened.broker, MAX_UNACKNOWLEDGED);
    // What comes later would come after an answer to this.
    opened.broker.send(down("last", 1));
    await vi.waitFor(() => expect(acknowledged(opened.broker)).toBe(1), WAIT);
    expect(published(opened.broker)).toHaveLength(MAX_UNACKNOWLEDGED);
  });

  it("goes on sending to a broker that acknowledges, however many messages it has sent", async () => {
    const { broker: opened } = await openLink();
    await greeted(opened);
    for (let messages = 4; messages <= 2 * MAX_UNACKNOWLEDGED; messages += 1) {
      link?.send([toReport(messages)]);
      await greeted(opened, messages);
    }
  });

  it("acknowledges a message only after it is stored", async () => {
    let store: () => void = () => {};
    const stored = new Promise<void>((resolve) => {
      store = resolve;
    });
    const opened = await openLink({}, { receive: () => stored });
    await greeted(opened.broker);
    opened.broker.send(down("first", 1));
    link?.send([toReport(3)]);
    await greeted(opened.broker, 4);
    expect(acknowledged(opened.broker)).toBe(0);
    store();
    await vi.waitFor(() => expect(acknowledged(opened.broker)).toBe(1), WAIT);
  });

  it("ends the connection without acknowledging where a message cannot be stored", async () => {
    const opened = await openLink({}, { receive: () => Promise.reject(new Error("no")) });
    await greeted(opened.broker);
    opened.broker.send(down("first", 1));
    await disconnected();
    expect(acknowledged(opened.broker)).toBe(0);
  });

  it("takes messages in order, and none of another terminal's or of no topic of ours", async () => {
    const { broker: opened, received } = await openLink();
    await greeted(opened);
    opened.send(toPublish(toDownTopic(TUSN_B, "directive"), "foreign"));
    opened.send(toPublish(toUpTopic(TUSN_A, "report"), "own"));
    opened.send(toPublish("$SYS/broker", "system"));
    for (let id = 1; id <= 20; id += 1) opened.send(down(String(id), id % 2 === 0 ? id : 0));
    await vi.waitFor(() => expect(received).toHaveLength(20), WAIT);
    expect(received).toEqual(Array.from({ length: 20 }, (_, index) => `directive ${index + 1}`));
  });
});

describe("a link is cut by the agent", () => {
  it("where the broker announces more than one packet may have", async () => {
    const opened = await openLink();
    await greeted(opened.broker);
    opened.broker.send(Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f));
    await disconnected();
    expect(reasons).toEqual(["GUARD_TOO_LARGE"]);
  });

  it("where the broker does not grant its subscriptions", async () => {
    const opened = await openLink({ granted: 0x80 });
    await disconnected();
    expect(reasons).toEqual([expect.stringMatching(/subscribe/i)]);
    expect(published(opened.broker)).toEqual([]);
  });

  it("where the broker does not answer its subscriptions in time", async () => {
    const opened = await openLink({ answered: [1] });
    await vi.waitFor(() => expect(opened.timers.running()).toEqual([CONNECT_MS]), WAIT);
    opened.timers.elapse(CONNECT_MS);
    await disconnected();
    expect(opened.timers.running()).toEqual([BASE_MS / 2]);
    expect(published(opened.broker)).toEqual([]);
  });

  it("where the broker speaks no MQTT", async () => {
    const opened = await openLink();
    await greeted(opened.broker);
    opened.broker.send(Buffer.from([0x00, 0x00, 0xf0, 0x01]));
    await disconnected();
  });
});

describe("a link says nothing to", () => {
  afterEach(() => vi.unstubAllEnvs());

  async function isSilent(scripted: ScriptedBrokerOptions): Promise<void> {
    const opened = await openLink(scripted);
    await disconnected();
    expect(opened.broker.packets).toEqual([]);
  }

  it("a server of another authority", async () => {
    const { foreignAuthority, server } = await loadCertificates();
    const request = { publicKey: toRsaPublicKey(parseRsaKey(server.key)), days: 1, now: new Date() };
    const names = { name: "server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };
    const cert = await issueServerCertificate(foreignAuthority, { ...request, ...names });
    await isSilent({ cert });
  });

  it("a server of another authority where the environment says not to look", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const { foreignAuthority, server } = await loadCertificates();
    const request = { publicKey: toRsaPublicKey(parseRsaKey(server.key)), days: 1, now: new Date() };
    const names = { name: "server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };
    const cert = await issueServerCertificate(foreignAuthority, { ...request, ...names });
    await isSilent({ cert });
  });

  it("a server of another name", async () => {
    const { authority, server } = await loadCertificates();
    const request = { publicKey: toRsaPublicKey(parseRsaKey(server.key)), days: 1, now: new Date() };
    const names = { name: "other", dnsNames: ["other.example"], ipAddresses: ["127.0.0.2"] };
    await isSilent({ cert: await issueServerCertificate(authority, { ...request, ...names }) });
  });

  it("another terminal that plays the server", async () => {
    const { terminal } = await loadCertificates();
    const { key, certificate } = await terminal(TUSN_B);
    await isSilent({ key, cert: certificate });
  });

  it("a server that knows TLS 1.2 only", async () => {
    await isSilent({ maxVersion: "TLSv1.2" });
  });
});

describe("between connections a link", () => {
  it("waits twice as long each time up to a cap, by a part that chance draws", async () => {
    const { timers, broker: opened } = await openLink({ granted: 0x80 });
    for (const [index, pause] of [500, 1_000, 2_000, 4_000, 4_000].entries()) {
      await disconnected(index + 1);
      expect(timers.running()).toEqual([pause]);
      timers.elapse(pause);
    }
    expect(opened.connections.length).toBeGreaterThanOrEqual(5);
  });

  it("begins anew with short pauses only after a connection that lasted", async () => {
    const { timers, broker: opened } = await openLink();
    await greeted(opened);
    opened.connections.at(-1)?.destroy();
    await disconnected(1);
    expect(timers.running()).toEqual([500]);
    timers.elapse(500);
    await greeted(opened, 6);
    opened.connections.at(-1)?.destroy();
    await disconnected(2);
    expect(timers.running()).toEqual([1_000]);
    timers.elapse(1_000);
    await greeted(opened, 9);
    timers.elapse(STABLE_MS);
    opened.connections.at(-1)?.destroy();
    await disconnected(3);
    expect(timers.running()).toEqual([500]);
  });

  it("does not come back after it was closed", async () => {
    const { timers, broker: opened } = await openLink();
    await greeted(opened);
    link?.close();
    await vi.waitFor(() => expect(opened.connections[0]?.destroyed).toBe(true), WAIT);
    expect(timers.running()).toEqual([]);
    expect(entries).not.toContain("disconnected");
  });
});
