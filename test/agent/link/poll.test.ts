import { createPublicKey } from "node:crypto";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Link, type LinkHandlers, type LinkOptions } from "../../../agent/link/link.ts";
import { MAX_FAILURES } from "../../../agent/link/poll.ts";
import { verifyMessage } from "../../../certs/signatures.ts";
import { issueServerCertificate } from "../../../certs/x509/authority.ts";
import { parseRsaKey, toRsaPublicKey } from "../../../certs/x509/rsa-key.ts";
import { MAX_DESIRED_BYTES } from "../../../proto/bounds.ts";
import { PAYLOAD_TYPES } from "../../../proto/dsse.ts";
import {
  type DesiredMessage,
  MAX_NEXT_POLL_S,
  NEXT_POLL_HEADER,
  REPORTS_PATH,
  SESSION_HEADER,
  toDesiredBytes,
  toEntityTag,
  toUploadedBytes,
} from "../../../proto/polling.ts";
import { parseEnvelope, parseHello, parseReport, type Report } from "../../../proto/terminal-messages.ts";
import { loadCertificates, TUSN_A } from "../../support/certificates.ts";
import { ManualTimers } from "../../support/manual-timers.ts";
import { digest, none } from "../../support/messages.ts";
import {
  type Heard,
  openScriptedPolling,
  type Scripted,
  type ScriptedPolling,
  SESSION,
} from "../../support/scripted-polling.ts";

// An agent that polls a service in an attacker's hands, over real TLS.

const WAIT = { timeout: 15_000, interval: 5 };
const BASE_MS = 1_000;
const NEXT_POLL_MS = 20_000;
const problem = (code: string) => Buffer.from(JSON.stringify({ title: "no", code }));
const say = (text: string): DesiredMessage => ({ kind: "directive", payload: Buffer.from(text) });

function toReport(counter: number): Report {
  const profiles = { current: none, previous: none };
  const rest = { code: "", sequence: 1, nonce: none, at: 1, detail: "" } as const;
  return { tusn: TUSN_A, counter, kind: "verified", directive: digest, ...profiles, ...rest };
}

interface Opened {
  readonly service: ScriptedPolling;
  readonly link: Link;
  readonly timers: ManualTimers;
  readonly received: string[];
  /** Why connections ended. */
  readonly reasons: string[];
  readonly pauses: number[];
}

/** A link that only polls; its agent holds two reports without a receipt. */
async function openLink(
  prepare: (service: ScriptedPolling) => void = () => undefined,
  change: Partial<LinkHandlers> = {},
  options: Partial<LinkOptions> & { readonly tls?: object } = {},
): Promise<Opened> {
  const { authority, deviceKey, terminal } = await loadCertificates();
  const { key, certificate } = await terminal(TUSN_A);
  const service = await openScriptedPolling(options.tls);
  prepare(service);
  const timers = new ManualTimers();
  const [received, reasons, pauses]: [string[], string[], number[]] = [[], [], []];
  let counter = 10;
  const link = new Link(
    {
      ...{ tusn: TUSN_A, host: "127.0.0.1", port: 1, ca: authority.certificate, cert: certificate, key, deviceKey },
      ...{ reconnectBaseMs: BASE_MS, reconnectCapMs: 8_000, random: () => 0.5, startTimer: timers.startTimer },
      ...{ pollUrl: service.url, isPollOnly: true },
      log: (_level, event, fields) => {
        if (event !== "disconnected") return;
        reasons.push(String(fields?.["reason"]));
        pauses.push(Number(fields?.["pauseMs"]));
      },
      ...options,
    },
    {
      greet: async () => {
        counter += 1;
        const state = { counter, sequence: 1, current: none, previous: none, phase: "idle", directive: none } as const;
        const trust = { timestampVersion: 0, stale: true, rootVersion: 1, cardKey: none, cardKeyProof: none };
        return { tusn: TUSN_A, ...state, ...trust, unsent: 2, agentVersion: "0.1.0", run: none, busy: "" };
      },
      unsent: () => [toReport(1), toReport(2)],
      receive: async (kind, payload) => void received.push(`${kind} ${Buffer.from(payload)}`),
      ...change,
    },
  );
  onTestFinished(() => link.close());
  link.open();
  return { service, link, timers, received, reasons, pauses };
}

