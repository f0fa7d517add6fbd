import { describe, expect, it } from "vitest";
import { ERRORS } from "../../../../../proto/errors.ts";
import { parseJsonBody } from "../../../../../src/faces/http/api/json-body.ts";
import { MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_UPLOAD_BYTES } from "../../../../../src/faces/http/api/limits.ts";
import { refusedWith } from "../../../../support/accounts.ts";
import { type ApiAsking, ask, keepConnections, openRaw, openStream, openTestApi } from "../../../../support/api.ts";
import { dump } from "../../../../support/api-walk.ts";
import { toNewChange } from "../../../../support/changes.ts";

const { requester: _, ...CHANGE } = toNewChange();
const TEXT = JSON.stringify(CHANGE);
const CARD = "6228480402564890018";

const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const json = (text: string | Buffer): ApiAsking => ({ method: "POST", body: Buffer.from(text) });

describe("a request", () => {
  it.each([
    ["no body", { method: "POST" }, 400, "FIELD_MISSING"],
    ["an empty body", json(""), 400, "FIELD_MISSING"],
    ["no JSON", json("{"), 400, "FIELD_INVALID"],
    ["a body that is no UTF-8", json(Buffer.from(TEXT.replace("新", "\xff"), "latin1")), 400, "FIELD_INVALID"],
    ["an array", json("[]"), 400, "FIELD_INVALID"],
    ["a text", json('"x"'), 400, "FIELD_INVALID"],
    ["null", json("null"), 400, "FIELD_INVALID"],
    ["deep JSON", json(`{"merchant":${deep(30_000)}}`), 400, "FIELD_INVALID"],
    ["a name that is there twice", json(TEXT.replace("{", '{"reason":"a look",')), 400, "FIELD_INVALID"],
    [
      "a name that is there twice, written otherwise",
      json(TEXT.replace("{", '{"re\\u0061son":"x",')),
      400,
      "FIELD_INVALID",
    ],
    ["__proto__", json(TEXT.replace("{", '{"__proto__":{"isRecovery":true},')), 400, "FIELD_INVALID"],
    ["constructor", json(TEXT.replace("{", '{"constructor":{"prototype":{}},')), 400, "FIELD_INVALID"],
    ["a member that nobody knows", json(TEXT.replace("{", `{"${CARD}":1,`)), 400, "FIELD_INVALID"],
    ["a sensitive name", json(TEXT.replace("{", '{"track2":"x",')), 400, "SENSITIVE_DATA"],
    ["sensitive words", json(JSON.stringify({ ...CHANGE, reason: "cvv 123" })), 400, "SENSITIVE_DATA"],
    ["a number for a text", json(JSON.stringify({ ...CHANGE, merchant: 822391058121070 })), 400, "FIELD_INVALID"],
    ["a text for a truth value", json(JSON.stringify({ ...CHANGE, isRecovery: "true" })), 400, "FIELD_INVALID"],
    ["a huge body", json(Buffer.alloc(MAX_JSON_BYTES + 1, 0x20)), 413, "BYTES_TOO_LARGE"],
    ["another type", { ...json(TEXT), headers: { "content-type": "text/plain" } }, 415, "FIELD_INVALID"],
    [
      "a form",
      { ...json("a=b"), headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      "FIELD_INVALID",
    ],
    ["no type", { ...json(TEXT), headers: { "content-type": "" } }, 415, "FIELD_INVALID"],
  ] as const)("with %s is refused, and changes nothing", async (_what, asking, status, code) => {
    const api = await openTestApi();
    const as = await api.as("operator");
    const before = await dump(api.fleet.store);
    const answer = await ask(api, "/changes", { ...asking, as });
    expect([answer.status, answer.code, answer.headers["content-type"]]).toEqual([
      status,
      code,
      "application/problem+json; charset=utf-8",
    ]);
    expect(answer.bytes.toString()).not.toContain(CARD);
    expect(JSON.stringify(api.fleet.lines)).not.toContain(CARD);
    expect(await dump(api.fleet.store)).toBe(before);
  });

  it("is refused by the field alone, never by what it holds", async () => {
    const api = await openTestApi();
    const as = await api.as("operator");
    for (const [body, code, field] of [
      [{ ...CHANGE, kind: CARD }, "FIELD_INVALID", "kind"],
      [{ ...CHANGE, content: { patch: { mcc: [CARD] } } }, "FIELD_INVALID", "content.patch.mcc"],
      [{ ...CHANGE, content: { patch: { [CARD]: 1 } } }, "FIELD_INVALID", "content.patch"],
      [{ ...CHANGE, merchant: undefined }, "FIELD_MISSING", "merchant"],
      [
        { ...CHANGE, content: { patch: { contacts: [{ role: "owner" }] } } },
        "FIELD_MISSING",
        "content.patch.contacts.0.name",
      ],
    ] as const) {
      const answer = await ask(api, "/changes", { as, body });
      expect([answer.code, answer.json["fields"]]).toEqual([code, { field }]);
      expect(answer.bytes.toString()).not.toContain(CARD);
    }
    for (const [query, field] of [
      ["limit=0", "limit"],
      ["limit=201", "limit"],
      ["limit=1e1", "limit"],
      ["limit=1&limit=2", "limit"],
      ["life=dead", "life"],
      [`${CARD}=1`, "query"],
      ["__proto__=1", "query"],
      ["merchant=1", "merchant"],
    ]) {
      const answer = await ask(api, `/terminals?${query}`, { as });
      expect([answer.status, answer.code, answer.json["fields"]], query).toEqual([400, "FIELD_INVALID", { field }]);
      expect(answer.bytes.toString()).not.toContain(CARD);
    }
    expect(JSON.stringify(api.fleet.lines)).not.toContain(CARD);
  });

  it("for a path that there is, with another method, is told which ones there are", async () => {
    const api = await openTestApi();
    for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
      const answer = await ask(api, "/changes", { method });
      expect([answer.status, answer.code, answer.headers.allow], method).toEqual([405, "FIELD_INVALID", "GET, POST"]);
    }
    expect((await ask(api, "/changes", { method: "HEAD" })).status).toBe(405);
    expect((await ask(api, "/changes", { method: "PUT", body: Buffer.alloc(1_000_000) })).status).toBe(405);
    for (const path of ["/none", "/changes/x/y", "/../v1/changes", "/%2e%2e/me"]) {
      expect((await ask(api, path)).code, path).toBe("NOT_FOUND");
    }
    expect((await ask(api, `/changes?after=${"x".repeat(300)}`)).code).toBe("FIELD_INVALID");
  });

  it("by cookie, in the address or by another scheme is nobody's", async () => {
    const api = await openTestApi();
    const token = await api.as("operator");
    for (const headers of [
      { cookie: `token=${token}; session=${token}` },
      { authorization: `Basic ${Buffer.from(`x:${token}`).toString("base64")}` },
      { authorization: token },
      { "x-api-key": token },
    ]) {
      expect((await ask(api, "/terminals", { headers: headers as Record<string, string> })).code).toBe(
        "NOT_AUTHENTICATED",
      );
    }
    const { headers } = await ask(api, "/terminals", { as: token });
    expect([headers["set-cookie"], headers["access-control-allow-origin"]]).toEqual([undefined, undefined]);
  });

  it("that comes too often is put off: of one address, of one account, and of whoever tries passwords", async () => {
    const api = await openTestApi({
      rates: {
        address: { burst: 30, perMinute: 60 },
        account: { burst: 5, perMinute: 60 },
        login: { burst: 3, perMinute: 60 },
      },
    });
    const [as, other] = [await api.as("operator"), await api.as("auditor")];
    const agent = keepConnections();
    const read = (token?: string) => ask(api, "/terminals", { as: token, agent });
    for (let n = 0; n < 5; n += 1) expect((await read(as)).status).toBe(200);
    const late = await read(as);
    expect([late.status, late.code, late.headers["retry-after"]]).toEqual([429, "RATE_LIMITED", "1"]);
    expect((await read(other)).status).toBe(200);
    const login = () => ask(api, "/sessions", { body: { name: "wang", password: "x", code: "" }, agent });
    for (let n = 0; n < 3; n += 1) expect((await login()).code).toBe("LOGIN_FAILED");
    expect((await login()).code).toBe("RATE_LIMITED");
    for (let n = 0; n < 19; n += 1) expect((await read()).code).toBe("NOT_AUTHENTICATED");
    expect((await read()).code).toBe("RATE_LIMITED");
    api.fleet.at += 60;
    expect((await read(as)).status).toBe(200);
  });

  it("whose headers or body come byte by byte is cut", async () => {
    const api = await openTestApi({ headersMs: 300, requestMs: 500 });
    const as = await api.as("operator");
    const slow = [
      "GET /api/v1/me HTTP/1.1\r\nhost: x\r\n",
      `POST /api/v1/changes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${as}\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{`,
    ];
    const clients = await Promise.all(slow.map(() => openRaw(api)));
    for (const [n, { socket }] of clients.entries()) socket.write(slow[n] ?? "");
    const timer = setInterval(() => {
      for (const { socket } of clients) socket.write(" ");
    }, 50);
    const texts = await Promise.all(clients.map(({ closed }) => closed));
    clearInterval(timer);
    for (const text of texts) expect(text).not.toContain("200 OK");
  });

  it.each([
    ["a file", "/desk", "application/octet-stream"],
    ["JSON with a file in it", "/orders/CHG00000001/steps/sign-in", "application/json"],
  ])("with a large body, %s, is one of a few of its account at once", async (_what, path, type) => {
    const api = await openTestApi();
    const as = await api.as("operator");
    const head = `POST /api/v1${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${as}\r\ncontent-type: ${type}\r\ncontent-length: 99\r\n\r\n`;
    const clients = [await openRaw(api), await openRaw(api)];
    for (const { socket } of clients) socket.write(head);
    const third = () => ask(api, path, { as, ...json("x"), headers: { "content-type": type } });
    await expect.poll(async () => (await third()).code).toBe("RATE_LIMITED");
    for (const { socket } of clients) socket.destroy();
    await expect.poll(async () => (await third()).code).not.toBe("RATE_LIMITED");
  });

  it("with more evidence than is taken is refused", async () => {
    const api = await openTestApi();
    const id = await api.draft({}, []);
    const answer = await ask(api, `/changes/${id}/attachments?kind=licence&name=x`, {
      ...{ as: await api.as("operator"), ...json(Buffer.alloc(MAX_UPLOAD_BYTES + 1)) },
      headers: { "content-type": "application/pdf" },
    });
    expect([answer.status, answer.code]).toEqual([413, "BYTES_TOO_LARGE"]);
    expect((await api.show(id)).attachments).toEqual([]);
  });

  it("is answered by problems with our codes only", async () => {
    const api = await openTestApi();
    const as = await api.as("administrator");
    for (const path of ["/none", "/accounts/nobody", "/accounts/UPPER", "/terminals", "/audit?after=x"]) {
      const { json: problem, status } = await ask(api, path, { as });
      expect(Object.keys(problem)).toEqual(["type", "title", "status", "code", "fields"]);
      const code = String(problem["code"]) as keyof typeof ERRORS;
      expect([problem["title"], problem["type"], problem["status"]]).toEqual([
        ERRORS[code],
        `urn:tillsync:${code}`,
        status,
      ]);
    }
  });
});

