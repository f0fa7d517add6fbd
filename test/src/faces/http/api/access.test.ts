import { describe, expect, it } from "vitest";
import { hasRight } from "../../../../../src/domain/accounts/rights.ts";
import { ROLES, type Role } from "../../../../../src/domain/accounts/roles.ts";
import type { Endpoint } from "../../../../../src/faces/http/api/endpoint.ts";
import { ENDPOINTS } from "../../../../../src/faces/http/api/endpoints.ts";
import { ACT } from "../../../../support/accounts.ts";
import {
  type ApiAnswer,
  ask,
  keepConnections,
  openStream,
  openTestApi,
  type TestApi,
} from "../../../../support/api.ts";
import { dump, isOfMerchant, toSamplePath } from "../../../../support/api-walk.ts";
import { toNewChange } from "../../../../support/changes.ts";

const OTHER_MERCHANT = "822391058121071";
const LAST = "/sessions/current";
/** Those that somebody's own session ends by come last. */
const WALK = [...ENDPOINTS.filter(({ path }) => path !== LAST), ...ENDPOINTS.filter(({ path }) => path === LAST)];

/** An agent always has a scope, and never meets what cannot be cut down to one. */
function isGiven(role: Role, { right, reach }: Endpoint): boolean {
  return right === "public" || (hasRight(role, right) && !(role === "agent" && reach === "whole"));
}

async function prepare() {
  const api = await openTestApi();
  const change = await api.draft({}, []);
  const agent = keepConnections();
  const visit = async (row: Endpoint, as?: string): Promise<Pick<ApiAnswer, "status" | "code" | "headers">> => {
    const path = toSamplePath(row, change);
    if (row.sends !== "events" || as === undefined) return ask(api, path, { method: row.method, as, agent });
    const stream = await openStream(api, path, as);
    if (stream.status === 200) stream.end();
    await stream.ended;
    return { ...stream, code: String(/"code":"(\w+)"/.exec(stream.text())?.[1] ?? "") };
  };
  return { api, change, visit };
}

/** What each row answers, by its name. */
async function walk(rows: readonly Endpoint[], visit: (row: Endpoint) => Promise<{ status: number; code: string }>) {
  const answers: Record<string, string> = {};
  for (const row of rows) {
    const { status, code } = await visit(row);
    answers[`${row.method} ${row.path}`] = `${status} ${code}`;
  }
  return answers;
}

function toAll(rows: readonly Endpoint[], answer: string) {
  return Object.fromEntries(rows.map(({ method, path }) => [`${method} ${path}`, answer]));
}

async function addKey(api: TestApi, role: "operator" | "agent" | "auditor", merchants: readonly string[]) {
  const name = `${role}-${merchants.length}-${merchants.at(-1) ?? "all"}`;
  return (await api.accounts.administration.addKey({ name, role, merchants, validS: 60 }, ACT)).key;
}

