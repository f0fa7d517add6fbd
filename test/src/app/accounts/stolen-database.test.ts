import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { sql } from "kysely";
import { beforeEach, describe, expect, it } from "vitest";
import { toBearerDigest } from "../../../../src/app/accounts/bearer.ts";
import {
  ACT,
  AGENTS_MERCHANT,
  ORIGIN,
  openTestAccounts,
  type Person,
  readTold,
  refusedWith,
  type TestAccounts,
} from "../../../support/accounts.ts";

// Somebody reads the database, or writes to it past the service; the key file he has not.

let accounts: TestAccounts;
let wang: Person;

beforeEach(async () => {
  accounts = await openTestAccounts();
  wang = await accounts.addPerson({ name: "wang", role: "agent", merchants: [AGENTS_MERCHANT] });
});

const edit = (statement: string) => sql.raw(statement).execute(accounts.fleet.store);
const readAlarms = async () => (await readTold(accounts.fleet)).filter(({ kind }) => kind === "alarm.record_altered");

describe("whoever reads the database", () => {
  it("finds no password, token, key or secret in clear, in whatever writing", async () => {
    const { password } = await accounts.administration.resetPassword("wang", ACT);
    const { uri } = await accounts.administration.enrolTotp("wang", ACT);
    const { key } = await accounts.administration.addKey(
      { name: "portal", role: "operator", merchants: [], validS: 1_000 },
      ACT,
    );
    const chen = await accounts.addPerson({ name: "chen", role: "checker" });
    const { token } = await accounts.loginAs(chen);
    const begun = await accounts.beginTotp(token, chen.password);
    await sql`pragma wal_checkpoint(truncate)`.execute(accounts.fleet.store);
    const files = ["", "-wal"].map((end) => readFileSync(`${accounts.fleet.file}${end}`));
    const secrets = [uri, begun.uri].flatMap((told) => {
      const base32 = new URL(told).searchParams.get("secret") ?? "";
      const raw = toBytes(base32);
      expect(raw).toHaveLength(20);
      return [base32, raw, raw.toString("hex"), raw.toString("base64")];
    });
    const bearers = [token, key].flatMap((bearer) => {
      const bytes = Buffer.from(bearer.slice(5), "base64url");
      return [bearer, bearer.slice(5), bytes, bytes.toString("hex")];
    });
    const needles = [wang.password, chen.password, password, ...secrets, ...bearers];
    for (const file of files) for (const needle of needles) expect(file.includes(needle)).toBe(false);
    // The search does find what is there.
    expect(files.some((file) => file.includes("chen") && file.includes(Buffer.from(toBearerDigest(token))))).toBe(true);
  });

  it("cannot try passwords: hashes are keyed by the key file, which others cannot read", async () => {
    expect(statSync(accounts.keyFile).mode & 0o777).toBe(0o600);
    const [row] = await accounts.fleet.store.selectFrom("accounts").select("hash").execute();
    const { argon2 } = accounts;
    const [, , , parameters = "", salt = ""] = (row?.hash ?? "").split("$");
    expect(parameters).toBe("m=8,t=1,p=1");
    const guess = await argon2.hash({
      ...{ password: Buffer.from(wang.password), salt: Buffer.from(salt, "base64"), secret: new Uint8Array(32) },
      cost: { memoryKiB: 8, iterations: 1, parallelism: 1 },
    });
    expect(guess).not.toBe(row?.hash);
  });
});

