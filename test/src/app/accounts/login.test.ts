import { beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_WAITING } from "../../../../src/app/accounts/passwords.ts";
import {
  ACT,
  CHEAP,
  CountingArgon2,
  ORIGIN,
  openTestAccounts,
  type Person,
  readTold,
  refusedWith,
  type TestAccounts,
  toCodes,
  toWrongCode,
} from "../../../support/accounts.ts";

const WRONG = "another password 1";

let accounts: TestAccounts;
let wang: Person;

beforeEach(async () => {
  accounts = await openTestAccounts();
  wang = await accounts.addPerson({ name: "wang", role: "operator" });
});

const tryAs = (name: string, password: string, code: string) =>
  refusedWith(accounts.login({ name, password, code, origin: ORIGIN }));

/** Wrong tries, one after the other. */
async function fail(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) expect(await tryAs("wang", WRONG, wang.code())).toBe("LOGIN_FAILED");
}

describe("a first login", () => {
  it("takes the one-time password, and allows nothing but to choose another and to set the second factor", async () => {
    const account = { name: "li.na", role: "checker", displayName: "李娜", person: "li.na", merchants: [] } as const;
    const { password } = await accounts.administration.add(account, ACT);
    const session = await accounts.login({ name: "li.na", password, code: "", origin: ORIGIN });
    expect(session).toMatchObject({ account: "li.na", isNew: true, expiresAt: accounts.fleet.at + 43_200 });
    const actor = { name: "li.na", role: "checker", merchants: undefined, via: "session", person: "li.na" };
    expect(await accounts.authenticate(session.token)).toEqual({ ...actor, isNew: true });

    await accounts.changePassword(session.token, password, "a password of her own 1");
    expect((await accounts.authenticate(session.token)).isNew).toBe(true);
    const { uri } = await accounts.beginTotp(session.token, "a password of her own 1");
    expect((await accounts.authenticate(session.token)).isNew).toBe(true);
    await accounts.confirmTotp(session.token, toCodes(accounts.fleet, uri)());
    expect(await accounts.authenticate(session.token)).toEqual({ ...actor, isNew: false });
  });

  it("is good for as many as it takes, until the password is changed", async () => {
    const { password } = await accounts.administration.resetPassword("wang", ACT);
    accounts.fleet.at += 60;
    expect((await accounts.login({ ...wang, password, code: wang.code(), origin: ORIGIN })).isNew).toBe(true);
    expect(await tryAs("wang", wang.password, wang.code(1))).toBe("LOGIN_FAILED");
  });
});

describe("a login that is refused", () => {
  it("is told in the same words and takes the same work, whatever was wrong", async () => {
    await accounts.addPerson({ name: "gone", role: "operator" });
    await accounts.administration.disable("gone", ACT);
    const tries: readonly (readonly [name: string, password: string, code: string])[] = [
      ["nobody", wang.password, wang.code()],
      ["WANG", wang.password, wang.code()],
      ["' or 1=1 --", wang.password, wang.code()],
      ["", "", ""],
      ["x".repeat(100_000), WRONG, ""],
      ["gone", wang.password, wang.code()],
      ["wang", WRONG, wang.code()],
      ["wang", "", wang.code()],
      ["wang", "x".repeat(100_000), wang.code()],
      ["wang", wang.password, ""],
      ["wang", wang.password, toWrongCode(wang)],
      ["wang", wang.password, `${wang.code()} `],
    ];
    for (const [name, password, code] of tries) {
      const before = accounts.argon2.count;
      expect(await tryAs(name, password, code), name.slice(0, 20)).toBe("LOGIN_FAILED");
      expect(accounts.argon2.count - before, name.slice(0, 20)).toBe(1);
    }
    expect((await accounts.loginAs(wang)).account).toBe("wang");
  });

  it("tells neither log nor ledger a name that is no account's: it may be somebody's password", async () => {
    await tryAs("my secret 42 slipped", WRONG, "");
    await tryAs("slipped.too", WRONG, "");
    const told = JSON.stringify([accounts.fleet.lines, await readTold(accounts.fleet)]);
    expect(told).not.toContain("slipped");
    expect(accounts.fleet.lines.filter(({ msg }) => msg === "login refused")).toHaveLength(2);
  });

  it("is noted with the account, where from, and how many they are by now", async () => {
    await fail(2);
    await accounts.login({ ...wang, code: wang.code(), origin: "bad\norigin" });
    expect((await readTold(accounts.fleet, "wang")).slice(-3)).toEqual([
      { kind: "account.login_failed", actor: "service", subject: "wang", detail: { failures: 1, origin: ORIGIN } },
      { kind: "account.login_failed", actor: "service", subject: "wang", detail: { failures: 2, origin: ORIGIN } },
      { kind: "account.logged_in", actor: "wang", subject: "wang", detail: { origin: "unknown" } },
    ]);
  });

  it("by strangers is told once an hour together, so that they fill no ledger", async () => {
    const tellStrangers = async () =>
      (await readTold(accounts.fleet)).filter(({ kind }) => kind === "account.strangers").map(({ detail }) => detail);
    for (let n = 0; n < 30; n += 1) await tryAs(`nobody-${n}`, WRONG, "");
    expect(await tellStrangers()).toEqual([{ tries: 1 }]);
    accounts.fleet.at += 3_600;
    await tryAs("nobody", WRONG, "");
    expect(await tellStrangers()).toEqual([{ tries: 1 }, { tries: 30 }]);
  });
});

