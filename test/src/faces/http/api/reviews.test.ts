import { describe, expect, it } from "vitest";
import { importFleet } from "../../../../../src/app/import/import-fleet.ts";
import { ACT } from "../../../../support/accounts.ts";
import { ask, openTestApi } from "../../../../support/api.ts";
import { OTHER_FLEET_FIELDS } from "../../../../support/fleet-fields.ts";
import { MERCHANT, readLedgerKinds, toFleetRow } from "../../../../support/fleet-store.ts";

const OTHER = OTHER_FLEET_FIELDS.merchant_no;
type Rows = readonly Readonly<Record<string, unknown>>[];

async function prepare() {
  const api = await openTestApi();
  await importFleet(api.fleet, [toFleetRow(OTHER_FLEET_FIELDS)]);
  const as = await api.as("operator");
  const { key } = await api.accounts.administration.addKey(
    { name: "one", role: "auditor", merchants: [OTHER], validS: 600 },
    ACT,
  );
  const read = async (path: string, bearer = as) => (await ask(api, path, { as: bearer })).json["items"] as Rows;
  return { api, as, key, read };
}

describe("the report over the API", () => {
  it("comes in pages with the next step of each row, filtered as is asked", async () => {
    const { api, as, read } = await prepare();
    const all = await read("/reviews");
    expect(all[0]).toEqual({
      ...{ merchant: MERCHANT, tusn: "", kind: "licence_unknown", subject: "", severity: "note", at: null },
      ...{ desired: "", reported: "", acquirer: "", next: "tell_licence" },
      words: "put on record until when the licence is good",
      command: expect.stringContaining("--licence-valid-until DAY"),
    });
    const found: Record<string, unknown>[] = [];
    let after = "";
    do {
      const { json } = await ask(api, `/reviews?limit=2${after}`, { as });
      found.push(...(json["items"] as Record<string, unknown>[]));
      after = json["next"] === null ? "" : `&after=${String(json["next"])}`;
    } while (after !== "" && found.length <= all.length);
    expect(found).toEqual(all);
    expect(await read(`/reviews?merchant=${OTHER}&kind=acquirer_unasked`)).toMatchObject([{ merchant: OTHER }]);
    expect(await read("/reviews?severity=urgent")).toEqual([]);
  });

  it("refuses what is no filter and no cursor of its own", async () => {
    const { api, as } = await prepare();
    const code = async (query: string) => (await ask(api, `/reviews?${query}`, { as })).code;
    expect(await code("kind=everything")).toBe("FIELD_INVALID");
    expect(await code("severity=grave")).toBe("FIELD_INVALID");
    expect(await code("merchant=822391058129999")).toBe("NOT_FOUND");
    for (const cursor of ["x", Buffer.from('["merchants","822"]').toString("base64url")]) {
      expect(await code(`after=${cursor}`)).toBe("CURSOR_INVALID");
    }
    expect(await code(`after=${Buffer.from('["reviews","nowhere"]').toString("base64url")}`)).toBe("CURSOR_INVALID");
  });

  it("comes as a file of CSV", async () => {
    const { api, as } = await prepare();
    const { status, bytes, headers } = await ask(api, `/reviews.csv?merchant=${OTHER}`, { as });
    expect([status, headers["content-type"], headers["content-disposition"]]).toEqual([
      200,
      "text/csv; charset=utf-8; header=present",
      'attachment; filename="reviews.csv"',
    ]);
    const lines = bytes.toString("utf8").split("\r\n");
    expect(lines[0]).toBe("\ufeffmerchant,tusn,kind,subject,severity,at,desired,reported,acquirer,next,words,command");
    expect(lines.slice(1, -1).map((line) => line.split(",").slice(0, 3))).toEqual([
      [OTHER, "", "licence_unknown"],
      [OTHER, "", "acquirer_unasked"],
    ]);
  });

  it("shows whoever has a scope nothing of any other merchant", async () => {
    const { api, key, read } = await prepare();
    expect(new Set((await read("/reviews", key)).map(({ merchant }) => merchant))).toEqual(new Set([OTHER]));
    const file = (await ask(api, "/reviews.csv", { as: key })).bytes.toString("utf8");
    expect([file.includes(OTHER), file.includes(MERCHANT)]).toEqual([true, false]);
    for (const path of [
      `/reviews?merchant=${MERCHANT}`,
      `/reviews.csv?merchant=${MERCHANT}`,
      `/merchants/${MERCHANT}/reviews`,
    ]) {
      expect((await ask(api, path, { as: key })).code, path).toBe("NOT_FOUND");
    }
    expect((await ask(api, "/reviews", { as: await api.as("agent") })).code).toBe("ROLE_NOT_ALLOWED");
  });
});

describe("a review over the API", () => {
  it("is noted once under one key, by whoever may, and listed with who did it", async () => {
    const { api, as, read } = await prepare();
    const path = `/merchants/${MERCHANT}/reviews`;
    const body = { note: "licence seen, 6228480402564890018" };
    const note = (bearer: string) => ask(api, path, { as: bearer, body, headers: { "idempotency-key": "k1" } });
    const done = await note(as);
    expect(done).toMatchObject({
      status: 201,
      json: { id: 1, merchant: MERCHANT, actor: "the-operator", note: "licence seen, 622848*********0018" },
    });
    expect((await note(as)).json).toEqual(done.json);
    expect(await read(path)).toEqual([done.json]);
    expect((await readLedgerKinds(api.fleet)).filter((kind) => kind === "merchant.reviewed")).toHaveLength(1);
    expect((await note(await api.as("auditor"))).code).toBe("ROLE_NOT_ALLOWED");
    expect((await ask(api, path, { as, body: { note: "" } })).code).toBe("FIELD_INVALID");
    expect((await ask(api, "/merchants/822391058129999/reviews", { as, body })).code).toBe("NOT_FOUND");
    await ask(api, path, { as, body: { note: "again" } });
    const page = await ask(api, `${path}?limit=1`, { as });
    expect(page.json).toMatchObject({ items: [{ note: "again" }], next: expect.any(String) });
    expect(await read(`${path}?after=${String(page.json["next"])}`)).toEqual([done.json]);
  });
});