describe("whoever writes to the database", () => {
  const edits = [
    "update accounts set role = 'administrator'",
    "update accounts set hash = former_hashes",
    "update accounts set state = 'disabled'",
    "update accounts set must_change = 1 - must_change",
    "update accounts set failures = 3",
    "update accounts set person = 'wang.wei'",
    "update accounts set totp = null",
    "update accounts set totp = x'00'",
    "update accounts set last_step = -1",
    "update accounts set name = 'wang' || '', display_name = 'another'",
    "insert into account_merchants values ('wang', '822391058121071')",
    "delete from account_merchants",
    "update accounts set mac = x''",
  ];
  it.each(edits)("gets nothing of it but an alarm: %s", async (statement) => {
    const { token } = await accounts.loginAs(wang);
    accounts.fleet.at += 30;
    await edit(statement);
    expect(await refusedWith(accounts.authenticate(token))).toBe("NOT_AUTHENTICATED");
    expect(await refusedWith(accounts.loginAs(wang))).toBe("LOGIN_FAILED");
    expect(await refusedWith(accounts.loginAs(wang, ""))).toBe("LOGIN_FAILED");
    expect(await readAlarms()).toEqual([
      { kind: "alarm.record_altered", actor: "service", subject: "wang", detail: { what: "account" } },
    ]);
    expect((await accounts.administration.show("wang")).isAltered).toBe(true);
  });

  it("is told again after an hour, and not before", async () => {
    await edit("update accounts set role = 'administrator'");
    for (let n = 0; n < 5; n += 1) await refusedWith(accounts.loginAs(wang));
    expect(await readAlarms()).toHaveLength(1);
    accounts.fleet.at += 3_600;
    await refusedWith(accounts.loginAs(wang));
    expect(await readAlarms()).toHaveLength(2);
  });

  it("has the same hash computed for an altered account as for one that there is not", async () => {
    await edit("update accounts set hash = '$argon2id$v=19$m=9999999,t=99,p=9$' || substr(hash, -66)");
    const { count } = accounts.argon2;
    expect(await refusedWith(accounts.loginAs(wang))).toBe("LOGIN_FAILED");
    expect(accounts.argon2.count).toBe(count + 1);
  });

  it("makes no account, session or key of his own", async () => {
    const token = `ts_s_${"A".repeat(43)}`;
    const key = `ts_k_${"A".repeat(43)}`;
    const toHex = (text: string) => Buffer.from(toBearerDigest(text)).toString("hex");
    const { at } = accounts.fleet;
    await edit(`insert into sessions values (x'${toHex(token)}', 'wang', ${at}, ${at}, x'00')`);
    await edit(`insert into api_keys values ('evil', x'${toHex(key)}', 'operator', 'x', ${at}, ${at + 99}, null, x'')`);
    await edit("create temp table copied as select * from accounts");
    await edit("update copied set name = 'eve', role = 'administrator'");
    await edit("insert into accounts select * from copied");
    expect(await refusedWith(accounts.authenticate(token))).toBe("NOT_AUTHENTICATED");
    expect(await refusedWith(accounts.authenticate(key))).toBe("NOT_AUTHENTICATED");
    expect(await refusedWith(accounts.loginAs({ ...wang, name: "eve" }))).toBe("LOGIN_FAILED");
    expect((await readAlarms()).map(({ subject, detail }) => `${detail["what"]} ${subject}`)).toEqual([
      ...["session wang", "api_key key:evil", "account eve"],
    ]);
    await accounts.logout(token);
    expect(await accounts.fleet.store.selectFrom("sessions").selectAll().execute()).toEqual([]);
  });

  it("makes a key neither last nor open more", async () => {
    for (const [name, statement] of [
      ["longer", "update api_keys set expires_at = expires_at + 100000"],
      ["stronger", "update api_keys set role = 'operator'"],
      ["wider", "delete from account_merchants"],
    ] as const) {
      const added = { name, role: "agent", merchants: [AGENTS_MERCHANT], validS: 60 } as const;
      const { key } = await accounts.administration.addKey(added, ACT);
      await edit(statement);
      expect(await refusedWith(accounts.authenticate(key)), name).toBe("NOT_AUTHENTICATED");
      await accounts.administration.revokeKey(name, ACT);
    }
  });

  it("keeps no session alive", async () => {
    const { token } = await accounts.loginAs(wang);
    await edit("update sessions set last_seen = last_seen + 5000, created_at = created_at + 5000");
    expect(await refusedWith(accounts.authenticate(token))).toBe("NOT_AUTHENTICATED");
    expect((await readAlarms()).map(({ detail }) => detail["what"])).toEqual(["session"]);
  });

  it("may take rows away, which lets nobody in", async () => {
    const { token } = await accounts.loginAs(wang);
    await edit("delete from accounts");
    await edit("delete from account_strangers");
    expect(await refusedWith(accounts.authenticate(token))).toBe("NOT_AUTHENTICATED");
    expect(await refusedWith(accounts.loginAs(wang))).toBe("LOGIN_FAILED");
  });

  it("leaves an altered account for an administrator to add anew, and to nothing else", async () => {
    const { token } = await accounts.loginAs(wang);
    await edit("update accounts set role = 'administrator'");
    expect(await refusedWith(accounts.administration.resetPassword("wang", ACT))).toBe("STATE_CONFLICT what");
    expect(await refusedWith(accounts.administration.setRole("wang", "auditor", ACT))).toBe("STATE_CONFLICT what");
    const anew = { name: "wang", role: "auditor", displayName: "wang", person: "", merchants: [] } as const;
    const { password } = await accounts.administration.add(anew, ACT);
    expect((await accounts.administration.show("wang")).isAltered).toBe(false);
    expect(await refusedWith(accounts.authenticate(token))).toBe("NOT_AUTHENTICATED");
    expect((await accounts.login({ name: "wang", password, code: "", origin: ORIGIN })).isNew).toBe(true);
    expect((await readTold(accounts.fleet, "wang")).find(({ detail }) => detail["replaced"] === true)).toBeDefined();
  });
});

describe("a key file that is gone", () => {
  it("is never made anew while accounts need it: nobody gets in", async () => {
    const { token } = await accounts.loginAs(wang);
    rmSync(accounts.keyFile);
    const other = accounts.open();
    const anew = { name: "eve", role: "administrator", displayName: "eve", person: "", merchants: [] } as const;
    for (const work of [
      () => other.authenticate(token),
      () => other.login({ ...wang, code: wang.code(), origin: ORIGIN }),
      () => other.administration.add(anew, ACT),
      () => other.administration.list(),
    ]) {
      expect(await refusedWith(work())).toBe("KEY_FILE_INVALID what");
    }
  });

  it("of another installation makes every row an altered one", async () => {
    const { token } = await accounts.loginAs(wang);
    rmSync(accounts.keyFile);
    const elsewhere = await openTestAccounts();
    await elsewhere.addPerson({ name: "x", role: "auditor" });
    writeFileSync(accounts.keyFile, readFileSync(elsewhere.keyFile), { mode: 0o600 });
    const other = accounts.open();
    expect(await refusedWith(other.authenticate(token))).toBe("NOT_AUTHENTICATED");
    expect((await other.administration.list()).map(({ isAltered }) => isAltered)).toEqual([true]);
  });
});

function toBytes(base32: string): Buffer {
  const bits = [...base32]
    .map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
