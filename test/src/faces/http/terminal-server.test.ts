import { X509Certificate } from "node:crypto";
import { connect as connectTls } from "node:tls";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { MAX_POLL_S } from "../../../../broker/polling/limits.ts";
import { createRevocationList } from "../../../../certs/x509/revocation-list.ts";
import { MAX_UPLOAD_BYTES } from "../../../../proto/bounds.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import {
  DESIRED_PATH,
  NEXT_POLL_HEADER,
  POLLING_TYPE,
  REPORTS_PATH,
  SESSION_HEADER,
} from "../../../../proto/polling.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { MAX_SOCKETS_PER_TERMINAL, NOT_STORED_S, TERMINAL_RATE } from "../../../../src/faces/http/terminal/limits.ts";
import type { TerminalServer } from "../../../../src/faces/http/terminal/terminal-server.ts";
import { BusRecorder } from "../../../support/bus-recorder.ts";
import { loadCertificates, longAgo, TUSN_A, TUSN_B } from "../../../support/certificates.ts";
import { openTestPolling, PollingTerminal, toPollingTerminal, toSaid } from "../../../support/polling-face.ts";

const SOON = { timeout: 15_000, interval: 10 };
const HELLO = toSaid("hello");
const POST = { method: "POST", path: REPORTS_PATH };
const TYPED = { "content-type": POLLING_TYPE };

let recorder: BusRecorder;
let server: TerminalServer;
let now: number;

beforeEach(async () => {
  recorder = new BusRecorder();
  now = Math.floor(Date.now() / 1_000);
  server = await openTestPolling(recorder, { now: () => now });
  onTestFinished(() => server.close());
});

const open = (tusn: Tusn = TUSN_A) => toPollingTerminal(server.port, tusn);

async function greet(tusn: Tusn = TUSN_A): Promise<PollingTerminal> {
  const terminal = await open(tusn);
  expect(await terminal.upload(HELLO)).toEqual([""]);
  return terminal;
}

const send = (text: string, tusn: Tusn = TUSN_A) => server.send(tusn, "directive", Buffer.from(text));

