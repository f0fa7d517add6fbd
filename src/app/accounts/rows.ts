import { createHmac, timingSafeEqual } from "node:crypto";
import { toHex } from "../../../proto/bytes.ts";
import { findAccount, findScope, putAccount, putApiKey, putScope } from "../../store/accounts.ts";
import type { AccountRow, ApiKeyRow, SessionRow } from "../../store/accounts-schema.ts";
import type { Store, Tx } from "../../store/store.ts";
import type { AccountKeys } from "./account-key.ts";
import type { AlteredRows } from "./altered.ts";

// The one place where rows get the code that tells them from rows that were written past the service, and where it is
// looked at. What it cannot tell: that a row was put back to what it once was, or taken away.

/** An account with its scope, as it is once its code was found right. */
export interface Account extends Omit<AccountRow, "mac"> {
  readonly merchants: readonly string[];
}

export interface ApiKey extends Omit<ApiKeyRow, "mac"> {
  /** Empty where it is good for all. */
  readonly merchants: readonly string[];
}

/** A row, whatever its code. */
export interface Found<T> {
  readonly row: T;
  readonly isAltered: boolean;
}

type Columns = Readonly<Record<string, string | number | Uint8Array | null | readonly string[]>>;

/** The name under which the scope of a key is kept, and by which the ledger tells what it did. */
export function toKeyHolder(name: string): string {
  return `key:${name}`;
}

export async function readAccount(db: Store, keys: AccountKeys, name: string): Promise<Found<Account> | undefined> {
  const row = await findAccount(db, name);
  return row === undefined ? undefined : toAccount(db, keys, row);
}

/** Undefined where there is none, or one that was altered, which raises an alarm. */
export async function readWhole(
  { altered }: { readonly altered: AlteredRows },
  tx: Tx,
  keys: AccountKeys,
  name: string,
): Promise<Account | undefined> {
  const found = await readAccount(tx, keys, name);
  if (found?.isAltered === true) await altered.tell(tx, "account", name);
  return found?.isAltered === false ? found.row : undefined;
}

export async function toAccount(db: Store, keys: AccountKeys, { mac, ...row }: AccountRow): Promise<Found<Account>> {
  const account = { ...row, merchants: await findScope(db, row.name) };
  return { row: account, isAltered: !isMac(keys, "account", account, mac) };
}

export async function writeAccount(tx: Tx, keys: AccountKeys, account: Account): Promise<void> {
  const { merchants, ...row } = account;
  await putScope(tx, account.name, merchants);
  await putAccount(tx, { ...row, mac: toMac(keys, "account", { ...row, merchants: merchants.toSorted() }) });
}

export async function toApiKey(db: Store, keys: AccountKeys, { mac, ...row }: ApiKeyRow): Promise<Found<ApiKey>> {
  const key = { ...row, merchants: await findScope(db, toKeyHolder(row.name)) };
  return { row: key, isAltered: !isMac(keys, "api_key", key, mac) };
}

export async function writeApiKey(tx: Tx, keys: AccountKeys, key: ApiKey): Promise<void> {
  const { merchants, ...row } = key;
  await putScope(tx, toKeyHolder(key.name), merchants);
  await putApiKey(tx, { ...row, mac: toMac(keys, "api_key", { ...row, merchants: merchants.toSorted() }) });
}

export function toSessionRow(keys: AccountKeys, session: Omit<SessionRow, "mac">): SessionRow {
  return { ...session, mac: toMac(keys, "session", session) };
}

export function isSessionWhole(keys: AccountKeys, { mac, ...session }: SessionRow): boolean {
  return isMac(keys, "session", session, mac);
}

function isMac(keys: AccountKeys, table: string, columns: object, mac: Uint8Array): boolean {
  const right = toMac(keys, table, columns);
  return mac.length === right.length && timingSafeEqual(mac, right);
}

/** Over every column by name, so that one that is added later is not forgotten. */
function toMac({ rows }: AccountKeys, table: string, columns: object): Uint8Array {
  const entries = Object.entries(columns as Columns).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? { hex: toHex(value) } : value,
  ]);
  const text = JSON.stringify([table, entries.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))]);
  return createHmac("sha256", rows).update(text).digest();
}