const uploads = ({ heard }: ScriptedPolling) => heard.filter(({ isPoll }) => !isPoll);
const polls = ({ heard }: ScriptedPolling) => heard.filter(({ isPoll }) => isPoll);
const polled = (service: ScriptedPolling, times = 1) =>
  vi.waitFor(() => expect(polls(service)).toHaveLength(times), WAIT);
/** The agent waits to ask again. */
const resting = ({ timers }: Opened, ms = NEXT_POLL_MS) =>
  vi.waitFor(() => expect(timers.running()).toContain(ms), WAIT);
const ended = (opened: Opened, times = 1) => vi.waitFor(() => expect(opened.reasons).toHaveLength(times), WAIT);

describe("a link that polls", () => {
  it("says hello and every report without a receipt in one request, all signed, then asks at once", async () => {
    const { service } = await openLink();
    await polled(service);
    expect(uploads(service)).toHaveLength(1);
    const [{ path, headers, messages } = { path: "", headers: {} as Heard["headers"], messages: [] }] =
      uploads(service);
    expect([path, headers[SESSION_HEADER]]).toEqual([REPORTS_PATH, undefined]);
    expect(messages.map(({ kind }) => kind)).toEqual(["hello", "report", "report"]);
    const publicKey = createPublicKey((await loadCertificates()).deviceKey);
    const said = messages.map(({ kind, envelope }) => {
      const { payload, signature } = parseEnvelope(envelope);
      verifyMessage(publicKey, PAYLOAD_TYPES[kind], payload, signature);
      return kind === "hello" ? parseHello(payload).counter : parseReport(payload).counter;
    });
    expect(said).toEqual([11, 1, 2]);
    expect(polls(service)[0]?.headers).toMatchObject({ [SESSION_HEADER]: SESSION });
    expect(polls(service)[0]?.headers).not.toHaveProperty("if-none-match");
  });

  it("takes what waits in order, and says that it has it when it asks again, as late as it was told to", async () => {
    const opened = await openLink((service) => {
      service.waiting = ["1", "2", "3"].map(say);
    });
    await resting(opened);
    expect(opened.received).toEqual(["directive 1", "directive 2", "directive 3"]);
    opened.timers.elapse(NEXT_POLL_MS - 1);
    expect(polls(opened.service)).toHaveLength(1);
    opened.timers.elapse(1);
    await polled(opened.service, 2);
    const body = toDesiredBytes({ number: 1, messages: opened.service.waiting });
    expect(polls(opened.service)[1]?.headers["if-none-match"]).toBe(toEntityTag(body));
    await resting(opened);
    expect(opened.received).toHaveLength(3);
    opened.service.number = 2;
    opened.service.waiting = [say("4")];
    opened.timers.elapse(NEXT_POLL_MS);
    await vi.waitFor(() => expect(opened.received.at(-1)).toBe("directive 4"), WAIT);
  });

  it("never says that it has what it could not store", async () => {
    const opened = await openLink(
      (service) => {
        service.waiting = [say("1"), say("2")];
      },
      { receive: () => Promise.reject(new Error("disk full")) },
    );
    await ended(opened);
    expect(opened.reasons).toEqual(["disk full"]);
    opened.timers.elapse(BASE_MS);
    await ended(opened, 2);
    expect(polls(opened.service).every(({ headers }) => headers["if-none-match"] === undefined)).toBe(true);
  });

  it("tells reports as they come, at once, and asks at once for what they bring about", async () => {
    const opened = await openLink();
    await resting(opened);
    opened.link.send([toReport(3)]);
    opened.link.send([toReport(3)]);
    await polled(opened.service, 2);
    expect(uploads(opened.service)[1]?.messages.map(({ kind }) => kind)).toEqual(["report"]);
    expect(uploads(opened.service)[1]?.headers[SESSION_HEADER]).toBe(SESSION);
  });

  it("uses one connection for all of it", async () => {
    let sockets = new Set<unknown>();
    const opened = await openLink((service) => {
      service.answer = (_, response) => {
        sockets = sockets.add(response.socket);
        return undefined;
      };
    });
    for (let n = 2; n <= 5; n += 1) {
      await resting(opened);
      opened.timers.elapse(NEXT_POLL_MS);
      await polled(opened.service, n);
    }
    expect(sockets.size).toBe(1);
  });

  it.each([
    ["is missing", undefined, 30],
    ["is nonsense", "soon", 30],
    ["is nothing", "0", 1],
    ["is too long", "9999", MAX_NEXT_POLL_S],
  ])("waits for a bounded time where the next poll %s", async (_, header, seconds) => {
    const body = toDesiredBytes({ number: 1, messages: [] });
    const headers = { etag: toEntityTag(body), ...(header === undefined ? {} : { [NEXT_POLL_HEADER]: header }) };
    const opened = await openLink((service) => {
      service.answer = ({ isPoll }) => (isPoll ? { status: 200, headers, body } : undefined);
    });
    await resting(opened, seconds * 1_000);
  });

  it("says hello again where the service knows its session no more", async () => {
    const opened = await openLink();
    await resting(opened);
    opened.service.answer = ({ isPoll }) => (isPoll ? { status: 409, body: problem("HELLO_MISSING") } : undefined);
    opened.timers.elapse(NEXT_POLL_MS);
    await ended(opened);
    expect(opened.reasons).toEqual(["HELLO_MISSING"]);
    opened.service.answer = () => undefined;
    opened.timers.elapse(BASE_MS / 2);
    await polled(opened.service, 3);
    const second = uploads(opened.service)[1];
    expect(second?.headers[SESSION_HEADER]).toBeUndefined();
    expect(second?.messages[0]?.kind).toBe("hello");
  });

  it("bears some failures within its session, with growing pauses, then begins anew", async () => {
    const opened = await openLink();
    await resting(opened);
    opened.service.answer = (_, response) => {
      response.socket?.destroy();
      return "taken";
    };
    opened.timers.elapse(NEXT_POLL_MS);
    for (let failures = 0; failures < MAX_FAILURES; failures += 1) {
      await resting(opened, (BASE_MS * 2 ** failures) / 2);
      opened.timers.elapse((BASE_MS * 2 ** failures) / 2);
    }
    await ended(opened);
    expect(opened.reasons).toEqual(["FETCH_FAILED ECONNRESET"]);
    expect(uploads(opened.service)).toHaveLength(1);
  });

  it.each([429, 503])("asks no sooner than it is told to by %d", async (status) => {
    const opened = await openLink();
    await resting(opened);
    const later = { status, headers: { "retry-after": "100" }, body: problem("RATE_LIMITED") };
    opened.service.answer = () => later;
    opened.timers.elapse(NEXT_POLL_MS);
    await resting(opened, 125_000);
    opened.link.send([toReport(3)]);
    opened.service.answer = () => undefined;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(uploads(opened.service)).toHaveLength(1);
    opened.timers.elapse(125_000);
    await polled(opened.service, 3);
    expect(opened.reasons).toEqual([]);
  });

  it.each([
    ["100", 125_000],
    ["999999999", 1.25 * MAX_NEXT_POLL_S * 1_000],
    ["Sun, 22 Nov 2026 00:00:00 GMT", BASE_MS / 2],
  ])("says no hello sooner than it is told to by Retry-After: %s", async (text, pause) => {
    const opened = await openLink((service) => {
      service.answer = () => ({ status: 429, headers: { "retry-after": text }, body: problem("RATE_LIMITED") });
    });
    await ended(opened);
    expect([opened.reasons, opened.pauses]).toEqual([["RATE_LIMITED"], [pause]]);
  });

  it("begins anew where a message of its was not stored", async () => {
    const opened = await openLink((service) => {
      service.answer = ({ isPoll }) => {
        const headers = { [SESSION_HEADER]: SESSION, "retry-after": "5" };
        return isPoll ? undefined : { status: 200, headers, body: toUploadedBytes(["", "STORE_FAILED", "BUS_CLOSED"]) };
      };
    });
    await ended(opened);
    expect([opened.reasons, opened.pauses]).toEqual([["STORE_FAILED"], [6_250]]);
    expect(polls(opened.service)).toEqual([]);
  });

  it("says nothing more once it is closed, and leaves nothing running", async () => {
    const opened = await openLink();
    await resting(opened);
    opened.link.close();
    expect(opened.timers.running()).toEqual([]);
    opened.link.send([toReport(3)]);
    opened.timers.elapse(NEXT_POLL_MS);
    expect([polls(opened.service).length, uploads(opened.service).length]).toEqual([1, 1]);
  });
});

