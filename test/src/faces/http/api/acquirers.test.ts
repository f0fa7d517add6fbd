import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseChangeFacts } from "../../../../../certs/acquirer/lakala-body.ts";
import { openAcquirer } from "../../../../../sim/acquirers/control.ts";
import { ManualAcquirer } from "../../../../../src/app/acquirers/manual/manual.ts";
import { openAcquirers } from "../../../../../src/app/acquirers/open.ts";
import { placeOrder, toBindingFacts } from "../../../../../src/app/acquirers/orders.ts";
import { readAcquirerSettings } from "../../../../../src/app/acquirers/settings.ts";
import { findOrder } from "../../../../../src/store/acquirer-orders.ts";
import { transact } from "../../../../../src/store/store.ts";
import { ACT } from "../../../../support/accounts.ts";
import { OLD_CARD, toCard } from "../../../../support/acquirers.ts";
import { type ApiAnswer, type ApiAsking, ask, openRaw, openTestApi, type TestApi } from "../../../../support/api.ts";
import { LAKALA } from "../../../../support/api-walk.ts";
import { toReplacement } from "../../../../support/changes.ts";
import { FLEET_FIELDS } from "../../../../support/fleet-fields.ts";
import { MERCHANT, readLedgerKinds } from "../../../../support/fleet-store.ts";
import { NEW_CARD } from "../../../../support/sign-sample.ts";

const CODE = FLEET_FIELDS.acquirer;
const OTHER_MERCHANT = "822391058121071";
const ORDER = "CHG00000001";
const WHY = { reason: "looked at it" };
const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.from("a picture")]);
const SECRET = "07".repeat(32);

type Listed = readonly Readonly<Record<string, unknown>>[];
const toItems = ({ json }: ApiAnswer) => json["items"] as Listed;

function setUpManual(api: TestApi): void {
  const settings = { adapter: "manual", code: CODE, channel: "bank-app" } as const;
  api.setUp(settings, new ManualAcquirer({ context: api.fleet, ...settings }));
}

async function place(api: TestApi, requestNo = ORDER, acquirer = CODE): Promise<void> {
  const { fleet } = api;
  const order = { requestNo, change: "C0123456789abcdef", purpose: "change", acquirer, merchant: MERCHANT } as const;
  const wanted = toBindingFacts(toCard(NEW_CARD).binding);
  const before = toBindingFacts(OLD_CARD.binding);
  await transact(fleet.store, (tx) => placeOrder(tx, fleet.at, { ...order, wanted, before, sealed: undefined }));
}

const tick = (api: TestApi, as: string, step: string, note?: string, evidence?: Buffer, more: ApiAsking = {}) =>
  ask(api, `/orders/${ORDER}/steps/${step}`, {
    ...{ as, body: { reason: "as listed", note, evidence: evidence?.toString("base64") } },
    ...more,
  });

async function addKey(api: TestApi, merchant: string): Promise<string> {
  const key = { name: `key-${merchant}`, role: "operator", merchants: [merchant], validS: 3_600 } as const;
  return (await api.accounts.administration.addKey(key, ACT)).key;
}

/** An acquirer with sockets of its own, which has an account on record for the fleet's merchant. */
async function openSimulated(api: TestApi, number: string) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const sim = await openAcquirer({
    ...{ scheme: "webhook", port: 0, secret: SECRET, asker: { id: "k1" } },
    platform: { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() },
    accounts: { [MERCHANT]: { kind: "card", bank: "x", cnaps: FLEET_FIELDS.cnaps, holder: "林秀英", number } },
  });
  onTestFinished(() => sim.close());
  const { folder, fleet } = api;
  writeFileSync(join(folder, "acquirer.hex"), SECRET, { mode: 0o600 });
  const url = `http://127.0.0.1:${sim.port}`;
  const members = { adapter: "webhook", url, algorithm: "hmac-sha256", keyId: "k1", keyFile: "acquirer.hex" };
  writeFileSync(join(folder, "acquirers.json"), JSON.stringify({ W1: members }));
  const settings = readAcquirerSettings(folder);
  // The simulator goes by the machine's clock.
  const context = { ...fleet, now: () => Math.floor(Date.now() / 1_000) };
  const acquirers = openAcquirers(context, settings, { attemptMs: 1_000, random: () => 0 });
  for (const one of settings) {
    const acquirer = acquirers.get(one.code);
    if (acquirer !== undefined) api.setUp(one, acquirer);
  }
  return sim;
}

