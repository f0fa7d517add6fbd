import { createHmac, timingSafeEqual } from "node:crypto";
import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { findAccount, findScope, putAccount, putApiKey, putScope } from "../../store/accounts.ts";
import type { AccountRow, ApiKeyRow, SessionRow } from "../../store/accounts-schema.ts";
import type { Store, Tx } from "../../store/store.ts";
import type { AccountKey, AccountKeys } from "./account-key.ts";
import type { AlteredKind, AlteredRows } from "./altered.ts";
import { toKeyId, withKeyId } from "./hashes.ts";
import { isOpenedBy } from "./totp.ts";

// The one place where rows get the code that tells them from rows that were written past the service, and where it is
// looked at. What it cannot tell: that a row was put back to what it once was, or taken away.

/** An account with its scope, as it is once its code was found right. Every hash in it has its key's id. */
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

/** A row with its code, and its scope where it has one. */
type Coded = SessionRow | ((AccountRow | ApiKeyRow) & { readonly merchants: readonly string[] });

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
  if (!isMac(keys, "account", account, mac)) return { row: account, isAltered: true };
  const former: readonly string[] = JSON.parse(account.formerHashes);
  const formerHashes = JSON.stringify(former.map((hash) => withKeyId(keys.held, hash)));
  return { row: { ...account, hash: withKeyId(keys.held, account.hash), formerHashes }, isAltered: false };
}

/**
 * @param keys as they were found with this transaction
 * @throws TillsyncError STATE_CONFLICT where what is in it was made under a key that was forgotten meanwhile
 */
export async function writeAccount(tx: Tx, keys: AccountKeys, account: Account): Promise<void> {
  await putScope(tx, account.name, account.merchants);
  await writeAccountRow(tx, keys, account);
}

/** The same, where the scope is as it was. */
export async function writeAccountRow(tx: Tx, keys: AccountKeys, account: Account): Promise<void> {
  if (!listKeysOf(keys, account).every((key) => key !== undefined)) {
    throw new TillsyncError("STATE_CONFLICT", { what: "the key is another by now" });
  }
  const { merchants, ...row } = account;
  await putAccount(tx, { ...row, mac: toMac(keys.current, "account", { ...row, merchants: merchants.toSorted() }) });
}

/** The keys that a present password and second factors are under; undefined for one that is gone. Former ones need none. */
export function listKeysOf(
  { held }: AccountKeys,
  { name, hash, totp, totpNext }: Pick<Account, "name" | "hash" | "totp" | "totpNext">,
): readonly (AccountKey | undefined)[] {
  const sealed = [totp, totpNext].filter((one) => one !== null);
  return [
    held.find(({ id }) => id === toKeyId(hash)),
    ...sealed.map((one) => held.find((key) => isOpenedBy(key, name, one))),
  ];
}

/** Whether its code is one by this very key. */
export function isUnder(key: AccountKey, table: AlteredKind, { mac, ...columns }: Coded): boolean {
  return isMac({ held: [key] }, table, columns, mac);
}

export async function toApiKey(db: Store, keys: AccountKeys, { mac, ...row }: ApiKeyRow): Promise<Found<ApiKey>> {
  const key = { ...row, merchants: await findScope(db, toKeyHolder(row.name)) };
  return { row: key, isAltered: !isMac(keys, "api_key", key, mac) };
}

export async function writeApiKey(tx: Tx, keys: AccountKeys, key: ApiKey): Promise<void> {
  await putScope(tx, toKeyHolder(key.name), key.merchants);
  await writeApiKeyRow(tx, keys, key);
}

/** The same, where the scope is as it was. */
export async function writeApiKeyRow(tx: Tx, keys: AccountKeys, key: ApiKey): Promise<void> {
  const { merchants, ...row } = key;
  await putApiKey(tx, { ...row, mac: toMac(keys.current, "api_key", { ...row, merchants: merchants.toSorted() }) });
}

export function toSessionRow(keys: AccountKeys, session: Omit<SessionRow, "mac">): SessionRow {
  return { ...session, mac: toMac(keys.current, "session", session) };
}

export function isSessionWhole(keys: AccountKeys, { mac, ...session }: SessionRow): boolean {
  return isMac(keys, "session", session, mac);
}

function isMac({ held }: Pick<AccountKeys, "held">, table: string, columns: object, mac: Uint8Array): boolean {
  return held.some((key) => {
    const right = toMac(key, table, columns);
    return mac.length === right.length && timingSafeEqual(mac, right);
  });
}

/** Over every column by name, so that one that is added later is not forgotten. */
function toMac({ rows }: AccountKey, table: string, columns: object): Uint8Array {
  const entries = Object.entries(columns as Columns).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? { hex: toHex(value) } : value,
  ]);
  const text = JSON.stringify([table, entries.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))]);
  return createHmac("sha256", rows).update(text).digest();
}