describe("an endpoint", () => {
  it("is closed to whoever shows no session or key that is good", async () => {
    const { api, visit } = await prepare();
    const closed = ENDPOINTS.filter(({ right }) => right !== "public");
    const key = await addKey(api, "operator", []);
    api.fleet.at += 60;
    const before = await dump(api.fleet.store);
    expect(await walk(closed, (row) => visit(row))).toEqual(toAll(closed, "401 NOT_AUTHENTICATED"));
    for (const [n, bearer] of ["x", `ts_s_${"A".repeat(43)}`, key, `${key}, ${key}`].entries()) {
      const [row] = closed.slice(n);
      if (row !== undefined) expect(await visit(row, bearer)).toMatchObject({ status: 401, code: "NOT_AUTHENTICATED" });
    }
    const { headers } = await ask(api, "/terminals");
    expect(headers["www-authenticate"]).toBe('Bearer realm="tillsync"');
    expect(await dump(api.fleet.store)).toBe(before);
  });

  it.each(ROLES)("is closed to a %s where his role has no right to it, and open where it has", async (role) => {
    const { api, visit } = await prepare();
    const as = await api.as(role);
    const before = await dump(api.fleet.store);
    const closed = WALK.filter((row) => !isGiven(role, row));
    expect(await walk(closed, (row) => visit(row, as))).toEqual(toAll(closed, "403 ROLE_NOT_ALLOWED"));
    expect(await dump(api.fleet.store)).toBe(before);
    const open = WALK.filter((row) => isGiven(role, row));
    for (const row of open)
      expect(["NOT_AUTHENTICATED", "ROLE_NOT_ALLOWED"], row.path).not.toContain((await visit(row, as)).code);
    expect((await ask(api, "/me", { as })).status).toBe(401);
  });

  it("is closed to every key where a person has to act, whatever its role may do", async () => {
    const { api, change } = await prepare();
    const [key, person] = [await addKey(api, "operator", []), await api.as("operator")];
    const rows = ENDPOINTS.filter(({ byPerson }) => byPerson === true);
    expect(rows.map(({ path }) => path)).toEqual([
      ...["resume", "confirm", "give-up", "steps/{step}"].map((act) => `/orders/{id}/${act}`),
    ]);
    const body = { reason: "why" };
    const before = await dump(api.fleet.store);
    const act = (as: string) => walk(rows, (row) => ask(api, toSamplePath(row, change), { as, body }));
    expect(await act(key)).toEqual(toAll(rows, "403 ROLE_NOT_ALLOWED"));
    expect(Object.values(await act(person))).not.toContain("403 ROLE_NOT_ALLOWED");
    expect(await dump(api.fleet.store)).toBe(before);
  });

  it("is closed to a new account until a password and a second factor are set, but for his own", async () => {
    const { api, visit } = await prepare();
    const account = { name: "new", role: "operator", displayName: "new", person: "", merchants: [] } as const;
    const { password } = await api.accounts.administration.add(account, ACT);
    const login = await ask(api, "/sessions", { body: { name: "new", password, code: "" } });
    const as = String(login.json["token"]);
    const closed = ENDPOINTS.filter(({ right }) => right !== "public" && right !== "account.own");
    expect(await walk(closed, (row) => visit(row, as))).toEqual(toAll(closed, "403 ROLE_NOT_ALLOWED"));
    expect((await ask(api, "/me", { as })).json).toMatchObject({ name: "new", isNew: true, rights: ["account.own"] });
  });

  it("knows nothing of another merchant's to an agent and to a key with a scope", async () => {
    const { api, visit } = await prepare();
    const before = await dump(api.fleet.store);
    const strangers = {
      agent: (await api.addPerson("far", "agent", { merchants: [OTHER_MERCHANT] })).token,
      operator: await addKey(api, "operator", [OTHER_MERCHANT]),
      auditor: await addKey(api, "auditor", [OTHER_MERCHANT]),
    };
    for (const [role, as] of Object.entries(strangers) as [Role, string][]) {
      const own = ENDPOINTS.filter(
        (row) =>
          isOfMerchant(row) &&
          isGiven(role, row) &&
          row.body === undefined &&
          row.bytes === undefined &&
          row.ifMatch !== true,
      );
      expect(own.length, role).toBeGreaterThan(4);
      expect(await walk(own, (row) => visit(row, as)), role).toEqual(toAll(own, "404 NOT_FOUND"));
      expect((await ask(api, "/merchants", { as })).json, role).toEqual({ items: [], next: null });
      expect((await ask(api, "/changes", { as })).json, role).toEqual({ items: [], next: null });
    }
    const whole = ENDPOINTS.filter((row) => row.reach === "whole" && isGiven("operator", row));
    expect(await walk(whole, (row) => visit(row, strangers.operator))).toEqual(toAll(whole, "403 ROLE_NOT_ALLOWED"));
    expect(JSON.stringify(JSON.parse(await dump(api.fleet.store)).changes)).toBe(
      JSON.stringify(JSON.parse(before).changes),
    );
  });

  it("takes nothing in for another merchant from an agent and from a key with a scope", async () => {
    const { api, change } = await prepare();
    const agent = (await api.addPerson("far", "agent", { merchants: [OTHER_MERCHANT] })).token;
    const key = await addKey(api, "operator", [OTHER_MERCHANT]);
    const { requester: _, ...body } = toNewChange();
    const before = await dump(api.fleet.store);
    const tag = { "if-match": '"1"' };
    const because = { reason: "why not" };
    const pdf = { "content-type": "application/pdf" };
    for (const as of [agent, key]) {
      for (const [path, asking] of [
        ["/changes", { body }],
        [`/changes/${change}`, { method: "PATCH", body: because, headers: tag }],
        [`/changes/${change}/submit`, { method: "POST", headers: tag }],
        [`/changes/${change}/withdraw`, { body: because, headers: tag }],
        [
          `/changes/${change}/attachments?kind=licence&name=x`,
          { body: Buffer.from("%PDF-1"), headers: pdf, method: "POST" },
        ],
      ] as const) {
        expect(await ask(api, path, { ...asking, as }), path).toMatchObject({ status: 404, code: "NOT_FOUND" });
      }
    }
    for (const path of ["suspend", "retire", "revoke", "quarantine/release"]) {
      const answer = await ask(api, toSamplePath({ path: `/terminals/{tusn}/${path}` }, ""), {
        body: because,
        as: key,
      });
      expect(answer.code, path).toBe("NOT_FOUND");
    }
    expect(await dump(api.fleet.store)).toBe(before);
  });

  it("counts a role that was taken away, a disabled account and a revoked key from the next request on", async () => {
    const { api } = await prepare();
    const { administration } = api.accounts;
    const wang = await api.addPerson("wang", "operator");
    const key = await addKey(api, "operator", []);
    const read = async (as: string) => (await ask(api, "/terminals", { as })).status;
    expect([await read(wang.token), await read(key)]).toEqual([200, 200]);
    await administration.setRole("wang", "administrator", ACT);
    await administration.revokeKey("operator-0-all", ACT);
    expect([await read(wang.token), await read(key)]).toEqual([403, 401]);
    await administration.disable("wang", ACT);
    expect(await read(wang.token)).toBe(401);
  });
});