describe("acquirers over the API", () => {
  it("are listed without keys and addresses, and tried one by one", async () => {
    const api = await openTestApi();
    setUpManual(api);
    const sim = await openSimulated(api, FLEET_FIELDS.account_no);
    const as = await api.as("operator");
    const listed = await ask(api, "/acquirers", { as });
    expect(listed.json).toEqual({
      items: [
        { acquirer: CODE, adapter: "manual", channel: "bank-app" },
        { acquirer: "W1", adapter: "webhook" },
      ],
      next: null,
    });
    const check = async () =>
      toItems(await ask(api, "/acquirers/check", { as, method: "POST" })).map(({ result }) => result);
    expect(await check()).toEqual(["OK", "OK"]);
    for (let n = 0; n < 6; n += 1) sim.apply({ type: "script", behaviours: [{ kind: "sign_wrongly" }] });
    expect(await check()).toEqual(["OK", "ACQUIRER_UNSIGNED"]);
    await sim.close();
    expect(await check()).toEqual(["OK", "ACQUIRER_FAILED"]);
  });

  it("show what they have on record beside ours, masked on both sides", async () => {
    const api = await openTestApi();
    await openSimulated(api, FLEET_FIELDS.account_no);
    const as = await api.addPerson("sun", "agent", { merchants: [MERCHANT] });
    const shown = await ask(api, `/merchants/${MERCHANT}/acquirers/W1`, { as: as.token });
    const masked = expect.stringMatching(/^622848\*+0018$/);
    expect([shown.status, shown.json]).toMatchObject([
      200,
      { acquirer: "W1", merchant: MERCHANT, finding: "wanted", ours: { number: masked }, theirs: { number: masked } },
    ]);
    expect(shown.bytes.toString()).not.toMatch(/commitment|6228480402564890018/);
    for (const path of [`${MERCHANT}/acquirers/X9`, `${OTHER_MERCHANT}/acquirers/W1`]) {
      expect(await ask(api, `/merchants/${path}`, { as: as.token }), path).toMatchObject({ status: 404 });
    }
    const [far, operator] = [await addKey(api, OTHER_MERCHANT), await addKey(api, MERCHANT)];
    expect((await ask(api, `/merchants/${MERCHANT}/acquirers/W1`, { as: far })).code).toBe("NOT_FOUND");
    expect((await ask(api, `/merchants/${MERCHANT}/acquirers/W1`, { as: operator })).status).toBe(200);
  });
});

