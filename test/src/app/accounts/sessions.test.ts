import { beforeEach, describe, expect, it } from "vitest";
import {
  ACT,
  AGENTS_MERCHANT,
  openTestAccounts,
  type Person,
  readTold,
  refusedWith,
  type TestAccounts,
} from "../../../support/accounts.ts";

const HOUR_S = 3_600;

let accounts: TestAccounts;
let wang: Person;

beforeEach(async () => {
  accounts = await openTestAccounts();
  wang = await accounts.addPerson({ name: "wang", role: "operator", person: "wang.wei" });
});

const isGood = async (token: string) => (await refusedWith(accounts.authenticate(token))) === "";
const countRows = async () => (await accounts.fleet.store.selectFrom("sessions").selectAll().execute()).length;

describe("a session", () => {
  it("tells who its bearer is", async () => {
    expect(await accounts.actorOf(wang)).toEqual({
      ...{ name: "wang", role: "operator", merchants: undefined, via: "session", person: "wang.wei", isNew: false },
    });
  });

  it("ends after 15 minutes without a request", async () => {
    const { token } = await accounts.loginAs(wang);
    accounts.fleet.at += 899;
    expect(await isGood(token)).toBe(true);
    accounts.fleet.at += 899;
    expect(await isGood(token)).toBe(true);
    accounts.fleet.at += 900;
    expect(await isGood(token)).toBe(false);
  });

  it("ends after 12 hours, however busy", async () => {
    const { token, expiresAt } = await accounts.loginAs(wang);
    for (; accounts.fleet.at < expiresAt - 400; accounts.fleet.at += 400) expect(await isGood(token)).toBe(true);
    accounts.fleet.at = expiresAt - 1;
    expect(await isGood(token)).toBe(true);
    accounts.fleet.at = expiresAt;
    expect(await isGood(token)).toBe(false);
  });

  it("writes to the database twice a minute at most", async () => {
    const { token } = await accounts.loginAs(wang);
    const read = async () => (await accounts.fleet.store.selectFrom("sessions").select("lastSeen").execute())[0];
    const begun = await read();
    accounts.fleet.at += 29;
    await isGood(token);
    expect(await read()).toEqual(begun);
    accounts.fleet.at += 1;
    await isGood(token);
    expect(await read()).toEqual({ lastSeen: accounts.fleet.at });
  });

  it("ends with the logout, once", async () => {
    const { token } = await accounts.loginAs(wang);
    await accounts.logout(token);
    expect(await isGood(token)).toBe(false);
    await accounts.logout(token);
    const kinds = (await readTold(accounts.fleet, "wang")).map(({ kind }) => kind);
    expect(kinds.slice(-2)).toEqual(["account.logged_in", "account.logged_out"]);
  });

  it("leaves the account's others alone when it ends", async () => {
    const first = await accounts.loginAs(wang);
    accounts.fleet.at += 30;
    const second = await accounts.loginAs(wang);
    await accounts.logout(first.token);
    expect(await isGood(second.token)).toBe(true);
  });

  it("is one of eight at most; the one heard of longest ago gives way", async () => {
    const tokens: string[] = [];
    for (let n = 0; n < 9; n += 1) {
      tokens.push((await accounts.loginAs(wang)).token);
      accounts.fleet.at += 30;
    }
    const good = await Promise.all(tokens.map(isGood));
    expect(good).toEqual([false, ...Array(8).fill(true)]);
    expect((await accounts.administration.show("wang")).sessions).toBe(8);
  });

  it("is forgotten once it is over", async () => {
    await accounts.loginAs(wang);
    accounts.fleet.at += HOUR_S;
    expect((await accounts.administration.show("wang")).sessions).toBe(0);
    await accounts.loginAs(wang);
    expect(await countRows()).toBe(1);
  });

  it("is nobody's where the text is no token", async () => {
    const { token } = await accounts.loginAs(wang);
    for (const text of ["", "ts_s_", `${token}x`, token.slice(0, -1), token.replace("ts_s_", "ts_k_"), ` ${token}`]) {
      expect(await refusedWith(accounts.authenticate(text)), text).toBe("NOT_AUTHENTICATED");
    }
    expect(await refusedWith(accounts.logout("anything"))).toBe("NOT_AUTHENTICATED");
    expect(await refusedWith(accounts.logout(`ts_k_${"A".repeat(43)}`))).toBe("NOT_AUTHENTICATED");
    expect(await refusedWith(accounts.changePassword(`ts_k_${"A".repeat(43)}`, "", "a long password 1"))).toBe(
      "NOT_AUTHENTICATED",
    );
    expect(await isGood(token)).toBe(true);
  });
});

describe("what another process does", () => {
  it("counts from the next request on: another role, a scope, an end", async () => {
    const other = accounts.open().administration;
    const { token } = await accounts.loginAs(wang);
    await other.setRole("wang", "agent", ACT);
    expect(await accounts.authenticate(token)).toMatchObject({ role: "agent", merchants: new Set() });
    await other.setScope("wang", [AGENTS_MERCHANT], ACT);
    expect(await accounts.authenticate(token)).toMatchObject({ merchants: new Set([AGENTS_MERCHANT]) });
    await other.disable("wang", ACT);
    expect(await isGood(token)).toBe(false);
    await other.enable("wang", ACT);
    expect(await isGood(token)).toBe(false);
  });

  it.each(["resetPassword", "enrolTotp", "removeTotp"] as const)(
    "ends every session of the account: %s",
    async (act) => {
      const { token } = await accounts.loginAs(wang);
      await accounts.open().administration[act]("wang", ACT);
      expect(await isGood(token)).toBe(false);
      expect(await countRows()).toBe(0);
    },
  );
});
