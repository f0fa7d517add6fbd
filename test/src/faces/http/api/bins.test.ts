import { describe, expect, it } from "vitest";
import { toDigest, toHex } from "../../../../../proto/bytes.ts";
import { ask, openTestApi, type TestApi } from "../../../../support/api.ts";
import { MERCHANT, readLedgerKinds } from "../../../../support/fleet-store.ts";

const TABLE = "bin,issuer,class\n622848,农业银行,debit\n62284809,农业银行,credit\n";

const load = (api: TestApi, as: string, table: string, reason?: string) =>
  ask(api, "/bins", { as, body: { reason: reason ?? "new table", table } });

describe("tables of BINs over the API", () => {
  it("are put in the place of the own one by an administrator, and tell a card's kind from then on", async () => {
    const api = await openTestApi();
    const [administrator, operator] = [await api.as("administrator"), await api.as("operator")];
    const before = await ask(api, "/bins/622848", { as: operator });
    expect(before.json).toMatchObject({ digits: "622848", own: 0 });
    const loaded = await load(api, administrator, TABLE);
    expect([loaded.status, loaded.json]).toEqual([201, { bins: 2, digest: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    const shown = await ask(api, "/bins/62284809", { as: operator });
    expect(shown.json).toMatchObject({ cardClass: "credit", own: 2 });
    expect(shown.json["rows"]).toContainEqual({
      ...{ bin: "62284809", issuer: "农业银行", cardClass: "credit", table: "own" },
    });
    expect(await readLedgerKinds(api.fleet)).toContain("bins.loaded");
  });

  it("are taken whole or not at all", async () => {
    const api = await openTestApi();
    const as = await api.as("administrator");
    await load(api, as, TABLE);
    for (const [text, code] of [
      [`${TABLE}12,x,debit\n`, "CSV_MALFORMED"],
      [`${TABLE}622848,x,debit\n`, "CSV_ROW_DUPLICATE"],
      ["bin,issuer\n", "CSV_COLUMN_MISSING"],
      ["", "CSV_COLUMN_MISSING"],
    ] as const) {
      expect(await load(api, as, text), text).toMatchObject({ status: 400, code });
    }
    expect((await load(api, as, TABLE, "cvv 123")).code).toBe("SENSITIVE_DATA");
    const csv = { as, body: Buffer.from(TABLE), headers: { "content-type": "text/csv" } };
    expect((await ask(api, "/bins", csv)).status).toBe(415);
    for (const body of [{ table: TABLE }, { reason: "x" }, {}]) {
      expect((await ask(api, "/bins", { as, body })).code, JSON.stringify(body)).toBe("FIELD_MISSING");
    }
    const told = await ask(api, "/bins?reason=x", { as, body: { reason: "x", table: TABLE } });
    expect(told.code).toBe("FIELD_INVALID");
    expect((await ask(api, "/bins/622848", { as })).json["own"]).toBe(2);
  });

  it("may be far larger than any other body, up to their bound", async () => {
    const api = await openTestApi();
    const as = await api.as("administrator");
    const rows = Array.from({ length: 20_000 }, (_, n) => `${6_200_000_000 + n},银行,debit\n`);
    const large = `bin,issuer,class\n${rows.join("")}`;
    expect(await load(api, as, `${TABLE}${" ".repeat(8 * 1_024 * 1_024)}`)).toMatchObject({ code: "BYTES_TOO_LARGE" });
    const loaded = await load(api, as, large);
    expect([loaded.status, loaded.json["bins"]]).toEqual([201, 20_000]);
    expect(loaded.json["digest"]).toBe(toHex(toDigest(Buffer.from(large))));
  });

  it("are closed to those who are bound by them, and take no whole number", async () => {
    const api = await openTestApi();
    const operator = await api.as("operator");
    expect((await load(api, operator, TABLE)).code).toBe("ROLE_NOT_ALLOWED");
    const { token } = await api.addPerson("sun", "agent", { merchants: [MERCHANT] });
    expect((await ask(api, "/bins/622848", { as: token })).code).toBe("ROLE_NOT_ALLOWED");
    for (const digits of ["6228480402564890018", "62284", "6228480", "abcdef"]) {
      const answer = await ask(api, `/bins/${digits}`, { as: operator });
      expect([answer.status, answer.code], digits).toEqual([400, "FIELD_INVALID"]);
      expect(answer.bytes.toString()).not.toContain(digits);
    }
  });
});