describe("what an acquirer that takes whole requests sealed has to be told", () => {
  const toFacts = (merchant: string, acquirer: string) => `/merchants/${merchant}/acquirers/${acquirer}/facts`;

  it("is answered as the file that the sealing program takes, for one request, at this moment", async () => {
    const api = await openTestApi();
    api.setUp(LAKALA, new ManualAcquirer({ context: api.fleet, code: LAKALA.code, channel: "hotline" }));
    const path = `${toFacts(MERCHANT, LAKALA.code)}?request=${ORDER}`;
    for (const role of ["operator", "checker", "agent", "auditor"] as const) {
      const told = await ask(api, path, { as: await api.as(role) });
      expect([told.status, parseChangeFacts(told.bytes)], role).toEqual([
        200,
        {
          ...{ request: ORDER, organisation: "ORG1", member: "merCupNo", merchant: "82239105812107X" },
          ...{ callback: "https://tillsync.example/x", clearingBank: "", settlePeriod: "T1" },
          timestamp: String(api.fleet.at * 1_000),
        },
      ]);
      expect(told.bytes.toString()).not.toMatch(/lakala|OP1|S1"/);
    }
    expect((await ask(api, path, { as: await api.as("administrator") })).code).toBe("ROLE_NOT_ALLOWED");
  });

  it("is told of merchants in scope and known there, and by no other acquirer", async () => {
    const api = await openTestApi();
    setUpManual(api);
    api.setUp(LAKALA, new ManualAcquirer({ context: api.fleet, code: LAKALA.code, channel: "hotline" }));
    const as = await api.as("operator");
    const far = await addKey(api, OTHER_MERCHANT);
    const code = async (path: string, query = `?request=${ORDER}`, who = as) =>
      (await ask(api, path + query, { as: who })).code;
    expect(await code(toFacts(MERCHANT, LAKALA.code), undefined, far)).toBe("NOT_FOUND");
    expect(await code(toFacts(OTHER_MERCHANT, LAKALA.code))).toBe("NOT_FOUND");
    expect(await code(toFacts(MERCHANT, "X9"))).toBe("NOT_FOUND");
    expect(await code(toFacts(MERCHANT, CODE))).toBe("CONFIG_INVALID");
    expect(await code(toFacts(MERCHANT, LAKALA.code), "")).toBe("FIELD_MISSING");
    for (const request of ["short", "a".repeat(33), "CHG 0000001"]) {
      const query = `?request=${encodeURIComponent(request)}`;
      expect(await code(toFacts(MERCHANT, LAKALA.code), query), request).toBe("FIELD_INVALID");
    }
  });
});

describe("questions to an acquirer that is slow", () => {
  it("are two of an account at once, so that nobody keeps all connections to himself", async () => {
    const api = await openTestApi();
    const sim = await openSimulated(api, FLEET_FIELDS.account_no);
    const [as, other] = [await api.as("operator"), await api.as("checker")];
    sim.apply({ type: "script", behaviours: Array.from({ length: 3 }, () => ({ kind: "late", ms: 800 }) as const) });
    const look = (who: string) => ask(api, `/merchants/${MERCHANT}/acquirers/W1`, { as: who });
    const codes = (await Promise.all([look(as), look(as), look(as), look(other)])).map(({ code }) => code);
    expect([codes.slice(0, 3).toSorted(), codes[3]]).toEqual([["", "", "RATE_LIMITED"], ""]);
    expect((await look(as)).status).toBe(200);
  });

  it("count until they are answered, though whoever asked has gone", async () => {
    const api = await openTestApi();
    const sim = await openSimulated(api, FLEET_FIELDS.account_no);
    const as = await api.as("operator");
    sim.apply({ type: "script", behaviours: Array.from({ length: 2 }, () => ({ kind: "late", ms: 2_000 }) as const) });
    const path = `/merchants/${MERCHANT}/acquirers/W1`;
    const look = () => ask(api, path, { as });
    const clients = [await openRaw(api), await openRaw(api)];
    for (const { socket } of clients) {
      socket.write(`GET /api/v1${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${as}\r\n\r\n`);
    }
    await expect.poll(async () => (await look()).code).toBe("RATE_LIMITED");
    for (const { socket, closed } of clients) {
      socket.destroy();
      await closed;
    }
    expect((await look()).code).toBe("RATE_LIMITED");
    await expect.poll(async () => (await look()).status).toBe(200);
  });
});

describe("an order over the API", () => {
  it("goes from a change to its confirmation through people's steps alone, each with its evidence", async () => {
    const api = await openTestApi();
    setUpManual(api);
    const rename = await api.submit();
    await api.sign(rename);
    for (let visit = 0; visit < 2; visit += 1) await api.runner.poll();
    await api.report();
    await api.load({ cutOver: "first", tasks: [] });
    const change = await api.submit(toReplacement());
    await api.sign(change);
    for (let visit = 0; visit < 2; visit += 1) await api.runner.poll();
    await api.orders.poll();
    const [wang, li] = [await api.addPerson("wang", "operator"), await api.addPerson("li", "operator")];
    const [order] = toItems(await ask(api, `/orders?change=${change}`, { as: wang.token }));
    expect(order).toMatchObject({ change, acquirer: CODE, merchant: MERCHANT, state: "auditing", purpose: "change" });
    const read = () => ask(api, `/orders/${order?.["requestNo"]}`, { as: wang.token });
    const first = await read();
    expect(first.json).toMatchObject({ wanted: { number: expect.stringMatching(/^622848\*{6}\d{4}$/) } });
    expect((first.json["checklist"] as Listed).map(({ id, done }) => [id, done])).toEqual([
      ...["sign-in", "enter", "submit", "credit", "look-up"].map((id) => [id, undefined]),
    ]);
    const shown = `622848***${NEW_CARD.slice(-4)}`;
    for (const [as, step, note, evidence] of [
      [wang, "sign-in", "", undefined],
      [wang, "enter", "", undefined],
      [wang, "submit", "CASE-7", PNG],
      [li, "credit", "", PNG],
      [li, "look-up", shown, PNG],
    ] as const) {
      api.fleet.at += 1;
      const body = { reason: "done", note, evidence: evidence?.toString("base64") };
      const done = await ask(api, `/orders/${order?.["requestNo"]}/steps/${step}`, { body, as: as.token });
      expect([done.status, done.code], step).toEqual([200, ""]);
      expect((done.json["checklist"] as Listed).find(({ id }) => id === step)?.["done"]).toMatchObject({
        ...{ person: as.name, noted: note },
      });
    }
    for (let visit = 0; visit < 3; visit += 1) await api.orders.poll();
    const last = await read();
    expect(last.json).toMatchObject({ state: "confirmed", reference: "CASE-7", shown: { number: shown } });
    expect(last.bytes.toString()).not.toMatch(/commitment|sealed/);
    await api.runner.poll();
    expect((await api.show(change)).events.map(({ event }) => event)).toContain("acquirer");
    const kept = readdirSync(join(api.folder, "evidence"));
    expect(kept.map((name) => readFileSync(join(api.folder, "evidence", name)))).toEqual([PNG]);
    expect((await readLedgerKinds(api.fleet)).filter((kind) => kind === "acquirer.step_done")).toHaveLength(5);
  });

  it("has steps taken in their order, with what they need, and confirmed by another person", async () => {
    const api = await openTestApi();
    setUpManual(api);
    await place(api);
    const [as, other] = [await api.as("operator"), (await api.addPerson("li", "operator")).token];
    const code = async (asked: Promise<ApiAnswer>) => (await asked).code;
    expect(await code(tick(api, as, "enter"))).toBe("STATE_CONFLICT");
    expect(await code(tick(api, as, "dance"))).toBe("FIELD_INVALID");
    expect(await code(tick(api, as, "sign-in", "a remark"))).toBe("FIELD_INVALID");
    expect(await code(tick(api, as, "sign-in"))).toBe("");
    expect(await code(tick(api, as, "enter", "", Buffer.from("a voice")))).toBe("");
    expect(await code(tick(api, as, "submit", "CASE-7"))).toBe("EVIDENCE_MISSING");
    expect(await code(tick(api, as, "submit", "cvv 123", PNG))).toBe("SENSITIVE_DATA");
    expect(await code(tick(api, as, "submit", "CASE-7", PNG))).toBe("");
    expect(await code(tick(api, as, "credit", "", PNG))).toBe("SELF_APPROVAL");
    expect(await code(tick(api, other, "credit", "", PNG))).toBe("");
    expect(await code(tick(api, other, "look-up", NEW_CARD, PNG))).toBe("FIELD_INVALID");
    expect(JSON.stringify(api.fleet.lines)).not.toContain(NEW_CARD);
  });

  it("is confirmed by no program, which may be the first person's own, nor asked for by one", async () => {
    const api = await openTestApi();
    setUpManual(api);
    await place(api);
    const [as, key] = [await api.as("operator"), await addKey(api, MERCHANT)];
    const code = async (asked: Promise<ApiAnswer>) => (await asked).code;
    expect(await code(tick(api, key, "sign-in"))).toBe("ROLE_NOT_ALLOWED");
    for (const [step, note] of [["sign-in"], ["enter"], ["submit", "CASE-7"]] as const) {
      expect(await code(tick(api, as, step, note, PNG)), step).toBe("");
    }
    expect(await code(tick(api, key, "credit", "", PNG))).toBe("ROLE_NOT_ALLOWED");
    for (const verb of ["resume", "confirm", "give-up"]) {
      expect(await code(ask(api, `/orders/${ORDER}/${verb}`, { as: key, body: WHY })), verb).toBe("ROLE_NOT_ALLOWED");
    }
    expect(await findOrder(api.fleet.store, ORDER)).toMatchObject({ state: "requested" });
  });

  it("is decided by a person with a reason, once, whatever is repeated", async () => {
    const api = await openTestApi();
    setUpManual(api);
    const as = await api.as("operator");
    const act = (no: string, verb: string, headers = {}) =>
      ask(api, `/orders/${no}/${verb}`, { as, body: WHY, headers });
    await place(api);
    expect((await ask(api, `/orders/${ORDER}/resume`, { as, body: {} })).code).toBe("FIELD_MISSING");
    expect((await act(ORDER, "resume")).json).toMatchObject({ requestNo: ORDER, dueAt: api.fleet.at });
    const keyed = { "idempotency-key": "k1" };
    const confirmed = await act(ORDER, "confirm", keyed);
    expect([confirmed.status, confirmed.json["state"]]).toEqual([200, "confirmed"]);
    expect((await act(ORDER, "confirm", keyed)).bytes).toEqual(confirmed.bytes);
    for (const verb of ["resume", "confirm", "give-up"]) {
      expect(await act(ORDER, verb), verb).toMatchObject({ status: 409, code: "STATE_CONFLICT" });
    }
    api.fleet.at += 1;
    await place(api, "CHG00000002");
    expect((await act("CHG00000002", "give-up")).json).toMatchObject({ state: "failed", code: "GIVEN_UP" });
    expect((await act("CHG00000009", "give-up")).code).toBe("NOT_FOUND");
    const { items } = (await ask(api, "/ledger?limit=200", { as })).json;
    const kinds = (items as Listed).filter(({ actor }) => actor === "the-operator").map(({ kind }) => kind);
    expect(kinds).toEqual(["acquirer.resumed", "acquirer.judged", "acquirer.judged"]);
  });

  it("is listed page by page, by merchant, change and state", async () => {
    const api = await openTestApi();
    setUpManual(api);
    const as = await api.as("auditor");
    const numbers = async (query: string, who = as) =>
      toItems(await ask(api, `/orders?${query}`, { as: who })).map(({ requestNo }) => requestNo);
    await place(api, "CHG00000001", "B1");
    await place(api, "CHG00000002", "B2");
    api.fleet.at += 1;
    await place(api, "CHG00000003", "B3");
    const pages: unknown[] = [];
    for (let next: unknown = ""; next !== null && pages.length < 9; ) {
      const after: string = next === "" ? "" : `&after=${next}`;
      const page = await ask(api, `/orders?limit=1${after}`, { as });
      pages.push(...toItems(page).map(({ requestNo }) => requestNo));
      next = page.json["next"];
    }
    expect(pages).toEqual(["CHG00000003", "CHG00000002", "CHG00000001"]);
    expect(await numbers(`merchant=${MERCHANT}&state=requested&change=C0123456789abcdef`)).toEqual(pages);
    for (const query of [`merchant=${OTHER_MERCHANT}`, "state=failed", "change=C0000000000000000"]) {
      expect(await numbers(query), query).toEqual([]);
    }
    // An acquirer that is set up no more, or was never asked by people, has no checklist.
    expect((await ask(api, "/orders/CHG00000003", { as })).json["checklist"]).toEqual([]);
    expect((await tick(api, await api.as("operator"), "sign-in")).code).toBe("CONFIG_INVALID");
  });

  it("of another merchant is not there, and nobody but an operator acts on one", async () => {
    const api = await openTestApi();
    setUpManual(api);
    await place(api);
    const far = await addKey(api, OTHER_MERCHANT);
    const foreign = (await api.addPerson("far", "agent", { merchants: [OTHER_MERCHANT] })).token;
    for (const as of [far, foreign]) {
      expect(toItems(await ask(api, "/orders", { as }))).toEqual([]);
      expect((await ask(api, `/orders/${ORDER}`, { as })).code).toBe("NOT_FOUND");
      expect((await ask(api, `/orders?merchant=${MERCHANT}`, { as })).code).toBe("NOT_FOUND");
    }
    const acts = (as: string) => [
      ...["resume", "confirm", "give-up"].map((verb) => ask(api, `/orders/${ORDER}/${verb}`, { as, body: WHY })),
      tick(api, as, "sign-in"),
    ];
    for (const answer of await Promise.all(acts(far))) expect(answer.code).toBe("ROLE_NOT_ALLOWED");
    for (const role of ["checker", "agent", "auditor", "administrator"] as const) {
      for (const answer of await Promise.all(acts(await api.as(role)))) expect(answer.code).toBe("ROLE_NOT_ALLOWED");
    }
    expect(toItems(await ask(api, "/orders", { as: await api.as("agent") }))).toHaveLength(1);
    expect(await findOrder(api.fleet.store, ORDER)).toMatchObject({ state: "requested", requests: 0 });
  });
});
