import type { ServerResponse } from "node:http";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { MAX_ANSWER_BYTES, post, type Server } from "../../../agent/enrol/post.ts";
import { issueServerCertificate } from "../../../certs/x509/authority.ts";
import { parseRsaKey, toRsaPublicKey } from "../../../certs/x509/rsa-key.ts";
import { loadCertificates, longAgo, type TestCertificates, TUSN_A } from "../../support/certificates.ts";
import { type Answering, type EnrolmentServer, openEnrolmentServer } from "../../support/enrolment-server.ts";

// Against servers that anybody may have put in the service's place, over real TLS.

let made: TestCertificates;
const servers: EnrolmentServer[] = [];

beforeAll(async () => {
  made = await loadCertificates();
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(...args: Parameters<typeof openEnrolmentServer>): Promise<EnrolmentServer> {
  const server = await openEnrolmentServer(...args);
  servers.push(server);
  return server;
}

function send({ url }: EnrolmentServer, change: Partial<Server> = {}) {
  return post({ url: new URL(url), ca: made.authority.certificate, ...change }, "/enrol/v1/challenges", { token: "t" });
}

async function failure(sending: Promise<unknown>): Promise<unknown> {
  const error = await sending.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "FETCH_FAILED" });
  return (error as { fields: Record<string, unknown> }).fields["what"];
}

/** A certificate by our own authority for the server's key, with other names or another time. */
async function issue(dnsNames: readonly string[], now = new Date()) {
  const { key } = made.server;
  const publicKey = toRsaPublicKey(parseRsaKey(key));
  const terms = { publicKey, name: "other", dnsNames, ipAddresses: [], days: 30, now };
  return { key, certificate: await issueServerCertificate(made.authority, terms) };
}

describe("a post to the service", () => {
  it("brings status, body and when to come again", async () => {
    const reply = { status: 202, headers: { "retry-after": "7" }, body: { state: "pending" } };
    const server = await open(() => reply);
    expect(await send(server)).toEqual({ status: 202, retryAfterS: 7, body: '{"state":"pending"}' });
    expect(server.calls).toMatchObject([{ path: "/enrol/v1/challenges", body: { token: "t" } }]);
  });

  it("takes a date or a fraction for no number of seconds", async () => {
    for (const text of ["Wed, 21 Oct 2026 07:28:00 GMT", "1.5", "-1", "9".repeat(20)]) {
      const server = await open(() => ({ headers: { "retry-after": text } }));
      expect((await send(server)).retryAfterS).toBeUndefined();
    }
  });

  it("follows no redirect, wherever it leads", async () => {
    const other = await open();
    const server = await open(() => ({ status: 307, headers: { location: `${other.url}/enrol/v1/challenges` } }));
    expect((await send(server)).status).toBe(307);
    expect(other.calls).toEqual([]);
  });

  it("shows a certificate where it is told to, and none otherwise", async () => {
    const { key, certificate } = await made.terminal(TUSN_A);
    const server = await open();
    await send(server);
    await send(server, { own: { cert: certificate, key } });
    expect(server.calls.map(({ shown }) => shown)).toEqual([undefined, certificate]);
  });
});

describe("a post tells nothing to a server", () => {
  it.each([
    ["of another authority", async () => open(undefined, {}), () => ({ ca: made.foreignAuthority.certificate })],
    ["of another name", async () => open(undefined, { identity: await issue(["other.example"]) }), () => ({})],
    [
      "whose certificate has expired",
      async () => open(undefined, { identity: await issue(["localhost"], longAgo()) }),
      () => ({}),
    ],
    [
      "that speaks TLS 1.2 at most",
      async () => open(undefined, { tls: { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } }),
      () => ({}),
    ],
  ] as const)("%s", async (_, start, change) => {
    const server = await start();
    expect(await failure(send(server, change()))).toMatch(/^[A-Z_]+$/);
    expect(server.calls).toEqual([]);
  });

  it("of a terminal's certificate, which is no server's", async () => {
    const { key, certificate } = await made.terminal(TUSN_A);
    const server = await open(undefined, { identity: { key, certificate } });
    await failure(send(server));
    expect(server.calls).toEqual([]);
  });

  it("whatever the environment says of certificates", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const server = await open();
      await failure(send(server, { ca: made.foreignAuthority.certificate }));
      expect(server.calls).toEqual([]);
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });
});

describe("a post gives up", () => {
  const cases: readonly (readonly [name: string, answer: Answering, limits: Partial<Server>, what: RegExp])[] = [
    ["where the answer has no end", () => pour, {}, /^answer too long$/],
    [
      "where the answer is longer than allowed",
      () => ({ body: "x".repeat(MAX_ANSWER_BYTES + 1) }),
      {},
      /^answer too long$/,
    ],
    ["where nothing is answered", () => () => undefined, { idleMs: 50 }, /^silent$/],
    ["where the answer comes drop by drop", () => drip, { durationMs: 200 }, /^too slow$/],
    ["where the answer is cut short", () => cutShort, {}, /./],
    [
      "where the headers have no end",
      () => ({ headers: { "x-endless": "y".repeat(10_000) } }),
      {},
      /^HPE_HEADER_OVERFLOW$/,
    ],
  ];
  it.each(cases)("%s", async (_, answer, limits, what) => {
    expect(await failure(send(await open(answer), limits))).toMatch(what);
  });

  it("where nobody listens", async () => {
    const server = await openEnrolmentServer();
    await server.close();
    expect(await failure(send(server))).toBe("ECONNREFUSED");
  });
});

function pour(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write("x".repeat(65_536)));
    if (!response.destroyed) response.once("drain", more);
  };
  response.writeHead(200);
  more();
}

function drip(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write("x"), 10);
  response.once("close", () => clearInterval(timer));
}

function cutShort(response: ServerResponse): void {
  response.writeHead(200, { "content-length": "100" });
  response.write("{", () => response.destroy());
}