describe("the face where terminals poll", () => {
  it("takes a hello, and answers with what waits, then with 304 and no body until there is more", async () => {
    const terminal = await greet();
    expect([recorder.presence, recorder.texts()]).toEqual([[`+${TUSN_A}`], ["hello"]]);
    send("first");
    expect(await terminal.poll()).toEqual(["directive first"]);
    const { status, headers, body } = await terminal.ask({
      path: DESIRED_PATH,
      headers: { "if-none-match": `"other", W/${terminal.etag}` },
    });
    expect([status, body.length, headers.etag]).toEqual([304, 0, terminal.etag]);
    expect(Number(headers[NEXT_POLL_HEADER])).toBeGreaterThanOrEqual(1);
    expect(headers["cache-control"]).toBe("no-store");
    send("second");
    expect(await terminal.poll()).toEqual(["directive second"]);
    expect(await terminal.poll()).toEqual(["304"]);
  });

  it("never says 304 to a tag of another content, to every tag, or to none", async () => {
    const terminal = await greet();
    send("first");
    for (const tag of ["*", '""', "W/", `"${"0".repeat(64)}"`, "x".repeat(4_000)]) {
      terminal.etag = tag;
      expect(await terminal.poll()).toEqual(["directive first"]);
    }
    terminal.etag = undefined;
    expect(await terminal.poll()).toEqual(["directive first"]);
  });

  it("takes many messages at once and tells which were not stored, and when to come again", async () => {
    recorder.store = async ({ kind }) => {
      if (kind === "proof") throw new TillsyncError("STORE_FAILED");
    };
    const terminal = await open();
    const { status, headers } = await terminal.ask({ ...POST, headers: TYPED, body: Buffer.of() });
    expect([status, headers[SESSION_HEADER]]).toEqual([400, undefined]);
    expect(await terminal.upload(HELLO, toSaid("report", "1"), toSaid("report", "2"))).toEqual(["", "", ""]);
    expect(await terminal.upload(toSaid("report", "3"), toSaid("proof"), toSaid("report", "4"))).toEqual([
      "",
      "STORE_FAILED",
      "BUS_CLOSED",
    ]);
    expect(recorder.texts()).toEqual(["hello", "1", "2", "3", "proof"]);
    expect(await terminal.poll()).toEqual(["409 HELLO_MISSING"]);
  });

  it("says when to come again where a message was not stored", async () => {
    recorder.store = () => Promise.reject(new TillsyncError("STORE_FAILED"));
    const terminal = await open();
    const body = Buffer.from("0a0e0a0568656c6c6f120568656c6c6f", "hex");
    const { status, headers } = await terminal.ask({ ...POST, headers: TYPED, body });
    expect([status, headers["retry-after"]]).toEqual([200, String(NOT_STORED_S)]);
  });

  it("tells whoever said no hello to say it first", async () => {
    const terminal = await open();
    expect(await terminal.poll()).toEqual(["409 HELLO_MISSING"]);
    expect(await terminal.upload(toSaid("report"))).toEqual(["409 HELLO_MISSING"]);
    expect(recorder.received).toEqual([]);
  });

  it("tells nobody whom the service refuses more than why", async () => {
    recorder.decide = () => Promise.reject(new TillsyncError("TERMINAL_RETIRED"));
    expect(await (await open()).upload(HELLO)).toEqual(["403 TERMINAL_RETIRED"]);
  });

  it("knows terminals by their certificates alone", async () => {
    const [a, b] = [await greet(), await greet(TUSN_B)];
    send("for A");
    b.session = a.session;
    expect(await b.poll()).toEqual(["409 HELLO_MISSING"]);
    expect(await b.upload(toSaid("report"))).toEqual(["409 HELLO_MISSING"]);
    for (const path of [`${DESIRED_PATH}/${TUSN_A}`, `/terminal/v1/${TUSN_A}/desired`]) {
      expect(await b.ask({ path })).toMatchObject({ status: 404, code: "NOT_FOUND" });
    }
    expect(await b.ask({ path: `${DESIRED_PATH}?tusn=${TUSN_A}` })).toMatchObject({ code: "HELLO_MISSING" });
    expect(await a.poll()).toEqual(["directive for A"]);
    expect(recorder.received.map(({ tusn }) => tusn)).toEqual([TUSN_A, TUSN_B]);
  });

  it("never mixes what waits for two terminals, however they ask", async () => {
    const [a, b] = [await greet(), await greet(TUSN_B)];
    const read: Record<string, string[]> = { A: [], B: [] };
    for (let round = 0; round < 10; round += 1) {
      for (const n of [0, 1, 2]) {
        send(`A ${3 * round + n}`);
        send(`B ${3 * round + n}`, TUSN_B);
      }
      const [ofA, ofB] = await Promise.all([a.poll(), b.poll()]);
      read["A"]?.push(...ofA);
      read["B"]?.push(...ofB);
    }
    for (const name of ["A", "B"]) {
      expect(read[name]).toEqual(Array.from({ length: 30 }, (_, n) => `directive ${name} ${n}`));
    }
  });

  it("cuts a terminal off on demand, also one that is reading, and lets it come again", async () => {
    const [a, b] = [await greet(), await greet(TUSN_B)];
    server.disconnect(TUSN_A);
    expect(server.connected()).toEqual([TUSN_B]);
    const next = await a.poll().catch(() => ["cut"]);
    expect([["cut"], ["409 HELLO_MISSING"]]).toContainEqual(next);
    a.session = undefined;
    expect(await a.upload(HELLO)).toEqual([""]);
    expect(await b.poll()).toEqual([]);
  });

  it.each([0, MAX_POLL_S + 1, Number.NaN])(
    "asks no terminal to wait for %d s, for it could prove nothing",
    async (pollS) => {
      const opening = openTestPolling(recorder, { limits: { pollS } });
      await expect(opening).rejects.toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    },
  );

  it("closes whole, and sends nothing more", async () => {
    const terminal = await greet();
    await Promise.all([server.close(), server.close()]);
    expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`]);
    expect(() => send("x")).toThrow(expect.objectContaining({ code: "BUS_CLOSED" }));
    await expect(terminal.poll()).rejects.toThrow();
  });
});

describe("nobody polls", () => {
  const refused = async (terminal: PollingTerminal) => {
    await expect(terminal.upload(HELLO)).rejects.toThrow();
    expect(recorder.asked).toEqual([]);
  };

  it("without a certificate", async () => {
    await refused(new PollingTerminal(server.port, {}));
  });

  it("under a certificate of another authority, one that has expired, or one that names no terminal", async () => {
    const { foreignAuthority, terminal, server: own } = await loadCertificates();
    await refused(new PollingTerminal(server.port, await terminal(TUSN_A, { authority: foreignAuthority })));
    await refused(new PollingTerminal(server.port, await terminal(TUSN_A, { now: longAgo() })));
    await refused(new PollingTerminal(server.port, own));
  });

  it("on under a certificate that expires while its connection is open", async () => {
    const terminal = await greet();
    now += 31 * 86_400;
    expect(await terminal.poll()).toEqual(["403 CERTIFICATE_INVALID"]);
  });

  it("by TLS 1.2", async () => {
    const { authority, terminal } = await loadCertificates();
    const { key, certificate: cert } = await terminal(TUSN_A);
    const socket = connectTls({
      ...{ host: "127.0.0.1", port: server.port, ca: authority.certificate, key, cert, maxVersion: "TLSv1.2" },
    });
    await expect(new Promise((_, reject) => socket.on("error", reject))).rejects.toThrow();
  });

  it("under a revoked certificate, from the next connection on; no list that is none changes that", async () => {
    const { authority, terminal } = await loadCertificates();
    const before = await greet();
    const serial = new X509Certificate((await terminal(TUSN_A)).certificate).serialNumber.toLowerCase();
    const times = { now: now - 60, nextUpdate: now + 3_600 };
    server.refuse(await createRevocationList(authority, { revoked: [{ serial, at: now }], number: now, ...times }));
    expect(await before.poll()).toEqual([]);
    server.disconnect(TUSN_A);
    recorder.asked.length = 0;
    await refused(await open());
    for (const text of ["", "no list", authority.certificate]) {
      expect(() => server.refuse(text)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
    await refused(await open());
    await greet(TUSN_B);
  });
});

describe("a hostile terminal with a good certificate", () => {
  it("is read no further than an upload may be long", async () => {
    const terminal = await greet();
    const body = Buffer.alloc(MAX_UPLOAD_BYTES + 1);
    expect(await terminal.ask({ ...POST, headers: TYPED, body })).toMatchObject({
      status: 413,
      code: "BYTES_TOO_LARGE",
    });
    const endless = { ...TYPED, "transfer-encoding": "chunked" };
    expect(await (await open()).ask({ ...POST, headers: endless, body })).toMatchObject({ status: 413 });
    expect(recorder.received).toHaveLength(1);
  });

  it.each([
    ["what is no upload", Buffer.from("garbage"), TYPED, "BYTES_NOT_CANONICAL"],
    [
      "a message of a kind that no terminal says",
      Buffer.from("0a0a0a05747275737412016100".slice(0, 24), "hex"),
      TYPED,
      "FIELD_INVALID",
    ],
    ["JSON", Buffer.from("{}"), { "content-type": "application/json" }, "FIELD_INVALID"],
  ])("has %s refused", async (_, body, headers, code) => {
    expect(await (await open()).ask({ ...POST, headers, body })).toMatchObject({ status: 400, code });
    expect(recorder.asked).toEqual([]);
  });

  it("asks so often and no more, and disturbs nobody", async () => {
    const [terminal, other] = [await greet(), await open(TUSN_B)];
    const statuses: number[] = [];
    for (let n = 0; n < TERMINAL_RATE.burst; n += 1) {
      statuses.push((await terminal.ask({ path: DESIRED_PATH })).status);
    }
    expect(statuses.slice(0, -1).every((status) => status === 200)).toBe(true);
    const { code, headers } = await terminal.ask({ path: DESIRED_PATH });
    expect([code, headers["retry-after"]]).toEqual(["RATE_LIMITED", "1"]);
    expect(await other.upload(HELLO)).toEqual([""]);
    now += 1;
    expect((await terminal.ask({ path: DESIRED_PATH })).status).toBe(200);
  });

  it("has so many connections and no more", async () => {
    const { authority, terminal } = await loadCertificates();
    const { key, certificate: cert } = await terminal(TUSN_A);
    const sockets = Array.from({ length: MAX_SOCKETS_PER_TERMINAL + 3 }, () =>
      connectTls({ host: "127.0.0.1", port: server.port, ca: authority.certificate, key, cert }).on("error", () => {}),
    );
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const openNow = () => sockets.filter((socket) => !socket.destroyed).length;
    for (const socket of sockets) socket.resume();
    await vi.waitFor(() => expect(openNow()).toBe(MAX_SOCKETS_PER_TERMINAL), SOON);
    await greet(TUSN_B);
  });
});