describe("a password that is right", () => {
  it("is wrong where another one took its place before the login was decided", async () => {
    const release = accounts.argon2.hold();
    const { count } = accounts.argon2;
    const late = tryAs("wang", wang.password, wang.code());
    await vi.waitFor(() => expect(accounts.argon2.count).toBe(count + 1), { timeout: 15_000 });
    await accounts.open(CHEAP, new CountingArgon2()).administration.resetPassword("wang", ACT);
    release();
    expect(await late).toBe("LOGIN_FAILED");
  });
});

describe("ten wrong tries", () => {
  it("lock the account for 30 minutes, and no longer however often somebody tries meanwhile", async () => {
    await fail(10);
    expect(await accounts.administration.show("wang")).toMatchObject({ lockedUntil: accounts.fleet.at + 1_800 });
    accounts.fleet.at += 1_799;
    await fail(5);
    expect(await tryAs("wang", wang.password, wang.code())).toBe("ACCOUNT_LOCKED");
    accounts.fleet.at += 1;
    expect((await accounts.loginAs(wang)).account).toBe("wang");
    expect(await accounts.administration.show("wang")).toMatchObject({ lockedUntil: null, failures: 0 });
  });

  it("count wrong codes like wrong passwords", async () => {
    await fail(5);
    for (let n = 0; n < 5; n += 1) expect(await tryAs("wang", wang.password, toWrongCode(wang))).toBe("LOGIN_FAILED");
    expect(await tryAs("wang", wang.password, wang.code())).toBe("ACCOUNT_LOCKED");
  });

  it("do not lock where a right one comes between", async () => {
    await fail(9);
    await accounts.loginAs(wang);
    accounts.fleet.at += 30;
    await fail(9);
    expect((await accounts.loginAs(wang)).account).toBe("wang");
  });

  it("tell whoever goes on guessing nothing: neither the lock, nor that a password is right", async () => {
    await fail(10);
    expect(await tryAs("wang", wang.password, toWrongCode(wang))).toBe("LOGIN_FAILED");
    expect(await tryAs("wang", WRONG, wang.code())).toBe("LOGIN_FAILED");
  });

  it("do not end the sessions of the person whose account it is", async () => {
    const { token } = await accounts.loginAs(wang);
    accounts.fleet.at += 30;
    await fail(10);
    expect((await accounts.authenticate(token)).name).toBe("wang");
  });

  it("are told in ledger and log, with the lock", async () => {
    await fail(10);
    const kinds = (await readTold(accounts.fleet, "wang")).map(({ kind }) => kind);
    expect(kinds.slice(-2)).toEqual(["account.login_failed", "account.locked"]);
    expect(accounts.fleet.lines.at(-2)).toMatchObject({ msg: "account locked", account: "wang", origin: ORIGIN });
  });

  it("are no more than ten where many come at once: none of the others is told whether it was right", async () => {
    const guesses = Array.from({ length: 30 }, (_, n) => tryAs("wang", n < 10 ? WRONG : wang.password, ""));
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(["LOGIN_FAILED"]));
    const told = (await readTold(accounts.fleet, "wang")).filter(({ kind }) => kind === "account.login_failed");
    expect(told).toHaveLength(10);
  });

  it("are forgotten when an administrator unlocks the account", async () => {
    await fail(10);
    await accounts.administration.unlock("wang", ACT);
    expect((await accounts.loginAs(wang)).account).toBe("wang");
    expect(await refusedWith(accounts.administration.unlock("wang", ACT))).toBe("STATE_CONFLICT what");
  });
});

