import { describe, expect, it } from "vitest";
import { toCodes } from "../../../../support/accounts.ts";
import { ask, openTestApi } from "../../../../support/api.ts";
import { TUSN_0 } from "../../../../support/fleet-store.ts";

describe("a session", () => {
  it("begins with name, password and code, opens what the role may do, and ends", async () => {
    const api = await openTestApi();
    const wang = await api.addPerson("wang", "operator");
    api.fleet.at += 60;
    const { name, password } = wang;
    const begun = await ask(api, "/sessions", { body: { name, password, code: wang.code() } });
    expect([begun.status, begun.json]).toEqual([
      201,
      { token: expect.stringMatching(/^ts_s_/), account: "wang", expiresAt: api.fleet.at + 43_200, isNew: false },
    ]);
    const as = String(begun.json["token"]);
    const me = await ask(api, "/me", { as });
    expect(me.json).toMatchObject({ name: "wang", role: "operator", merchants: null, isNew: false });
    const listed = await ask(api, "/terminals", { as });
    expect([listed.status, listed.json]).toMatchObject([200, { items: [{ tusn: TUSN_0 }], next: null }]);
    expect((await ask(api, "/sessions/current", { method: "DELETE", as })).status).toBe(204);
    expect((await ask(api, "/terminals", { as })).code).toBe("NOT_AUTHENTICATED");
  });

  it("is not begun by a wrong name, password or code, and it is not told which", async () => {
    const api = await openTestApi();
    const { name, password, code } = await api.addPerson("wang", "operator");
    api.fleet.at += 60;
    const right = { name, password, code: code() };
    const answers = [];
    for (const wrong of [{ name: "nobody" }, { password: "another password 1" }, { code: "" }, { code: code(9) }]) {
      const { status, json, headers } = await ask(api, "/sessions", { body: { ...right, ...wrong } });
      answers.push({ status, json, challenge: headers["www-authenticate"] });
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, json: { code: "LOGIN_FAILED", fields: {} } });
    expect(JSON.stringify(api.fleet.lines)).not.toContain(password);
  });

  it("lets a person choose a password and set a second factor, of which the log and later answers tell nothing", async () => {
    const api = await openTestApi();
    const account = { name: "li.na", role: "checker", displayName: "李娜", reason: "new colleague" };
    const added = await ask(api, "/accounts", { as: await api.as("administrator"), body: account });
    const first = String(added.json["password"]);
    const login = await ask(api, "/sessions", { body: { name: "li.na", password: first, code: "" } });
    const as = String(login.json["token"]);
    expect(login.json).toMatchObject({ isNew: true });
    const choose = (next: string) => ask(api, "/me/password", { as, body: { password: first, next } });
    expect(await choose("short")).toMatchObject({ status: 400, code: "PASSWORD_WEAK" });
    const password = "a password of her own 1";
    expect((await choose(password)).status).toBe(204);
    const { json } = await ask(api, "/me/totp", { as, body: { password } });
    const code = toCodes(api.fleet, String(json["uri"]));
    const confirm = (given: string) => ask(api, "/me/totp/confirmation", { as, body: { code: given } });
    expect((await confirm(code(9))).code).toBe("LOGIN_FAILED");
    expect((await confirm(code())).status).toBe(204);
    expect((await ask(api, "/me", { as })).json).toMatchObject({ isNew: false, role: "checker" });
    const told = JSON.stringify(api.fleet.lines);
    for (const secret of [first, password, as, String(json["uri"])]) expect(told).not.toContain(secret);
  });

  it("ends after a quarter of an hour without a request", async () => {
    const api = await openTestApi();
    const as = await api.as("operator");
    api.fleet.at += 899;
    expect((await ask(api, "/me", { as })).status).toBe(200);
    api.fleet.at += 899;
    expect((await ask(api, "/me", { as })).status).toBe(200);
    api.fleet.at += 900;
    expect((await ask(api, "/me", { as })).status).toBe(401);
  });
});
