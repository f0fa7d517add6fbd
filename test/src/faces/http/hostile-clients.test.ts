import { once } from "node:events";
import { connect as connectTcp, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { createApproverKey } from "../../../../certs/keys.ts";
import { signRequest } from "../../../../certs/request.ts";
import { MAX_RELEASE_FILE_BYTES } from "../../../../proto/bounds.ts";
import { MAX_HEADER_BYTES, MAX_SOCKETS_PER_ADDRESS, MAX_TRANSFERS } from "../../../../src/faces/http/limits.ts";
import { createHttpsServer } from "../../../../src/faces/http/server.ts";
import { loadCertificates } from "../../../support/certificates.ts";
import {
  ask,
  openRawClient,
  openTestDesk,
  type TestDesk,
  toHead,
  toSignedHeaders,
} from "../../../support/desk-client.ts";
import { openTestFleet } from "../../../support/fleet-store.ts";
import { SOON_MS } from "../../../support/patience.ts";

const SIGNATURES = `/v1/releases/${"ab".repeat(16)}/signatures`;
const TRUST = "/v1/trust/bundle";

const prepare = async (change: Parameters<typeof openTestDesk>[1] = {}) =>
  await openTestDesk(await openTestFleet(), change);

/** Headers of an approver who announces this body. */
function announce(desk: TestDesk, body: Uint8Array, length = body.length) {
  const { maker } = desk.fleet.approvers;
  return {
    ...toSignedHeaders(desk, SIGNATURES, { method: "POST", body, key: maker }),
    "content-length": String(length),
  };
}

async function openTcp(desk: TestDesk): Promise<{ readonly socket: Socket; readonly closed: Promise<unknown> }> {
  const socket = connectTcp(desk.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  return { socket, closed };
}

describe("a connection", () => {
  it("takes TLS 1.3 and nothing less", async () => {
    const desk = await prepare();
    const options = { host: "127.0.0.1", port: desk.port, ca: desk.authority };
    const old = connectTls({ ...options, maxVersion: "TLSv1.2" });
    await expect(once(old, "secureConnect")).rejects.toThrow();
    const { socket } = await openRawClient(desk);
    expect(socket.getProtocol()).toBe("TLSv1.3");
  });

  it("without TLS is cut", async () => {
    const { socket, closed } = await openTcp(await prepare());
    socket.write("GET /v1/trust/bundle HTTP/1.1\r\nhost: x\r\n\r\n");
    await closed;
  });

  it("that does not finish its handshake is cut", async () => {
    const { closed } = await openTcp(await prepare({ handshakeMs: 200 }));
    await closed;
  });

  it("that sends its headers one by one is cut", async () => {
    const client = await openRawClient(await prepare({ headersMs: 300 }));
    client.socket.write("GET /v1/trust/bundle HTTP/1.1\r\n");
    const timer = setInterval(() => client.socket.write("x-more: 1\r\n"), 50);
    await client.closed;
    clearInterval(timer);
    expect(client.text()).not.toContain("200 OK");
  });

  it("that sends an announced body one byte at a time is cut, and its place is free again", async () => {
    const desk = await prepare({ headersMs: 300, requestMs: 500 });
    const body = Buffer.alloc(1_000_000);
    const clients = await Promise.all(Array.from({ length: MAX_TRANSFERS }, () => openRawClient(desk)));
    for (const { socket } of clients) socket.write(toHead("POST", SIGNATURES, announce(desk, body)));
    const timer = setInterval(() => {
      for (const { socket } of clients) socket.write("x");
    }, 50);
    await Promise.all(clients.map(({ closed }) => closed));
    clearInterval(timer);
    const { maker } = desk.fleet.approvers;
    expect((await ask(desk, SIGNATURES, { method: "POST", key: maker, body: Buffer.from("x") })).status).toBe(400);
  });

  it("is one of a bounded number from one address", async () => {
    const desk = await prepare();
    const clients = await Promise.all(Array.from({ length: MAX_SOCKETS_PER_ADDRESS }, () => openRawClient(desk)));
    const one = await openTcp(desk);
    await one.closed;
    clients[0]?.socket.destroy();
    await clients[0]?.closed;
    await expect.poll(() => ask(desk, TRUST).then(({ status }) => status), { timeout: SOON_MS }).toBe(200);
  });

  it("is counted with those from all other addresses of one IPv6 subscriber", async () => {
    const { server: own } = await loadCertificates();
    const { server, close } = createHttpsServer(own, () => undefined);
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await close().catch(() => undefined);
    });
    const comeFrom = (address: string) => {
      const socket = new Socket();
      Object.defineProperty(socket, "remoteAddress", { value: address });
      server.emit("connection", socket);
      return socket;
    };
    const most = MAX_SOCKETS_PER_ADDRESS;
    const sockets = Array.from({ length: most }, (_, n) => comeFrom(`2001:db8:0:1:${n.toString(16)}::1`));
    expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
    sockets.push(comeFrom("2001:db8:0:1::ffff"), comeFrom("2001:db8:0:2::1"));
    expect(sockets.slice(-2).map(({ destroyed }) => destroyed)).toEqual([true, false]);
  });

  it("is cut where the desk closes, whatever it is doing", async () => {
    const desk = await prepare();
    const handshake = await openTcp(desk);
    const idle = await openRawClient(desk);
    const sending = await openRawClient(desk);
    sending.socket.write(toHead("POST", SIGNATURES, announce(desk, Buffer.alloc(10))));
    await desk.close();
    await Promise.all([handshake.closed, idle.closed, sending.closed]);
    await expect(openTcp(desk)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("a body", () => {
  it("of a stranger is not waited for", async () => {
    const desk = await prepare();
    const headers = { "content-length": String(MAX_RELEASE_FILE_BYTES) };
    const digest = { "content-digest": `sha-256=:${Buffer.alloc(32).toString("base64")}:` };
    const at = desk.fleet.at;
    const request = { method: "POST", path: SIGNATURES, body: Buffer.alloc(32), at };
    for (const more of [
      {},
      digest,
      { ...digest, authorization: signRequest(createApproverKey(), request) },
      { ...digest, authorization: signRequest(desk.fleet.approvers.maker, request) },
      { authorization: signRequest(desk.fleet.approvers.maker, request) },
    ]) {
      const client = await openRawClient(desk);
      client.socket.write(toHead("POST", SIGNATURES, { ...headers, ...more }));
      await expect.poll(client.text, { timeout: SOON_MS }).toContain("REQUEST_UNSIGNED");
      expect(client.text()).toContain("HTTP/1.1 401");
      // It goes on sending: that is dropped for a while, and then cut.
      const timer = setInterval(() => client.socket.write(Buffer.alloc(1_024)), 20);
      await client.closed;
      clearInterval(timer);
    }
  });

  it("over the bound is refused by what it announces, and by what comes", async () => {
    const desk = await prepare();
    const announced = await openRawClient(desk);
    const body = Buffer.from("x");
    announced.socket.write(toHead("POST", SIGNATURES, announce(desk, body, MAX_RELEASE_FILE_BYTES + 1)));
    await expect.poll(announced.text, { timeout: SOON_MS }).toContain("BYTES_TOO_LARGE");
    expect(announced.text()).toContain("HTTP/1.1 413");

    const chunked = await openRawClient(desk);
    const { "content-length": _, ...headers } = announce(desk, body);
    chunked.socket.write(toHead("POST", SIGNATURES, { ...headers, "transfer-encoding": "chunked" }));
    const chunk = Buffer.alloc(1_048_576);
    for (let n = 0; n <= MAX_RELEASE_FILE_BYTES / chunk.length; n += 1) {
      if (chunked.socket.destroyed) break;
      chunked.socket.write(`${chunk.length.toString(16)}\r\n`);
      chunked.socket.write(chunk);
      chunked.socket.write("\r\n");
    }
    await expect.poll(chunked.text, { timeout: SOON_MS }).toContain("BYTES_TOO_LARGE");
  });

  it("is one of a bounded number that are held at once", async () => {
    const desk = await prepare();
    const body = Buffer.alloc(1_000);
    const clients = await Promise.all(Array.from({ length: MAX_TRANSFERS }, () => openRawClient(desk)));
    for (const { socket } of clients) socket.write(toHead("POST", SIGNATURES, announce(desk, body)));
    const { maker } = desk.fleet.approvers;
    const asking = { method: "POST", key: maker, body };
    await expect.poll(() => ask(desk, SIGNATURES, asking).then(({ status }) => status), { timeout: SOON_MS }).toBe(503);
    const busy = await ask(desk, SIGNATURES, asking);
    expect(busy.json["code"]).toBe("DESK_BUSY");
    expect(busy.headers["retry-after"]).toBe("5");
    // What takes no body goes on.
    expect((await ask(desk, "/v1/releases", { key: maker })).status).toBe(200);
    clients[0]?.socket.write(body);
    await expect.poll(() => ask(desk, SIGNATURES, asking).then(({ status }) => status), { timeout: SOON_MS }).toBe(400);
  });
});

describe("a request", () => {
  it.each([
    ["no HTTP", "\x00\x01\x02\r\n\r\n"],
    ["two lengths", toHead("POST", SIGNATURES, { "content-length": "1, 2" })],
    ["a length and chunks", toHead("POST", SIGNATURES, { "content-length": "1", "transfer-encoding": "chunked" })],
    ["headers over their bound", toHead("GET", TRUST, { "x-long": "x".repeat(MAX_HEADER_BYTES) })],
    ["no host", "GET /v1/trust/bundle HTTP/1.1\r\n\r\n"],
  ])("with %s ends the connection and reaches nothing", async (_, text) => {
    const desk = await prepare();
    const client = await openRawClient(desk);
    client.socket.write(text);
    client.socket.end();
    expect(await client.closed).not.toContain("200 OK");
    expect(desk.fleet.lines.filter(({ status }) => status === 200)).toEqual([]);
    expect((await ask(desk, TRUST)).status).toBe(200);
  });

  it.each([
    ["/%", 400, "FIELD_INVALID"],
    ["/%00", 404, "NOT_FOUND"],
    [`/${"x".repeat(300)}`, 400, "FIELD_INVALID"],
    ["/v1/releases/../trust/bundle", 404, "NOT_FOUND"],
    ["//v1/trust/bundle", 404, "NOT_FOUND"],
    ["/v1/trust/bundle/", 404, "NOT_FOUND"],
    ["/V1/trust/bundle", 404, "NOT_FOUND"],
  ])("for %s is refused as a problem", async (path, status, code) => {
    const answer = await ask(await prepare(), path);
    expect([answer.status, answer.json["code"]]).toEqual([status, code]);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
  });

  it.each(["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])("by %s is refused", async (method) => {
    const client = await openRawClient(await prepare());
    client.socket.write(toHead(method, TRUST, { connection: "close" }));
    expect(await client.closed).toMatch(/^HTTP\/1.1 404/);
  });

  it("after another on the same connection is answered in its turn", async () => {
    const client = await openRawClient(await prepare());
    const last = toHead("GET", "/nothing", { connection: "close" });
    client.socket.write(toHead("GET", "/v1/releases", {}) + toHead("GET", TRUST, {}) + last);
    const statuses = (await client.closed).match(/HTTP\/1.1 \d+/g);
    expect(statuses).toEqual(["HTTP/1.1 401", "HTTP/1.1 200", "HTTP/1.1 404"]);
  });
});
