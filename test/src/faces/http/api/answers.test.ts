import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { signRelease } from "../../../../../certs/release.ts";
import { toReleaseFileBytes } from "../../../../../proto/delivery.ts";
import { ManualAcquirer } from "../../../../../src/app/acquirers/manual/manual.ts";
import { placeOrder, toBindingFacts } from "../../../../../src/app/acquirers/orders.ts";
import { quarantine } from "../../../../../src/app/admission/quarantine.ts";
import { withdrawChange } from "../../../../../src/app/changes/draft.ts";
import { ReceiptRunner } from "../../../../../src/app/receipts/runner.ts";
import { noteReview } from "../../../../../src/app/reviews/done.ts";
import { DEFAULT_PACK } from "../../../../../src/domain/changes/pack.ts";
import { PACK_FORMAT } from "../../../../../src/domain/changes/parse-pack.ts";
import { describeApi } from "../../../../../src/faces/http/api/describe.ts";
import { ENDPOINTS } from "../../../../../src/faces/http/api/endpoints.ts";
import { findOrder, putOrder } from "../../../../../src/store/acquirer-orders.ts";
import { addTick } from "../../../../../src/store/acquirer-ticks.ts";
import { addNotices } from "../../../../../src/store/notices.ts";
import { transact } from "../../../../../src/store/store.ts";
import { ACT } from "../../../../support/accounts.ts";
import { OLD_CARD, toCard } from "../../../../support/acquirers.ts";
import { ask, keepConnections, openTestApi, type TestApi } from "../../../../support/api.ts";
import { LAKALA } from "../../../../support/api-walk.ts";
import { holdOnline } from "../../../../support/attestation.ts";
import { findNeedles, toForms } from "../../../../support/canary.ts";
import { toNewChange, toReplacement } from "../../../../support/changes.ts";
import { buildUnsigned, toId } from "../../../../support/desk.ts";
import { MERCHANT, TUSN_0 } from "../../../../support/fleet-store.ts";
import { toContactChange } from "../../../../support/receipts.ts";
import { NEW_CARD } from "../../../../support/sign-sample.ts";

const { requester: _, ...CHANGE } = toNewChange();
const NOTHING = { kind: "", bank: "", cnaps: "", holder: "" } as const;
const ORDER = "CHG00000001";
const PACK = JSON.stringify({ format: PACK_FORMAT, ...DEFAULT_PACK, version: 7 });

/** A fleet in which something of everything has happened, and an operator and an administrator. */
async function prepare() {
  const api = await openTestApi({}, 2);
  const { fleet } = api;
  const administrator = await api.as("administrator");
  const loaded = await ask(api, "/policies", { as: administrator, body: Buffer.from(PACK) });
  expect([loaded.status, loaded.json]).toEqual([201, { name: "*/*@7", acquirer: "*", model: "*", version: 7 }]);
  const change = await api.submit({ ...toReplacement(), reason: `lost ${NEW_CARD}` });
  await api.sign(change);
  await api.runner.poll();
  await api.runner.poll();
  await api.report();
  const suspicion = { tusn: TUSN_0, why: "certificate_unknown", sides: { before: "a", now: "b" } } as const;
  await transact(fleet.store, (tx) => quarantine(tx, fleet.at, suspicion));
  const legacy = { serial: "SN1", maker: "x", model: "y", certificateNo: "", place: "", terminalNo: "", acquirer: "" };
  await fleet.store
    .insertInto("legacyTerminals")
    .values({ ...legacy, merchantNumber: MERCHANT, replacedBy: "" })
    .execute();
  await api.accounts.administration.addKey({ name: "shop", role: "auditor", merchants: [], validS: 60 }, ACT);
  const ended = await api.submit(toContactChange());
  await withdrawChange(fleet, ended, `not ${NEW_CARD}`, "li.mei");
  await askAcquirer(api, ended);
  await new ReceiptRunner(fleet, (await holdOnline(fleet)).attestor).poll();
  await noteReview(fleet, MERCHANT, { actor: "li.mei", reason: `saw ${NEW_CARD.slice(-4)}` });
  const shown = await api.show(change);
  const params: Readonly<Record<string, string>> = {
    ...{
      tusn: TUSN_0,
      number: MERCHANT,
      serial: "SN1",
      digits: "622848",
      acquirer: "*",
      model: "*",
      version: "7",
      name: "the-operator",
    },
    digest: String(shown.attachments[0]?.digest),
  };
  const toPath = (path: string) =>
    path.replace(/\{(\w+)\}/g, (_all, name: string) => {
      if (path.endsWith("/receipt")) return ended;
      if (path.startsWith("/orders")) return ORDER;
      if (path.startsWith("/merchants") && name === "acquirer") return path.endsWith("/facts") ? LAKALA.code : "M1";
      const id = path.startsWith("/changes") ? change : shown.releaseId;
      return encodeURIComponent({ ...params, id }[name] ?? "");
    }) + (path.endsWith("/facts") ? `?request=${ORDER}` : "");
  return { api, change, operator: await api.as("operator"), administrator, toPath };
}

