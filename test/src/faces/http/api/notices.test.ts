import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { withdrawChange } from "../../../../../src/app/changes/draft.ts";
import { NoticeRunner } from "../../../../../src/app/notices/runner.ts";
import { readNoticeSettings } from "../../../../../src/app/notices/settings.ts";
import { MAX_ATTEMPTS } from "../../../../../src/domain/notices/plan.ts";
import { ACT } from "../../../../support/accounts.ts";
import { ask, openTestApi } from "../../../../support/api.ts";
import { MERCHANT, readLedgerKinds } from "../../../../support/fleet-store.ts";

const OTHER_MERCHANT = "822391058121071";
const DAY_S = 86_400;
const WHY = { reason: "the program is well again" };

/** A program that takes nothing, and two notices to it that were given up. */
async function prepare() {
  const api = await openTestApi();
  const { fleet, folder } = api;
  const hook = { status: 500, ids: [] as unknown[] };
  const server = createServer((request, response) => {
    hook.ids.push(Number(request.headers["tillsync-notice"]));
    request.resume().on("end", () => response.writeHead(hook.status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  writeFileSync(join(folder, "hook.secret"), "ab".repeat(32), { mode: 0o600 });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const webhooks = [{ name: "erp", url, secretFile: "hook.secret" }];
  writeFileSync(join(folder, "notices.json"), JSON.stringify({ webhooks }));
  const runner = new NoticeRunner(fleet, readNoticeSettings(folder));
  const change = await api.submit();
  await withdrawChange(fleet, change, "never mind", "li.mei");
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    await runner.poll();
    fleet.at += DAY_S;
  }
  const operator = await api.as("operator");
  const read = async (query = "", as = operator) => {
    const { json } = await ask(api, `/notices${query}`, { as });
    return json as { items: { id: number; event: string }[]; next: string | null };
  };
  return { api, hook, runner, change, operator, read };
}

describe("notices over the API", () => {
  it("that were given up are listed, the newest first, page by page and by change", async () => {
    const { change, read } = await prepare();
    const { items, next } = await read();
    expect([items.map(({ event }) => event), next]).toEqual([["withdraw", "submit"], null]);
    expect(items[0]).toMatchObject({
      change,
      channel: "webhook",
      recipient: "erp",
      attempts: MAX_ATTEMPTS,
      dueAt: null,
    });
    const first = await read("?limit=1");
    expect(first.items).toEqual(items.slice(0, 1));
    expect(await read(`?limit=1&after=${first.next}`)).toEqual({ items: items.slice(1), next: null });
    expect((await read(`?change=${change}`)).items).toHaveLength(2);
    expect((await read("?change=C0000000000000000")).items).toEqual([]);
  });

  it("are sent again when somebody says so, with attempts counted anew, and delivered", async () => {
    const { api, hook, runner, change, operator, read } = await prepare();
    const [, given] = (await read()).items;
    const path = `/notices/${given?.id}/retry`;
    hook.ids.length = 0;
    await runner.poll();
    expect(hook.ids).toEqual([]);
    const retried = await ask(api, path, { as: operator, body: WHY });
    expect([retried.status, retried.json]).toMatchObject([200, { attempts: 0, dueAt: api.fleet.at, change }]);
    expect(await ask(api, path, { as: operator, body: WHY })).toMatchObject({ status: 409, code: "STATE_CONFLICT" });
    // It fails once more: that is the first of as many attempts as before.
    await runner.poll();
    hook.status = 204;
    api.fleet.at += 60;
    await runner.poll();
    expect(hook.ids).toEqual([given?.id, given?.id]);
    const { notices } = await api.show(change);
    expect(notices.find(({ event }) => event === "submit")).toMatchObject({ attempts: 2, deliveredAt: api.fleet.at });
    expect((await read()).items.map(({ event }) => event)).toEqual(["withdraw"]);
    expect(await ask(api, path, { as: operator, body: WHY })).toMatchObject({ status: 409, code: "STATE_CONFLICT" });
    const { items } = (await ask(api, "/ledger?limit=200", { as: operator })).json;
    expect((items as { kind: string }[]).filter(({ kind }) => kind === "notice.retried")).toMatchObject([
      { actor: "the-operator", subject: change, detail: expect.stringContaining(WHY.reason) },
    ]);
  });

  it("are sent again by an operator alone, and of no other merchant by whoever has a scope", async () => {
    const { api, operator, read } = await prepare();
    const [given] = (await read()).items;
    const path = `/notices/${given?.id}/retry`;
    const addKey = async (merchant: string) =>
      (
        await api.accounts.administration.addKey(
          { name: `key-${merchant}`, role: "operator", merchants: [merchant], validS: 60 },
          ACT,
        )
      ).key;
    const [own, far] = [await addKey(MERCHANT), await addKey(OTHER_MERCHANT)];
    for (const role of ["checker", "auditor", "agent", "administrator"] as const) {
      expect((await ask(api, path, { as: await api.as(role), body: WHY })).code, role).toBe("ROLE_NOT_ALLOWED");
    }
    expect((await ask(api, "/notices", { as: await api.as("agent") })).code).toBe("ROLE_NOT_ALLOWED");
    expect([(await read("", own)).items.length, (await read("", far)).items.length]).toEqual([2, 0]);
    const refused = await ask(api, path, { as: far, body: WHY });
    const missing = await ask(api, "/notices/999999/retry", { as: operator, body: WHY });
    expect([refused.status, refused.code, missing.code]).toEqual([404, "NOT_FOUND", "NOT_FOUND"]);
    expect(Object.keys(refused.json["fields"] ?? {})).toEqual(Object.keys(missing.json["fields"] ?? {}));
    expect((await ask(api, path, { as: operator, body: {} })).code).toBe("FIELD_MISSING");
    expect(await readLedgerKinds(api.fleet)).not.toContain("notice.retried");
    expect((await ask(api, path, { as: own, body: WHY })).status).toBe(200);
  });
});
