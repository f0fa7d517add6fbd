import { beforeEach, describe, expect, it } from "vitest";
import type { NewApiKey } from "../../../../src/app/accounts/administration.ts";
import type { KeyRole } from "../../../../src/domain/accounts/roles.ts";
import {
  ACT,
  AGENTS_MERCHANT,
  openTestAccounts,
  readTold,
  refusedWith,
  type TestAccounts,
} from "../../../support/accounts.ts";

const DAY_S = 86_400;

let accounts: TestAccounts;

beforeEach(async () => {
  accounts = await openTestAccounts();
});

const add = (change: Partial<NewApiKey> = {}) =>
  accounts.administration.addKey({ name: "portal", role: "operator", merchants: [], validS: DAY_S, ...change }, ACT);

describe("an API key", () => {
  it("tells whose it is, from the first account or key on", async () => {
    const { key, expiresAt } = await add();
    expect(key).toMatch(/^ts_k_[A-Za-z0-9_-]{43}$/);
    expect(expiresAt).toBe(accounts.fleet.at + DAY_S);
    expect(await accounts.authenticate(key)).toEqual({
      ...{ name: "key:portal", role: "operator", merchants: undefined, via: "key", person: "", isNew: false },
    });
  });

  it("is good for its merchants alone, where it has any", async () => {
    const { key } = await add({ merchants: [AGENTS_MERCHANT] });
    expect((await accounts.authenticate(key)).merchants).toEqual(new Set([AGENTS_MERCHANT]));
  });

  it("is good until it expires, to the second", async () => {
    const { key } = await add();
    accounts.fleet.at += DAY_S - 1;
    expect((await accounts.authenticate(key)).name).toBe("key:portal");
    accounts.fleet.at += 1;
    expect(await refusedWith(accounts.authenticate(key))).toBe("NOT_AUTHENTICATED");
  });

  it("is good until it is revoked, in whatever process", async () => {
    const { key } = await add();
    await accounts.open().administration.revokeKey("portal", ACT);
    expect(await refusedWith(accounts.authenticate(key))).toBe("NOT_AUTHENTICATED");
    expect(await refusedWith(accounts.administration.revokeKey("portal", ACT))).toBe("STATE_CONFLICT what");
  });

  it("is called as none before it, revoked ones neither; and as an account, if need be", async () => {
    await add();
    expect(await refusedWith(add())).toBe("STATE_CONFLICT key");
    await accounts.administration.revokeKey("portal", ACT);
    expect(await refusedWith(add())).toBe("STATE_CONFLICT key");
    const portal = await accounts.addPerson({ name: "portal", role: "auditor" });
    expect((await accounts.actorOf(portal)).name).toBe("portal");
  });

  it.each([
    { role: "administrator" },
    { role: "checker" },
    { role: "agent" },
    { name: "Portal" },
    { validS: 0 },
    { validS: 367 * DAY_S },
  ])("is not made as %j", async (change) => {
    expect(await refusedWith(add(change as { role: KeyRole }))).toBe("FIELD_INVALID field");
    expect(await accounts.administration.listKeys()).toEqual([]);
  });

  it("is none where the text is another, or a session's", async () => {
    const { key } = await add();
    for (const text of [key.replace("ts_k_", "ts_s_"), `${key.slice(0, -2)}AA`, key.toUpperCase()]) {
      expect(await refusedWith(accounts.authenticate(text))).toBe("NOT_AUTHENTICATED");
    }
  });

  it("is listed and told in the ledger, but for the key itself", async () => {
    const { key, expiresAt } = await add({ role: "agent", merchants: [AGENTS_MERCHANT] });
    await accounts.administration.revokeKey("portal", ACT);
    const views = await accounts.administration.listKeys();
    expect(views).toEqual([
      {
        ...{ name: "portal", role: "agent", merchants: [AGENTS_MERCHANT], createdBy: "root", isAltered: false },
        ...{ createdAt: accounts.fleet.at, expiresAt, revokedAt: accounts.fleet.at },
      },
    ]);
    const told = await readTold(accounts.fleet);
    expect(told).toEqual([
      {
        ...{ kind: "account.key_added", actor: "root", subject: "key:portal" },
        detail: { role: "agent", merchants: 1, expires: expiresAt, reason: "test" },
      },
      { kind: "account.key_revoked", actor: "root", subject: "key:portal", detail: { reason: "test" } },
    ]);
    expect(JSON.stringify([views, told, accounts.fleet.lines])).not.toContain(key.slice(5));
  });
});