/** An acquirer that people ask, an order to it, what it has on record, and somebody who could not be told of it. */
async function askAcquirer(api: TestApi, change: string): Promise<void> {
  const { fleet } = api;
  const settings = { adapter: "manual", code: "M1", channel: "bank-app" } as const;
  api.setUp(settings, new ManualAcquirer({ context: fleet, ...settings }));
  api.setUp(LAKALA, new ManualAcquirer({ context: fleet, ...settings, code: LAKALA.code }));
  const order = { requestNo: ORDER, change, purpose: "change", acquirer: "M1", merchant: MERCHANT } as const;
  const wanted = toBindingFacts(toCard(NEW_CARD).binding);
  const before = toBindingFacts(OLD_CARD.binding);
  const told = { event: "submit", channel: "email", recipient: "gone@shop.example", audience: "merchant" } as const;
  const fate = { attempts: 12, dueAt: null, deliveredAt: null, code: "NOTICE_FAILED", createdAt: fleet.at };
  const onRecord = JSON.stringify({ ...NOTHING, masked: "622848*********0128", credit: "proven", at: fleet.at });
  await transact(fleet.store, async (tx) => {
    await placeOrder(tx, fleet.at, { ...order, wanted, before, sealed: undefined });
    const row = await findOrder(tx, ORDER);
    if (row !== undefined) await putOrder(tx, ORDER, { ...row, onRecord });
    const noted = { noted: "622848*********0128", evidence: Buffer.alloc(32), person: "wang", at: fleet.at };
    await addTick(tx, { requestNo: ORDER, step: "look-up", ...noted });
    await addNotices(tx, [{ changeId: change, eventId: 1, content: "{}", ...told, ...fate }]);
  });
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>;
}