describe("a client that goes", () => {
  const toRequest = (path: string, as: string) =>
    `GET /api/v1${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${as}\r\n\r\n`;

  async function openEvidence() {
    const api = await openTestApi();
    const [as, id] = [await api.as("operator"), await api.draft()];
    const [kept] = (await api.show(id)).attachments;
    return { api, as, path: `/changes/${id}/attachments/${kept?.digest}` };
  }

  it("as soon as it has asked keeps no place of its account's, for files or for streams", async () => {
    const { api, as, path } = await openEvidence();
    for (const asked of [path, "/events"]) {
      for (let n = 0; n < 12; n += 1) {
        const { socket, closed } = await openRaw(api);
        socket.write(toRequest(asked, as), () => socket.destroy());
        await closed;
      }
    }
    await expect.poll(async () => (await ask(api, path, { as })).status).toBe(200);
    await expect
      .poll(async () => {
        const stream = await openStream(api, "/events", as);
        stream.end();
        return stream.status;
      })
      .toBe(200);
  });

  it("keeps no place for what it has asked for behind a stream", async () => {
    const { api, as, path } = await openEvidence();
    const { socket, closed } = await openRaw(api);
    socket.write(toRequest("/events", as) + toRequest(path, as) + toRequest(path, as));
    await expect.poll(async () => (await ask(api, path, { as })).status).toBe(429);
    socket.destroy();
    await closed;
    await expect.poll(async () => (await ask(api, path, { as })).status).toBe(200);
  });
});

