import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  ACT,
  openTestAccounts,
  type Person,
  readTold,
  refusedWith,
  type TestAccounts,
  toCodes,
} from "../../../support/accounts.ts";

let accounts: TestAccounts;
let wang: Person;
let token: string;

beforeEach(async () => {
  accounts = await openTestAccounts();
  wang = await accounts.addPerson({ name: "wang", role: "operator" });
  ({ token } = await accounts.loginAs(wang));
});

const change = (next: string, password = wang.password) => refusedWith(accounts.changePassword(token, password, next));
const isGood = async (bearer: string) => (await refusedWith(accounts.authenticate(bearer))) === "";

async function loginAgain(password: string): Promise<string> {
  accounts.fleet.at += 30;
  return (await accounts.loginAs({ ...wang, password })).token;
}

describe("choosing a password", () => {
  it("takes the present one, and makes it good for nothing", async () => {
    expect(await change("the next password 2")).toBe("");
    expect(await refusedWith(loginAgain(wang.password))).toBe("LOGIN_FAILED");
    expect(await isGood(await loginAgain("the next password 2"))).toBe(true);
    expect((await readTold(accounts.fleet, "wang")).map(({ kind }) => kind)).toContain("account.password_changed");
  });

  it("ends every other session, and keeps this one", async () => {
    const other = await loginAgain(wang.password);
    await change("the next password 2");
    expect([await isGood(token), await isGood(other)]).toEqual([true, false]);
  });

  it.each(["short 1", "no digits in this one", "wang and a digit 1"])("takes no weak one: %j", async (next) => {
    const before = accounts.argon2.count;
    expect(await change(next)).toBe("PASSWORD_WEAK expected");
    expect(accounts.argon2.count).toBe(before);
  });

  it("takes none of the last four, however it was typed", async () => {
    const chosen = ["second pässword 2", "third password 3", "fourth password 4"];
    let present = wang.password;
    for (const next of chosen) {
      expect(await change(next, present)).toBe("");
      present = next;
    }
    for (const again of [wang.password, ...chosen, "second pa\u0308ssword 2"]) {
      expect(await change(again, present), again).toBe("PASSWORD_WEAK expected");
    }
    expect(await change("fifth password 5", present)).toBe("");
    expect(await change(wang.password, "fifth password 5")).toBe("");
  });

  it("counts a one-time password among the last four", async () => {
    const { password } = await accounts.administration.resetPassword("wang", ACT);
    token = await loginAgain(password);
    expect(await change(password, password)).toBe("PASSWORD_WEAK expected");
    expect(await change(wang.password, password)).toBe("PASSWORD_WEAK expected");
  });

  it("with a wrong present one is a wrong try: ten of them, here or at the login, lock", async () => {
    for (let n = 0; n < 5; n += 1) expect(await change("the next password 2", "wrong")).toBe("LOGIN_FAILED");
    for (let n = 0; n < 5; n += 1) expect(await refusedWith(loginAgain("wrong"))).toBe("LOGIN_FAILED");
    expect(await change("the next password 2")).toBe("ACCOUNT_LOCKED");
    accounts.fleet.at += 600;
    expect(await isGood(token)).toBe(true);
    accounts.fleet.at += 600;
    expect(await isGood(token)).toBe(true);
    accounts.fleet.at += 600;
    expect(await change("the next password 2")).toBe("");
  });

  it("at the same time as in another session succeeds once", async () => {
    const other = await loginAgain(wang.password);
    const answers = await Promise.all([
      change("the next password 2"),
      refusedWith(accounts.changePassword(other, wang.password, "the other password 3")),
    ]);
    expect(answers.filter((answer) => answer === "")).toHaveLength(1);
  });

  it("twice at the same time in one session succeeds once", async () => {
    const answers = await Promise.all([change("the next password 2"), change("the other password 3")]);
    expect(answers.toSorted()[0]).toBe("");
    expect(["STATE_CONFLICT what", "LOGIN_FAILED"]).toContain(answers.toSorted()[1]);
  });
});

describe("setting a second factor", () => {
  it("leaves the former one in force until a code of the new one was seen", async () => {
    const { uri } = await accounts.beginTotp(token, wang.password);
    const next = toCodes(accounts.fleet, uri);
    accounts.fleet.at += 30;
    expect(await refusedWith(accounts.loginAs(wang, next()))).toBe("LOGIN_FAILED");
    const other = (await accounts.loginAs(wang)).token;
    await accounts.confirmTotp(token, next());
    expect([await isGood(token), await isGood(other)]).toEqual([true, false]);
    accounts.fleet.at += 30;
    expect(await refusedWith(accounts.loginAs(wang))).toBe("LOGIN_FAILED");
    expect((await accounts.loginAs(wang, next())).account).toBe("wang");
  });

  it("tells a URI that authenticator apps read", async () => {
    const { uri } = await accounts.beginTotp(token, wang.password);
    expect(uri).toMatch(/^otpauth:\/\/totp\/Tillsync:wang\?/);
    const { searchParams } = new URL(uri);
    expect(searchParams.get("secret")).toMatch(/^[A-Z2-7]{32}$/);
    expect(["issuer", "algorithm", "digits", "period"].map((name) => searchParams.get(name))).toEqual([
      ...["Tillsync", "SHA1", "6", "30"],
    ]);
  });

  it("takes the password, and a wrong one is a wrong try", async () => {
    expect(await refusedWith(accounts.beginTotp(token, "wrong"))).toBe("LOGIN_FAILED");
    expect((await accounts.administration.show("wang")).failures).toBe(1);
  });

  it("counts wrong codes as wrong tries", async () => {
    await accounts.beginTotp(token, wang.password);
    for (let n = 0; n < 10; n += 1) {
      expect(await refusedWith(accounts.confirmTotp(token, `00000${n % 10}x`))).toBe("LOGIN_FAILED");
    }
    expect(await refusedWith(accounts.confirmTotp(token, "123456"))).toBe("ACCOUNT_LOCKED");
  });

  it("has to be begun, and each begin makes the one before good for nothing", async () => {
    expect(await refusedWith(accounts.confirmTotp(token, wang.code()))).toBe("STATE_CONFLICT what");
    const first = toCodes(accounts.fleet, (await accounts.beginTotp(token, wang.password)).uri);
    const second = toCodes(accounts.fleet, (await accounts.beginTotp(token, wang.password)).uri);
    expect(await refusedWith(accounts.confirmTotp(token, first()))).toBe("LOGIN_FAILED");
    expect(await refusedWith(accounts.confirmTotp(token, second()))).toBe("");
  });

  it("takes the code that set it no second time", async () => {
    const { uri } = await accounts.beginTotp(token, wang.password);
    const code = toCodes(accounts.fleet, uri)();
    await accounts.confirmTotp(token, code);
    expect(await refusedWith(accounts.loginAs(wang, code))).toBe("LOGIN_FAILED");
  });

  it("is nothing for a session that ended meanwhile", async () => {
    const release = accounts.argon2.hold();
    const { count } = accounts.argon2;
    const begun = refusedWith(accounts.beginTotp(token, wang.password));
    await vi.waitFor(() => expect(accounts.argon2.count).toBe(count + 1), { timeout: 15_000 });
    await accounts.open().administration.disable("wang", ACT);
    release();
    expect(await begun).toBe("NOT_AUTHENTICATED");
  });
});
