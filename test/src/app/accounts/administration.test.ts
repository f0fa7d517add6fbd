import { beforeEach, describe, expect, it } from "vitest";
import type { NewAccount } from "../../../../src/app/accounts/administration.ts";
import { ROLES, type Role } from "../../../../src/domain/accounts/roles.ts";
import {
  ACT,
  AGENTS_MERCHANT,
  ORIGIN,
  openTestAccounts,
  readTold,
  refusedWith,
  type TestAccounts,
  toCodes,
} from "../../../support/accounts.ts";

const OTHER_MERCHANT = "822391058121071";

let accounts: TestAccounts;

beforeEach(async () => {
  accounts = await openTestAccounts();
});

const add = (change: Partial<NewAccount> = {}) =>
  accounts.administration.add(
    { name: "wang", role: "operator", displayName: "王伟", person: "", merchants: [], ...change },
    ACT,
  );

describe("an account", () => {
  it("is added with a one-time password that nobody sees again, and tells of itself what may be told", async () => {
    const { password } = await add({ person: "wang.wei" });
    expect(password).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    const view = {
      ...{ name: "wang", role: "operator", displayName: "王伟", person: "wang.wei", state: "active", merchants: [] },
      ...{ failures: 0, lockedUntil: null, hasTotp: false, mustChangePassword: true, lastLoginAt: null, sessions: 0 },
      ...{ createdAt: accounts.fleet.at, isAltered: false },
    };
    expect(await accounts.administration.show("wang")).toEqual(view);
    expect(await accounts.administration.list()).toEqual([view]);
    expect(await readTold(accounts.fleet)).toEqual([
      {
        ...{ kind: "account.added", actor: "root", subject: "wang" },
        detail: {
          ...{ role: "operator", person: "wang.wei", replaced: false, merchants: 0, came: "", went: "" },
          reason: "test",
        },
      },
    ]);
  });

  it("is added once by its name, and once for a person", async () => {
    await add({ person: "wang.wei" });
    expect(await refusedWith(add())).toBe("STATE_CONFLICT account");
    expect(await refusedWith(add({ name: "wang2", person: "wang.wei" }))).toBe("STATE_CONFLICT person account");
    expect(await refusedWith(add({ name: "wang2" }))).toBe("");
  });

  const unfit: readonly (readonly [change: Partial<NewAccount>, code: string])[] = [
    [{ name: "Wang" }, "FIELD_INVALID field"],
    [{ name: "6228480402564890018" }, "FIELD_INVALID field"],
    [{ displayName: "two\nlines" }, "FIELD_INVALID field"],
    [{ displayName: "cvv 123" }, "FIELD_INVALID field"],
    [{ person: "王" }, "FIELD_INVALID field"],
    [{ role: "root" as Role }, "FIELD_INVALID field"],
    [{ merchants: [AGENTS_MERCHANT] }, "FIELD_INVALID field"],
    [{ role: "agent", merchants: ["123"] }, "MERCHANT_NUMBER_INVALID"],
    [{ role: "agent", merchants: Array(1_001).fill(AGENTS_MERCHANT) }, "FIELD_INVALID field"],
  ];
  it.each(unfit)("is not added as %j", async (change, code) => {
    expect((await refusedWith(add(change))).split(" ")[0]).toBe(code.split(" ")[0]);
    expect(await accounts.administration.list()).toEqual([]);
    expect(await readTold(accounts.fleet)).toEqual([]);
  });

  it("gets another role, and an agent's scope goes with his role", async () => {
    await add({ role: "agent", merchants: [OTHER_MERCHANT, AGENTS_MERCHANT, AGENTS_MERCHANT] });
    expect((await accounts.administration.show("wang")).merchants).toEqual([AGENTS_MERCHANT, OTHER_MERCHANT]);
    await accounts.administration.setRole("wang", "operator", ACT);
    expect(await accounts.administration.show("wang")).toMatchObject({ role: "operator", merchants: [] });
    await accounts.administration.setRole("wang", "agent", ACT);
    expect(await accounts.administration.show("wang")).toMatchObject({ role: "agent", merchants: [] });
    expect(await refusedWith(accounts.administration.setRole("wang", "agent", ACT))).toBe("STATE_CONFLICT what");
    expect(await refusedWith(accounts.administration.setRole("wang", "root" as Role, ACT))).toBe("FIELD_INVALID field");
  });

  it("of an agent meets the merchants that he was last given, and no other account has any", async () => {
    await add({ role: "agent", merchants: [AGENTS_MERCHANT] });
    await accounts.administration.setScope("wang", [OTHER_MERCHANT], ACT);
    expect((await accounts.administration.show("wang")).merchants).toEqual([OTHER_MERCHANT]);
    expect((await readTold(accounts.fleet)).at(-1)).toMatchObject({
      ...{ kind: "account.scope_changed", actor: "root" },
      detail: { merchants: 1, came: OTHER_MERCHANT, went: AGENTS_MERCHANT, reason: "test" },
    });
    expect(await refusedWith(accounts.administration.setScope("wang", ["1"], ACT))).toMatch(/^MERCHANT_NUMBER_INVALID/);
    await add({ name: "chen", role: "checker" });
    expect(await refusedWith(accounts.administration.setScope("chen", [], ACT))).toBe("STATE_CONFLICT what");
  });

  it("may meet a thousand merchants, of which the ledger names as many as fit", async () => {
    const merchants = Array.from({ length: 1_000 }, (_, n) => `82239105812${String(n).padStart(4, "0")}`);
    await add({ role: "agent", merchants });
    expect((await accounts.administration.show("wang")).merchants).toEqual(merchants);
    expect(String((await readTold(accounts.fleet))[0]?.detail["came"])).toMatch(/^822.* and 960 more$/);
  });

  it("that is disabled lets nobody in until it is enabled", async () => {
    const wang = await accounts.addPerson({ name: "wang", role: "operator" });
    await accounts.administration.disable("wang", ACT);
    expect(await refusedWith(accounts.loginAs(wang))).toBe("LOGIN_FAILED");
    expect(await refusedWith(accounts.administration.disable("wang", ACT))).toBe("STATE_CONFLICT what");
    await accounts.administration.enable("wang", ACT);
    expect((await accounts.loginAs(wang)).account).toBe("wang");
    expect(await refusedWith(accounts.administration.enable("wang", ACT))).toBe("STATE_CONFLICT what");
  });

  it("gets a new second factor at once, or none until the next login", async () => {
    const wang = await accounts.addPerson({ name: "wang", role: "operator" });
    const { uri } = await accounts.administration.enrolTotp("wang", ACT);
    expect(await refusedWith(accounts.loginAs(wang))).toBe("LOGIN_FAILED");
    expect((await accounts.loginAs(wang, toCodes(accounts.fleet, uri)())).isNew).toBe(false);
    await accounts.administration.removeTotp("wang", ACT);
    expect((await accounts.loginAs(wang, "")).isNew).toBe(true);
    expect(await refusedWith(accounts.administration.removeTotp("wang", ACT))).toBe("STATE_CONFLICT what");
  });

  it("that there is not is told to be none", async () => {
    await add();
    const acts = accounts.administration;
    for (const work of [
      () => acts.show("nobody"),
      () => acts.setRole("nobody", "agent", ACT),
      () => acts.setScope("nobody", [], ACT),
      () => acts.disable("nobody", ACT),
      () => acts.enable("nobody", ACT),
      () => acts.unlock("nobody", ACT),
      () => acts.resetPassword("nobody", ACT),
      () => acts.enrolTotp("nobody", ACT),
      () => acts.removeTotp("nobody", ACT),
      () => acts.revokeKey("nobody", ACT),
    ]) {
      expect(await refusedWith(work())).toBe("NOT_FOUND what");
    }
  });

  it("can be had in every role", async () => {
    for (const role of ROLES) {
      const person = await accounts.addPerson({ name: `a.${role}`, role });
      expect(await accounts.actorOf(person)).toMatchObject({ role, isNew: false });
    }
  });

  it("is told in the ledger with every act on it, who did it and why, and no secret", async () => {
    const wang = await accounts.addPerson({ name: "wang", role: "agent" });
    const act = { actor: "root2", reason: "because" };
    const { administration } = accounts;
    await administration.setScope("wang", [AGENTS_MERCHANT], act);
    await administration.setRole("wang", "auditor", act);
    await administration.removeTotp("wang", act);
    const { uri } = await administration.enrolTotp("wang", act);
    await administration.disable("wang", act);
    await administration.enable("wang", act);
    for (let n = 0; n < 10; n += 1) {
      await refusedWith(accounts.login({ ...wang, code: "", origin: ORIGIN }));
    }
    await administration.unlock("wang", act);
    const { password } = await administration.resetPassword("wang", act);
    const told = (await readTold(accounts.fleet)).filter(({ actor }) => actor === "root2");
    expect(told.map(({ kind }) => kind.replace("account.", ""))).toEqual([
      ...["scope_changed", "role_changed", "totp_removed", "totp_enrolled", "disabled", "enabled", "unlocked"],
      "password_reset",
    ]);
    expect(new Set(told.map(({ subject, detail }) => `${subject} ${detail["reason"]}`))).toEqual(
      new Set(["wang because"]),
    );
    const text = JSON.stringify([told, accounts.fleet.lines]);
    for (const secret of [password, new URL(uri).searchParams.get("secret") ?? ""]) expect(text).not.toContain(secret);
  });
});
