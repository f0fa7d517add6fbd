import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toDigest, toHex } from "../../../../../proto/bytes.ts";
import { ManualAcquirer } from "../../../../../src/app/acquirers/manual/manual.ts";
import { placeOrder, toBindingFacts } from "../../../../../src/app/acquirers/orders.ts";
import { MAX_EVIDENCE_BYTES } from "../../../../../src/app/verifiers/record.ts";
import { MAX_STEP_BYTES } from "../../../../../src/faces/http/api/endpoints/order-schemas.ts";
import { listTicks } from "../../../../../src/store/acquirer-ticks.ts";
import { transact } from "../../../../../src/store/store.ts";
import { OLD_CARD, toCard } from "../../../../support/acquirers.ts";
import { type ApiAsking, ask, openTestApi } from "../../../../support/api.ts";
import { FLEET_FIELDS } from "../../../../support/fleet-fields.ts";
import { MERCHANT } from "../../../../support/fleet-store.ts";
import { NEW_CARD } from "../../../../support/sign-sample.ts";

const ORDER = "CHG00000001";
const REASON = "told by the agent";
const WHY = { reason: REASON };
const PICTURE = Buffer.from("\x89PNG a picture", "latin1");

/** An order whose step `sign-in` comes next: it takes evidence, and needs none. */
async function prepare() {
  const api = await openTestApi();
  const { fleet, folder } = api;
  const settings = { adapter: "manual", code: FLEET_FIELDS.acquirer, channel: "bank-app" } as const;
  api.setUp(settings, new ManualAcquirer({ context: fleet, ...settings }));
  const wanted = toBindingFacts(toCard(NEW_CARD).binding);
  const before = toBindingFacts(OLD_CARD.binding);
  const order = { requestNo: ORDER, change: "C0123456789abcdef", purpose: "change", merchant: MERCHANT } as const;
  await transact(fleet.store, (tx) =>
    placeOrder(tx, fleet.at, { ...order, acquirer: settings.code, wanted, before, sealed: undefined }),
  );
  const as = await api.as("operator");
  const kept = join(folder, "evidence");
  return {
    api,
    as,
    take: (asking: ApiAsking) => ask(api, `/orders/${ORDER}/steps/sign-in`, { as, method: "POST", ...asking }),
    listKept: () => (existsSync(kept) ? readdirSync(kept) : []),
    listTaken: async () => (await listTicks(fleet.store, ORDER)).map(({ step }) => step),
  };
}

describe("a step of an order's checklist", () => {
  it("is taken with what people say in its body, and with the very bytes of its evidence", async () => {
    const { take, listKept, listTaken } = await prepare();
    const evidence = PICTURE.toString("base64");
    const done = await take({ body: { ...WHY, evidence } });
    expect([done.status, done.code]).toEqual([200, ""]);
    expect([listKept(), await listTaken()]).toEqual([[toHex(toDigest(PICTURE))], ["sign-in"]]);
  });

  it.each([
    ["no body", {}, 400, "FIELD_MISSING"],
    ["no reason", { body: {} }, 400, "FIELD_MISSING"],
    ["a note of more than is kept", { body: { ...WHY, note: "x".repeat(101) } }, 400, "FIELD_INVALID"],
    ["a member that nobody knows", { body: { ...WHY, file: "" } }, 400, "FIELD_INVALID"],
    [
      "a picture in the place of JSON",
      { body: PICTURE, headers: { "content-type": "image/png" } },
      415,
      "FIELD_INVALID",
    ],
    ["empty evidence", { body: { ...WHY, evidence: "" } }, 400, "FIELD_INVALID"],
    ["evidence that is no text", { body: { ...WHY, evidence: [1] } }, 400, "FIELD_INVALID"],
    ["evidence without its padding", { body: { ...WHY, evidence: "YQ" } }, 400, "FIELD_INVALID"],
    ["evidence of padding alone", { body: { ...WHY, evidence: "====" } }, 400, "FIELD_INVALID"],
    ["evidence with more behind its padding", { body: { ...WHY, evidence: "YQ==YQ==" } }, 400, "FIELD_INVALID"],
    ["evidence with bits that say nothing", { body: { ...WHY, evidence: "YR==" } }, 400, "FIELD_INVALID"],
    ["evidence in lines", { body: { ...WHY, evidence: "YWJj\nYWJj" } }, 400, "FIELD_INVALID"],
    ["evidence in the alphabet of addresses", { body: { ...WHY, evidence: "-_-_" } }, 400, "FIELD_INVALID"],
    ["evidence in hexadecimal", { body: { ...WHY, evidence: "89504" } }, 400, "FIELD_INVALID"],
  ] as const)("with %s is refused, and nothing is kept", async (_what, asking, status, code) => {
    const { take, listKept, listTaken } = await prepare();
    const answer = await take(asking);
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect([listKept(), await listTaken()]).toEqual([[], []]);
  });

  it("takes neither a reason nor a note in its address, where a proxy would log them", async () => {
    const { api, as, listTaken } = await prepare();
    for (const query of ["reason=told", "note=CASE-7"]) {
      const answer = await ask(api, `/orders/${ORDER}/steps/sign-in?${query}`, { as, body: WHY });
      expect([answer.status, answer.code], query).toEqual([400, "FIELD_INVALID"]);
    }
    expect(await listTaken()).toEqual([]);
  });

  it("takes evidence up to its bound in bytes, and nothing above it", async () => {
    const { take, listKept, listTaken } = await prepare();
    const toBody = (size: number) => ({ body: { ...WHY, evidence: Buffer.alloc(size, 0xff).toString("base64") } });
    for (const size of [MAX_EVIDENCE_BYTES + 1, MAX_STEP_BYTES]) {
      const answer = await take(toBody(size));
      expect([answer.status, answer.code], String(size)).toEqual([413, "BYTES_TOO_LARGE"]);
    }
    expect([listKept(), await listTaken()]).toEqual([[], []]);
    expect((await take(toBody(MAX_EVIDENCE_BYTES))).status).toBe(200);
    expect([listKept().length, await listTaken()]).toEqual([1, ["sign-in"]]);
  });

  it("is refused with what must never be kept, in its words and in evidence that is a text", async () => {
    const { take, listKept, listTaken } = await prepare();
    for (const body of [
      { reason: "cvv 123" },
      { ...WHY, note: "cvv 123" },
      { ...WHY, evidence: Buffer.from("he said cvv 123").toString("base64") },
    ]) {
      expect((await take({ body })).code, JSON.stringify(body)).toBe("SENSITIVE_DATA");
    }
    expect([listKept(), await listTaken()]).toEqual([[], []]);
  });

  it("has one effect for one key, which is no good for other evidence", async () => {
    const { take, listKept } = await prepare();
    const headers = { "idempotency-key": "k1" };
    const toBody = (evidence: Buffer) => ({ ...WHY, evidence: evidence.toString("base64") });
    const first = await take({ headers, body: toBody(PICTURE) });
    const again = await take({ headers, body: toBody(PICTURE) });
    expect([first.status, again.status, again.bytes]).toEqual([200, 200, first.bytes]);
    const other = await take({ headers, body: toBody(randomBytes(16)) });
    expect([other.code, listKept()]).toEqual(["IDEMPOTENCY_CONFLICT", [toHex(toDigest(PICTURE))]]);
  });
});