describe("JSON", () => {
  it("is taken up to a depth, and not beyond", async () => {
    expect(parseJsonBody(Buffer.from(deep(MAX_JSON_DEPTH)))).toBeInstanceOf(Array);
    const parse = async (text: string) => parseJsonBody(Buffer.from(text));
    expect(await refusedWith(parse(deep(MAX_JSON_DEPTH + 1)))).toBe("FIELD_INVALID field");
  });

  it("may hold the same name in two objects, brackets in texts, and anything in a secret", () => {
    const text = '{"a":{"x":1},"b":[{"x":2},{"x":"{[\\"}: __proto__"}],"password":"cvv 123"}';
    expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
  });

  it("holds a file in a secret of any size, whatever its letters happen to spell", () => {
    for (const file of [
      "cvv123",
      "CVN2999+",
      "A".repeat(2 * MAX_JSON_BYTES),
      "+\\/".repeat(MAX_JSON_BYTES),
      "[".repeat(MAX_JSON_BYTES),
    ]) {
      const text = `{"evidence":"${file}","reason":"x"}`;
      expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
    }
  });

  it.each([
    ["a long text", `{"reason":"${"1".repeat(MAX_JSON_BYTES)}"}`],
    ["a long name", `{"${"1".repeat(MAX_JSON_BYTES)}":1}`],
    ["many texts", `[${'"",'.repeat(MAX_JSON_BYTES)}""]`],
    ["many lists", `[${"[],".repeat(MAX_JSON_BYTES)}[]]`],
    ["many objects", `{"evidence":[${"{},".repeat(MAX_JSON_BYTES)}{}]}`],
    ["many numbers", `{"evidence":[${"1,".repeat(MAX_JSON_BYTES)}1]}`],
    ["many texts in the place of a file", `{"evidence":[${'"",'.repeat(MAX_JSON_BYTES)}""]}`],
    ["a long number", `{"evidence":${"1".repeat(MAX_JSON_BYTES)}}`],
    ["nothing but spaces", `{"evidence":"YQ=="${" ".repeat(MAX_JSON_BYTES)}}`],
    ["a text that has no end", `{"reason":"${"\\".repeat(4 * MAX_JSON_BYTES)}"`],
    ["a file that has no end", `{"evidence":"${'\\"'.repeat(MAX_JSON_BYTES)}`],
    ["a text with a line break", '{"reason":"\n"}'],
  ])("is refused with %s", async (_what, text) => {
    const parse = async () => parseJsonBody(Buffer.from(text));
    expect(await refusedWith(parse())).toBe("FIELD_INVALID field");
  });

  it("is refused with what must never be kept in a list behind a secret", async () => {
    for (const text of ['[{"evidence":"YQ=="},"cvv 123"]', '{"evidence":["YQ==","cvv 123"]}']) {
      const parse = async () => parseJsonBody(Buffer.from(text));
      expect(await refusedWith(parse()), text).toBe("SENSITIVE_DATA");
    }
  });

  it("may hold any number of backslashes where anything may stand", () => {
    const text = `{"evidence":"${"\\\\".repeat(4_000_000)}"}`;
    expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
  });
});
