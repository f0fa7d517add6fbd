import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../../../proto/bytes.ts";
import { toKeys } from "../../../../src/app/accounts/account-key.ts";
import { ROWS_AT_ONCE, rotateAccountKey } from "../../../../src/app/accounts/rotate.ts";
import { readKeyFile } from "../../../../src/app/sn-keys/key-file.ts";
import {
  ACT,
  AGENTS_MERCHANT,
  openTestAccounts,
  type Person,
  readTold,
  refusedWith,
  type TestAccounts,
} from "../../../support/accounts.ts";
import { bundleProgram } from "../../../support/bundled.ts";
import { makeFolder } from "../../../support/fleet-store.ts";
import type { RotateConfig } from "./rotate-main.ts";

let accounts: TestAccounts;
let wang: Person;
let chen: Person;
let token: string;
let key: string;
let oldId: string;

beforeEach(async () => {
  accounts = await openTestAccounts();
  wang = await accounts.addPerson({ name: "wang", role: "agent", merchants: [AGENTS_MERCHANT] });
  chen = await accounts.addPerson({ name: "chen", role: "checker" });
  token = (await accounts.loginAs(chen)).token;
  accounts.fleet.at += 60;
  const added = { name: "portal", role: "agent", merchants: [AGENTS_MERCHANT], validS: 86_400 } as const;
  key = (await accounts.administration.addKey(added, ACT)).key;
  oldId = String(readIds()[0]);
});

const readIds = () => Object.keys(JSON.parse(readFileSync(accounts.keyFile, "utf8")).keys);
const rotate = () => rotateAccountKey(accounts.fleet, accounts.keyFile, "zhao");

/** Whoever was let in before is let in still, by the service that runs and by one that is started now. */
async function checkAll(): Promise<void> {
  for (const service of [accounts, accounts.open()]) {
    expect(await service.authenticate(token)).toMatchObject({ name: "chen" });
    expect(await service.authenticate(key)).toMatchObject({ name: "key:portal" });
    const views = await service.administration.list();
    expect(views.filter(({ isAltered }) => isAltered)).toEqual([]);
  }
  expect((await readTold(accounts.fleet)).filter(({ kind }) => kind.startsWith("alarm."))).toEqual([]);
}

async function loginAll(): Promise<void> {
  for (const person of [wang, chen]) expect((await accounts.loginAs(person)).account).toBe(person.name);
  accounts.fleet.at += 60;
}