describe("a code", () => {
  it("counts one step early and late, and no further", async () => {
    for (const [steps, answer] of [
      [-2, "LOGIN_FAILED"],
      [2, "LOGIN_FAILED"],
      [-1, ""],
      [1, ""],
    ] as const) {
      accounts.fleet.at += 120;
      expect(await tryAs("wang", wang.password, wang.code(steps)), String(steps)).toBe(answer);
    }
  });

  it("counts once", async () => {
    const code = wang.code();
    expect(await tryAs("wang", wang.password, code)).toBe("");
    expect(await tryAs("wang", wang.password, code)).toBe("LOGIN_FAILED");
    accounts.fleet.at += 30;
    expect(await tryAs("wang", wang.password, code)).toBe("LOGIN_FAILED");
  });

  it("counts no more once a later one was taken", async () => {
    const kept = wang.code();
    accounts.fleet.at += 30;
    await accounts.loginAs(wang);
    expect(await tryAs("wang", wang.password, kept)).toBe("LOGIN_FAILED");
  });

  it("given twice at once lets one in", async () => {
    const code = wang.code();
    const answers = await Promise.all([1, 2, 3].map(() => tryAs("wang", wang.password, code)));
    expect(answers.toSorted()).toEqual(["", "LOGIN_FAILED", "LOGIN_FAILED"]);
  });

  it("of another person's device is wrong", async () => {
    const chen = await accounts.addPerson({ name: "chen", role: "checker" });
    expect(await tryAs("wang", wang.password, chen.code())).toBe("LOGIN_FAILED");
  });
});

describe("hashes", () => {
  it("are computed one after the other, and only so many wait", async () => {
    const release = accounts.argon2.hold();
    const answers: string[] = [];
    const tries = Array.from({ length: MAX_WAITING + 5 }, async (_, n) => {
      answers.push(await tryAs(`nobody-${n}`, WRONG, ""));
    });
    await vi.waitFor(() => expect(answers).toHaveLength(5), { timeout: 15_000 });
    expect(new Set(answers)).toEqual(new Set(["RATE_LIMITED seconds"]));
    release();
    await Promise.all(tries);
    expect(answers.filter((answer) => answer === "LOGIN_FAILED")).toHaveLength(MAX_WAITING);
    expect(accounts.argon2.most).toBe(1);
    expect((await accounts.loginAs(wang)).account).toBe("wang");
  });

  it("are made anew at the next login once they cost more", async () => {
    const readHash = async () => (await accounts.fleet.store.selectFrom("accounts").select("hash").execute())[0]?.hash;
    const before = await readHash();
    await accounts.loginAs(wang);
    expect(await readHash()).toBe(before);
    accounts.fleet.at += 30;
    await accounts.open({ ...CHEAP, iterations: 3 }).login({ ...wang, code: wang.code(), origin: ORIGIN });
    expect(before).toContain("m=8,t=1,p=1");
    expect(await readHash()).toContain("m=8,t=3,p=1");
    accounts.fleet.at += 30;
    await accounts.loginAs(wang);
    expect(await readHash()).toContain("t=3");
  });
});

describe("a hash that cannot be made anew", () => {
  it("keeps nobody out: the next login tries again", async () => {
    const dear = accounts.open({ ...CHEAP, iterations: 3 });
    const { hash } = accounts.argon2;
    accounts.argon2.hash = (input) =>
      input.cost.iterations === 3 ? Promise.reject(new Error("no")) : hash.call(accounts.argon2, input);
    expect((await dear.login({ ...wang, code: wang.code(), origin: ORIGIN })).account).toBe("wang");
    expect(accounts.fleet.lines.at(-1)).toMatchObject({ msg: "password not hashed anew", account: "wang" });
  });
});

describe("before there is any account", () => {
  it("nobody logs in, is anybody, or is listed; and no key file is made", async () => {
    const empty = await openTestAccounts();
    expect(await refusedWith(empty.loginAs(wang))).toBe("LOGIN_FAILED");
    expect(empty.argon2.count).toBe(1);
    for (const prefix of ["ts_s_", "ts_k_"]) {
      expect(await refusedWith(empty.authenticate(`${prefix}${"A".repeat(43)}`))).toBe("NOT_AUTHENTICATED");
    }
    expect([await empty.administration.list(), await empty.administration.listKeys()]).toEqual([[], []]);
    expect(await refusedWith(empty.administration.show("wang"))).toBe("NOT_FOUND what");
  });
});