describe("a link that polls believes nothing, and takes nothing, of", () => {
  const body = toDesiredBytes({ number: 1, messages: [say("forged")] });
  const etag = toEntityTag(body);

  async function isRefused(scripted: Scripted, reason: string): Promise<void> {
    const opened = await openLink((service) => {
      service.answer = ({ isPoll }) => (isPoll ? scripted : undefined);
    });
    await ended(opened);
    expect([opened.reasons, opened.received]).toEqual([[reason], []]);
  }

  it.each([
    ["a tag of other bytes", { status: 200, headers: { etag: toEntityTag(Buffer.from("x")) }, body }],
    ["a weak tag", { status: 200, headers: { etag: `W/${etag}` }, body }],
    ["no tag", { status: 200, body }],
  ])("an answer with %s", (_, scripted) => isRefused(scripted, "FIELD_INVALID"));

  it("an answer that is none of ours", async () => {
    const garbage = Buffer.from("garbage");
    await isRefused({ status: 200, headers: { etag: toEntityTag(garbage) }, body: garbage }, "BYTES_NOT_CANONICAL");
  });

  it("'not changed' where it has nothing yet", () => isRefused({ status: 304, headers: { etag } }, "FETCH_FAILED"));

  it("'not changed' under a tag that it did not name", async () => {
    const opened = await openLink();
    await resting(opened);
    opened.service.answer = () => ({ status: 304, headers: { etag } });
    opened.timers.elapse(NEXT_POLL_MS);
    await ended(opened);
    expect(opened.reasons).toEqual(["FIELD_INVALID"]);
  });

  it("a redirect, which it does not follow", async () => {
    const elsewhere = await openScriptedPolling();
    await isRefused({ status: 307, headers: { location: elsewhere.url.href } }, "FETCH_FAILED");
    expect(elsewhere.heard).toEqual([]);
  });

  it("a refusal by no code of ours, and passes no word of it on", () =>
    isRefused({ status: 400, body: problem("YOU_ARE_HACKED") }, "FETCH_FAILED"));

  it.each([
    ["fewer outcomes than messages", toUploadedBytes([""]), SESSION],
    ["a session of another form", toUploadedBytes(["", "", ""]), `${SESSION}\t`.slice(2)],
  ])("an upload that is answered with %s", async (_, answer, session) => {
    const opened = await openLink((service) => {
      service.answer = () => ({ status: 200, headers: { [SESSION_HEADER]: session }, body: answer });
    });
    await ended(opened);
    expect(opened.reasons).toEqual(["FIELD_INVALID"]);
  });

  it("an answer without end, of which it keeps no more than one may have (row 33)", async () => {
    let sent = 0;
    const chunk = Buffer.alloc(65_536);
    const opened = await openLink((service) => {
      service.answer = ({ isPoll }, response) => {
        if (!isPoll) return undefined;
        response.writeHead(200, { etag });
        const more = () => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
          sent += chunk.length;
        };
        response.on("drain", more);
        response.on("error", () => undefined);
        more();
        return "taken";
      };
    });
    await vi.waitFor(() => expect(opened.timers.running()).toContain(BASE_MS / 2), WAIT);
    expect(opened.received).toEqual([]);
    // What the sockets hold on the way comes on top of it.
    expect(sent).toBeLessThan(MAX_DESIRED_BYTES + 32 * 1_048_576);
    expect(polls(opened.service)).toHaveLength(1);
  });
});

describe("a link that polls says nothing to", () => {
  const names = { name: "server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };

  async function isSilent(tls: object): Promise<void> {
    const opened = await openLink(undefined, {}, { tls });
    await ended(opened);
    expect(opened.service.heard).toEqual([]);
  }

  it("a server of another authority, or one of another name", async () => {
    const { authority, foreignAuthority, server } = await loadCertificates();
    const request = { publicKey: toRsaPublicKey(parseRsaKey(server.key)), days: 1, now: new Date(), ...names };
    await isSilent({ cert: await issueServerCertificate(foreignAuthority, request) });
    const other = { ...request, dnsNames: ["other.example"], ipAddresses: ["127.0.0.2"] };
    await isSilent({ cert: await issueServerCertificate(authority, other) });
  });

  it("a server that knows TLS 1.2 only", () => isSilent({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }));
});