describe("an answer", () => {
  it("is what the description says, and holds neither a card number nor what one could be tried against", async () => {
    const { api, operator, administrator, toPath } = await prepare();
    await api.submit();
    const { paths } = (await describeApi()) as { paths: Record<string, Record<string, Operation>> };
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    const agent = keepConnections();
    const answers = [];
    for (const { path, right, sends } of ENDPOINTS.filter(
      ({ method, sends }) => method === "GET" && sends !== "events",
    )) {
      const as = /^(accounts|audit|account)\./.test(right) ? administrator : operator;
      const answer = await ask(api, toPath(path), { as, agent });
      expect(answer.status, path).toBe(200);
      answers.push({ name: path, bytes: answer.bytes });
      if (sends === "file") continue;
      const content = paths[`/api/v1${path}`]?.["get"]?.responses["200"]?.content?.["application/json"];
      const isSound = ajv.compile(content?.schema ?? false);
      expect(isSound(answer.json), `${path} ${JSON.stringify(isSound.errors)}`).toBe(true);
      if ("items" in answer.json) expect(answer.json["items"], path).not.toEqual([]);
    }
    expect(answers.length).toBeGreaterThan(20);
    const log = { name: "log", bytes: Buffer.from(JSON.stringify(api.fleet.lines)) };
    expect(findNeedles([...answers, log], toForms(NEW_CARD))).toEqual([]);
    const told = answers.filter(({ name }) => name !== "/openapi.json" && name !== "/ledger");
    for (const { name, bytes } of told) expect(bytes.toString(), name).not.toContain('"commitment"');
  });

  it("about a change tells how far it is, and its follow-up task is noted as done", async () => {
    const { api, change, operator } = await prepare();
    const before = await ask(api, `/changes/${change}`, { as: operator });
    expect(before.json).toMatchObject({
      ...{ state: "releasing", requester: "li.mei", reason: "lost 622848*********0128" },
      tasks: [{ kind: "update_contact", doneAt: null }],
      terminals: [{ state: "committed" }, { state: "committed" }],
    });
    const path = `/changes/${change}/tasks/update_contact`;
    const done = await ask(api, path, { as: operator, body: { note: "told Chen" } });
    expect([done.status, done.headers.etag]).toEqual([200, `"${done.json["revision"]}"`]);
    expect((await ask(api, path, { as: operator, body: { note: "told Chen" } })).code).toBe("NOT_FOUND");
    const merchant = await ask(api, `/merchants/${MERCHANT}`, { as: operator });
    expect(merchant.headers.etag).toMatch(new RegExp(`^"${merchant.json["version"]}[.][0-9a-f]{16}"$`));
  });
});

describe("a repeated question", () => {
  it("is answered with 304 and nothing else where the asker names what he would be given", async () => {
    const { api, change, operator } = await prepare();
    for (const path of [`/changes/${change}`, `/merchants/${MERCHANT}`]) {
      const read = (header?: string) =>
        ask(api, path, { as: operator, headers: header === undefined ? {} : { "if-none-match": header } });
      const first = await read();
      const tag = String(first.headers.etag);
      for (const header of [tag, `W/${tag}`, `"a", W/"b,c" ,${tag}`, "*", " * "]) {
        const { status, headers, bytes } = await read(header);
        expect([status, bytes.length, headers.etag], header).toEqual([304, 0, tag]);
        expect(headers["cache-control"], header).toBe("no-store");
        expect(headers["content-type"], header).toBeUndefined();
      }
      const version = tag.replace(/[.].*$/, '"');
      for (const header of ["", version, `"x${tag.slice(1)}`, tag.slice(1, -1), `"${tag.slice(1, -1)},"`, '"*"']) {
        const { status, headers, bytes } = await read(header);
        expect([status, bytes, headers.etag], header).toEqual([200, first.bytes, tag]);
      }
    }
  });

  it("is answered anew where what belongs to a change moved on and its revision did not", async () => {
    const { api, change, operator } = await prepare();
    const read = (headers = {}) => ask(api, `/changes/${change}`, { as: operator, headers });
    const first = await read();
    const told = { event: "submit", channel: "email", recipient: "owner@shop.example" } as const;
    const fate = { attempts: 1, dueAt: null, deliveredAt: api.fleet.at, code: "" };
    const row = { changeId: change, eventId: 1, audience: "merchant", content: "{}", createdAt: api.fleet.at } as const;
    await transact(api.fleet.store, (tx) => addNotices(tx, [{ ...row, ...told, ...fate }]));
    const second = await read({ "if-none-match": String(first.headers.etag) });
    expect([second.status, second.json["revision"]]).toEqual([200, first.json["revision"]]);
    expect([first.json["notices"], second.json["notices"]]).toEqual([[], [{ ...told, ...fate }]]);
  });

  it("is refused before anything is compared where the asker may not read it", async () => {
    const { api, change } = await prepare();
    const headers = { "if-none-match": "*" };
    expect(await ask(api, `/changes/${change}`, { headers })).toMatchObject({ status: 401, code: "NOT_AUTHENTICATED" });
    const { token: as } = await api.addPerson("li.na", "agent", { merchants: ["822391058121071"] });
    expect(await ask(api, `/changes/${change}`, { as, headers })).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });
});