describe("rotating the accounts' key", () => {
  it("puts everything under a new one, and forgets the old one when everybody has logged in", async () => {
    const first = await rotate();
    expect(first).toMatchObject({ resumed: false, resealed: 4, removed: [], waiting: 2, altered: 0 });
    expect(readIds()).toEqual([oldId, first.keyId]);
    await checkAll();
    await loginAll();
    const second = await rotate();
    expect(second).toMatchObject({ resumed: true, keyId: first.keyId, removed: [oldId], waiting: 0, altered: 0 });
    expect(readIds()).toEqual([first.keyId]);
    await checkAll();
    await loginAll();
    expect(await refusedWith(accounts.loginAs({ ...wang, password: "another long password 2" }))).toBe("LOGIN_FAILED");
    const told = (await readTold(accounts.fleet)).filter(({ kind }) => kind === "keys.rotated");
    expect(told.map(({ actor, subject, detail }) => [actor, subject, detail["stage"]])).toEqual(
      ["begun", "done", "done"].map((stage) => ["zhao", "accounts", stage]),
    );
  });

  it("leaves the old file good for nothing: neither second factor nor row is under its key any more", async () => {
    const before = toKeys(await readKeyFile(accounts.keyFile));
    const read = () => accounts.fleet.store.selectFrom("accounts").selectAll().orderBy("name").execute();
    const sealed = (await read()).map(({ totp }) => toHex(totp ?? new Uint8Array(0)));
    await rotate();
    await loginAll();
    for (const { totp, hash } of await read()) {
      expect(sealed).not.toContain(toHex(totp ?? new Uint8Array(0)));
      expect(hash.startsWith(before.current.id)).toBe(false);
    }
  });

  it("goes on while people log in, choose passwords and second factors, and nobody notices", async () => {
    for (let n = 0; n <= ROWS_AT_ONCE; n += 1) await addAccount(`extra-${n}`);
    let isOver = false;
    const busy = async () => {
      for (let n = 0; !isOver || n < 3; n += 1) {
        await accounts.authenticate(token);
        await accounts.authenticate(key);
        accounts.fleet.at += 31;
        await accounts.loginAs(wang);
      }
    };
    const li = await accounts.addPerson({ name: "li", role: "checker" });
    const changing = async () => {
      const { token: own } = await accounts.loginAs(li);
      await accounts.changePassword(own, li.password, "another long password 2");
      await accounts.beginTotp(own, "another long password 2");
    };
    const work = Promise.all([busy(), changing()]);
    const rotation = await rotate();
    isOver = true;
    await work;
    expect(rotation.altered).toBe(0);
    expect((await readTold(accounts.fleet)).filter(({ kind }) => /^alarm|failed/.test(kind))).toEqual([]);
    expect((await rotate()).altered).toBe(0);
  });

  it("reads accounts whose hashes tell no key, from before there was more than one", async () => {
    const keys = toKeys(await readKeyFile(accounts.keyFile));
    for (const row of await accounts.fleet.store.selectFrom("accounts").selectAll().execute()) {
      const { mac: _, ...columns } = row;
      const plain = {
        ...columns,
        hash: row.hash.replace(oldId, ""),
        formerHashes: row.formerHashes.replaceAll(oldId, ""),
      };
      const merchants = row.name === "wang" ? [AGENTS_MERCHANT] : [];
      const entries = Object.entries({ ...plain, merchants })
        .map(([name, value]) => [name, value instanceof Uint8Array ? { hex: toHex(value) } : value] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1));
      const mac = createHmac("sha256", keys.current.rows)
        .update(JSON.stringify(["account", entries]))
        .digest();
      await accounts.fleet.store
        .updateTable("accounts")
        .set({ ...plain, mac })
        .where("name", "=", row.name)
        .execute();
    }
    await checkAll();
    await rotate();
    await loginAll();
    const used = "gnaw's long password 1";
    const { token: own } = await accounts.loginAs(wang);
    expect(await refusedWith(accounts.changePassword(own, used, used))).toBe("PASSWORD_WEAK expected");
    accounts.fleet.at += 60;
    expect(await rotate()).toMatchObject({ removed: [oldId], waiting: 0 });
    await loginAll();
  });

  it("keeps nothing for rows that somebody wrote past the service, and believes none of them", async () => {
    await accounts.fleet.store
      .updateTable("accounts")
      .set({ role: "administrator" })
      .where("name", "=", "wang")
      .execute();
    expect(await rotate()).toMatchObject({ altered: 1, waiting: 1 });
    expect(await refusedWith(accounts.loginAs(wang))).toBe("LOGIN_FAILED");
    await accounts.loginAs(chen);
    expect(await rotate()).toMatchObject({ altered: 1, waiting: 0, removed: [oldId] });
    expect((await accounts.administration.show("wang")).isAltered).toBe(true);
  });

  it("does not write what was made under a key that is gone", async () => {
    const held = accounts.argon2.hold();
    const changing = refusedWith(accounts.changePassword(token, chen.password, "another long password 2"));
    const other = await openOther();
    await rotate();
    await other.loginAll();
    await rotate();
    expect(readIds()).toHaveLength(1);
    held();
    expect(["STATE_CONFLICT what", "LOGIN_FAILED"]).toContain(await changing);
    accounts.fleet.at += 60;
    await loginAll();
  });

  it("can be run again wherever the power was cut, and whatever is on record can be read all the while", async () => {
    const bundle = await bundleProgram("test/src/app/accounts/rotate-main.ts", join(makeFolder(), "rotate.mjs"));
    for (const place of [
      ...[1, 2, 3, 4].map((killAtBytes) => ({ killAtBytes })),
      ...[1, 2].map((killAtTime) => ({ killAtTime })),
      ...[2, 3, 4, 5, 6, 7, 8].map((killAtTransaction) => ({ killAtTransaction })),
    ]) {
      const name = JSON.stringify(place);
      expect(await kill(bundle, place), name).toBe("SIGKILL");
      await checkAll();
      await loginAll();
      const finished = await rotate();
      expect(finished, name).toMatchObject({ altered: 0 });
      expect(readIds(), name).toContain(finished.keyId);
      await checkAll();
      await loginAll();
      // It may have been finished already: people logged in after the power cut.
      const last = readIds().length > 1 ? await rotate() : finished;
      expect([last.waiting, last.keyId], name).toEqual([0, finished.keyId]);
      expect(readIds(), name).toEqual([finished.keyId]);
      await checkAll();
    }
  });
});

const addAccount = (name: string) =>
  accounts.administration.add({ name, role: "checker", displayName: name, person: "", merchants: [] }, ACT);

/** The same accounts as another process has them, whose hashes nobody holds up. */
async function openOther() {
  const { CountingArgon2 } = await import("../../../support/accounts.ts");
  const other = accounts.open(undefined, new CountingArgon2());
  return {
    loginAll: async () => {
      for (const { name, password, code } of [wang, chen]) {
        await other.login({ name, password, code: code(), origin: "192.0.2.8" });
      }
    },
  };
}

/** What signal ends it. */
function kill(bundle: string, place: Partial<RotateConfig>): Promise<string | undefined> {
  const { fleet, keyFile } = accounts;
  const config: RotateConfig = {
    database: fleet.file,
    keyFile,
    killAtBytes: 0,
    killAtTime: 0,
    killAtTransaction: 0,
    ...place,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [bundle, JSON.stringify(config)], (error) => resolve(error?.signal ?? undefined));
  });
}
