import { createHmac } from "node:crypto";
import { join } from "node:path";
import { URI } from "otpauth";
import { TillsyncError } from "../../proto/errors.ts";
import type { Accounts, Session } from "../../src/app/accounts/accounts.ts";
import type { NewAccount } from "../../src/app/accounts/administration.ts";
import type { Argon2, Argon2Cost, Argon2Input } from "../../src/app/accounts/argon2.ts";
import { openAccounts } from "../../src/app/accounts/open-accounts.ts";
import { listLedger } from "../../src/app/queries/ledger.ts";
import type { Actor } from "../../src/domain/accounts/actor.ts";
import { openTestFleet, type TestFleet } from "./fleet-store.ts";

export const ACT = { actor: "root", reason: "test" };
export const ORIGIN = "192.0.2.7";
export const AGENTS_MERCHANT = "822391058121070";
export const CHEAP: Argon2Cost = { memoryKiB: 8, iterations: 1, parallelism: 1 };

/** Hashes of the same form that cost nothing; tells how many were asked for, and how many at once. */
export class CountingArgon2 implements Argon2 {
  count = 0;
  most = 0;
  #now = 0;
  #held: Promise<void> = Promise.resolve();

  /** Nothing more is answered until what it returns is called. */
  hold(): () => void {
    const { promise, resolve } = toHeld();
    this.#held = promise;
    return resolve;
  }

  async hash({ password, salt, secret, cost }: Argon2Input): Promise<string> {
    this.count += 1;
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
    await this.#held;
    this.#now -= 1;
    const { memoryKiB, iterations, parallelism } = cost;
    const parameters = `m=${memoryKiB},t=${iterations},p=${parallelism}`;
    const hash = createHmac("sha256", secret).update(parameters).update(salt).update(password).digest();
    return `$argon2id$v=19$${parameters}$${toBase64(salt)}$${toBase64(hash)}`;
  }

  async close(): Promise<void> {}
}

/** An account with a password and a second factor of its own. */
export interface Person {
  readonly name: string;
  readonly password: string;
  /** The code of this moment, or of some steps before or after it. */
  code(steps?: number): string;
}

/** Accounts over a real database, with a clock that moves only when a test says so. */
export interface TestAccounts extends Accounts {
  readonly fleet: TestFleet;
  readonly keyFile: string;
  readonly argon2: CountingArgon2;
  /** The same accounts as another process has them. */
  open(cost?: Argon2Cost, argon2?: Argon2): Accounts;
  /** Adds an account and does what its first login asks for; two steps of the clock pass. */
  addPerson(account: Partial<NewAccount> & Pick<NewAccount, "name" | "role">): Promise<Person>;
  loginAs(person: Person, code?: string): Promise<Session>;
  actorOf(person: Person): Promise<Actor>;
}

export async function openTestAccounts(): Promise<TestAccounts> {
  const fleet = await openTestFleet();
  const keyFile = join(fleet.file, "..", "keys", "accounts.json");
  const argon2 = new CountingArgon2();
  const open = (cost = CHEAP, by: Argon2 = argon2) => openAccounts(fleet, { keyFile, argon2: by, cost });
  const accounts = open();
  const loginAs = ({ name, password, code }: Person, given = code()) =>
    accounts.login({ name, password, code: given, origin: ORIGIN });
  return {
    ...accounts,
    ...{ fleet, keyFile, argon2, open, loginAs },
    addPerson: async (account) => {
      const { name } = account;
      const { password: first } = await accounts.administration.add(
        { displayName: name, person: "", merchants: [], ...account },
        ACT,
      );
      const { token } = await accounts.login({ name, password: first, code: "", origin: ORIGIN });
      const password = `${[...name].reverse().join("")}'s long password 1`;
      await accounts.changePassword(token, first, password);
      const { uri } = await accounts.beginTotp(token, password);
      const code = toCodes(fleet, uri);
      await accounts.confirmTotp(token, code());
      await accounts.logout(token);
      fleet.at += 60;
      return { name, password, code };
    },
    actorOf: async (person) => accounts.authenticate((await loginAs(person)).token),
  };
}

/** What an authenticator app makes of the URI. */
export function toCodes(fleet: TestFleet, uri: string): (steps?: number) => string {
  const totp = URI.parse(uri);
  if (!("period" in totp)) throw new Error(uri);
  return (steps = 0) => totp.generate({ timestamp: (fleet.at + steps * totp.period) * 1_000 });
}

/** A code that is wrong now and for long. */
export function toWrongCode({ code }: Person): string {
  const right = Array.from({ length: 9 }, (_, n) => code(n - 4));
  return (
    ["111111", "222222", ...Array.from({ length: 9 }, (_, n) => `33333${n}`)].find((c) => !right.includes(c)) ?? ""
  );
}

/** Code and facts of a refusal; "" where nothing was refused. */
export async function refusedWith(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "";
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    return [error.code, ...Object.keys(error.fields)].join(" ");
  }
}

export interface Told {
  readonly kind: string;
  readonly actor: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What the ledger was told of one subject, or of all. */
export async function readTold(fleet: TestFleet, about?: string): Promise<readonly Told[]> {
  const { entries } = await listLedger(fleet.store, 0, 10_000);
  return entries
    .filter(({ subject }) => about === undefined || subject === about)
    .map(({ kind, actor, subject, detail }) => ({ kind, actor, subject, detail: JSON.parse(detail) }));
}

function toHeld(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