describe("acts over the API", () => {
  it("on terminals are in the ledger with who and why", async () => {
    const { api, operator } = await prepare();
    const act = (path: string, body?: object) =>
      ask(api, `/terminals/${TUSN_0}/${path}`, { as: operator, method: "POST", body });
    expect((await act("quarantine/release", { reason: "looked at it" })).json).toMatchObject({
      why: "certificate_unknown",
    });
    expect((await act("suspend", { reason: "stolen?" })).json).toMatchObject({ life: "suspended" });
    expect((await act("resume", { reason: "found" })).json).toMatchObject({ life: "active" });
    expect(await act("proof")).toMatchObject({ status: 202, json: { tusn: TUSN_0 } });
    expect((await act("revoke", { reason: "stolen" })).json).toMatchObject({ certificates: 1 });
    expect((await act("retire", { reason: "scrapped" })).json).toMatchObject({ life: "retired" });
    expect(await act("resume", { reason: "back" })).toMatchObject({ status: 409, code: "STATE_CONFLICT" });
    const listed = await ask(api, "/ledger?limit=200", { as: operator });
    const items = listed.json["items"] as { kind: string; actor: string; subject: string }[];
    const acts = items.filter(({ actor }) => actor === "the-operator").map(({ kind }) => kind);
    expect(acts).toEqual(
      expect.arrayContaining(["terminal.suspended", "terminal.resumed", "terminal.revoked", "terminal.retired"]),
    );
    expect(acts).toContain("terminal.proof_demanded");
  });

  it("on releases are in the ledger under the name that the person signs by", async () => {
    const api = await openTestApi();
    const as = (await api.addPerson("zhao", "operator", { person: "zhao.min" })).token;
    const file = await buildUnsigned(api.fleet);
    const body = toReleaseFileBytes(file);
    const headers = { "content-type": "application/octet-stream" };
    expect(await ask(api, "/desk", { as, body, headers })).toMatchObject({ status: 201 });
    const { maker, checker } = api.fleet.approvers;
    await api.tools.desk.sign(toId(file), toReleaseFileBytes(signRelease(signRelease(file, maker), checker)));
    const path = `/releases/${Buffer.from(toId(file)).toString("hex")}/publish`;
    expect(await ask(api, path, { as, method: "POST" })).toMatchObject({ status: 200, json: { deployments: 1 } });
    const items = (await ask(api, "/ledger?limit=200", { as })).json["items"] as { kind: string; actor: string }[];
    const acts = items.filter(({ actor }) => actor === "zhao.min").map(({ kind }) => kind);
    expect(acts).toEqual(["draft.submitted", "release.published"]);
  });

  it("on accounts are told to those who may see them, and withheld from others, who still see the hashes", async () => {
    const { api, operator, administrator } = await prepare();
    const body = { name: "li.na", role: "checker", displayName: "李娜", reason: "new colleague" };
    expect((await ask(api, "/accounts", { as: administrator, body })).status).toBe(201);
    const because = { reason: "left the company" };
    expect((await ask(api, "/accounts/li.na/disable", { as: administrator, body: because })).status).toBe(204);
    expect((await ask(api, "/accounts/li.na", { as: administrator })).json).toMatchObject({ state: "disabled" });
    expect((await ask(api, "/accounts/li.na/unlock", { as: administrator, body: because })).code).toBe(
      "STATE_CONFLICT",
    );
    const key = { name: "erp", role: "operator", validS: 86_400, reason: "orders" };
    const added = await ask(api, "/keys", { as: administrator, body: key });
    expect((await ask(api, "/terminals", { as: String(added.json["key"]) })).status).toBe(200);
    expect((await ask(api, "/keys/erp/revoke", { as: administrator, body: because })).status).toBe(204);
    const read = async (path: string, as: string) =>
      (await ask(api, path, { as })).json["items"] as Readonly<Record<string, unknown>>[];
    const audited = await read("/audit?limit=200", administrator);
    const entry = audited.find(({ kind }) => kind === "account.disabled");
    expect(entry).toMatchObject({ actor: "the-administrator", subject: "li.na", isWithheld: false });
    const seen = (await read("/ledger?limit=200", operator)).find(({ kind }) => kind === "account.disabled");
    expect(seen).toEqual({ ...entry, actor: "", subject: "", digest: "", detail: "", isWithheld: true });
  });
});

describe("a list", () => {
  it("is read page by page, with each row once, whatever comes in between", async () => {
    const { api, operator, administrator } = await prepare();
    /** What names each row, page by page; `meanwhile` is done between two of them. */
    const readAll = async (
      list: string,
      name: string,
      as: string,
      meanwhile: () => Promise<unknown> = async () => {},
    ) => {
      const names: unknown[] = [];
      let next: unknown = "";
      while (next !== null && names.length < 100) {
        const after = next === "" ? "" : `&after=${next}`;
        const { json } = await ask(api, `${list}?limit=1${after}`, { as });
        names.push(...(json["items"] as Record<string, unknown>[]).map((item) => item[name]));
        next = json["next"];
        await meanwhile();
      }
      return names;
    };
    const before = [];
    for (const state of ["withdrawn", "withdrawn", "draft"]) {
      api.fleet.at += 1;
      const id = String((await ask(api, "/changes", { as: operator, body: CHANGE })).json["id"]);
      before.unshift(id);
      const giveUp = { as: operator, body: { reason: "again" }, headers: { "if-match": '"1"' } };
      if (state === "withdrawn") await ask(api, `/changes/${id}/withdraw`, giveUp);
    }
    const rows = await readAll("/changes", "id", operator, addNewer);
    expect(rows.slice(0, 3)).toEqual(before);
    expect(new Set(rows).size).toBe(rows.length);
    async function addNewer() {
      api.fleet.at += 1;
      await ask(api, "/changes", {
        as: operator,
        body: { ...CHANGE, kind: "contact", content: { patch: { contacts: [] } } },
      });
    }
    const indexes = await readAll("/ledger", "index", operator);
    expect(indexes).toEqual(indexes.map((_index, n) => n));
    expect(indexes.length).toBeGreaterThan(20);
    expect(await readAll("/terminals", "tusn", operator)).toEqual(api.terminals.map(({ tusn }) => tusn));
    const people = ["the-administrator", "the-operator"];
    expect(await readAll("/accounts", "name", administrator)).toEqual(people);
    expect(await readAll("/deployments", "tusn", operator)).toEqual(api.terminals.map(({ tusn }) => tusn));
  });

  it("takes no cursor but its own", async () => {
    const { api, operator, administrator } = await prepare();
    const toCursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString("base64url");
    const next = String((await ask(api, "/ledger?limit=1", { as: operator })).json["next"]);
    for (const [list, cursor] of [
      ...["x", "e30", next, toCursor("terminals"), toCursor("terminals", 1), toCursor("terminals", "a", "b")].map(
        (one) => ["/terminals", one],
      ),
      ["/ledger", toCursor("ledger", "1")],
      ["/ledger", toCursor("ledger", 1.5)],
      ["/changes", toCursor("changes", "C0000000000000000")],
      ["/ledger", toCursor("ledger", -5)],
      ["/releases", toCursor("releases", 1)],
      ["/releases", toCursor("releases", -1, "ab".repeat(16))],
      ["/releases", toCursor("releases", 1, "zz")],
      ["/deployments", toCursor("deployments", "x", 1)],
      ["/reviews", toCursor("reviews", "zz")],
    ]) {
      const answer = await ask(api, `${list}?after=${cursor}`, { as: operator });
      expect([answer.status, answer.code], `${list} ${cursor}`).toEqual([400, "CURSOR_INVALID"]);
    }
    expect((await ask(api, `/accounts?after=${next}`, { as: administrator })).code).toBe("CURSOR_INVALID");
  });
});
