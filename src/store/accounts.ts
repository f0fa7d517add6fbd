import type { AccountMerchantRow, AccountRow, ApiKeyRow, SessionRow, StrangerRow } from "./accounts-schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// People's accounts and programs' API keys as rows; whether a row is what the service wrote is for the reader to see.

export function findAccount(db: Store, name: string): Promise<AccountRow | undefined> {
  return db.selectFrom("accounts").selectAll().where("name", "=", name).executeTakeFirst();
}

/** In order of name. */
export function listAccounts(db: Store): Promise<readonly AccountRow[]> {
  return db.selectFrom("accounts").selectAll().orderBy("name").execute();
}

/** At most `limit` behind the name `after`, in order of name. */
export function listAccountsAfter(db: Store, after: string, limit: number): Promise<readonly AccountRow[]> {
  return db.selectFrom("accounts").selectAll().where("name", ">", after).orderBy("name").limit(limit).execute();
}

/** The account of a person of the trust policy. */
export function findAccountOf(db: Store, person: string): Promise<AccountRow | undefined> {
  return db.selectFrom("accounts").selectAll().where("person", "=", person).executeTakeFirst();
}

export async function putAccount(tx: Tx, row: AccountRow): Promise<void> {
  const { name, ...columns } = row;
  await tx
    .insertInto("accounts")
    .values(row)
    .onConflict((on) => on.column("name").doUpdateSet(columns))
    .execute();
}

/** In order, of one holder. */
export async function findScope(db: Store, holder: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("accountMerchants")
    .select("merchantNumber")
    .where("holder", "=", holder)
    .orderBy("merchantNumber")
    .execute();
  return rows.map(({ merchantNumber }) => merchantNumber);
}

/** Instead of whatever it was. */
export async function putScope(tx: Tx, holder: string, merchants: readonly string[]): Promise<void> {
  await tx.deleteFrom("accountMerchants").where("holder", "=", holder).execute();
  const rows = merchants.map((merchantNumber): AccountMerchantRow => ({ holder, merchantNumber }));
  await inChunks(rows, async (chunk) => {
    await tx.insertInto("accountMerchants").values(chunk).execute();
    return [];
  });
}

export function findSession(db: Store, digest: Uint8Array): Promise<SessionRow | undefined> {
  return db.selectFrom("sessions").selectAll().where("digest", "=", digest).executeTakeFirst();
}

/** At most `limit` of all, behind the digest `after`. */
export function listSessionsAfter(db: Store, after: Uint8Array, limit: number): Promise<readonly SessionRow[]> {
  return db.selectFrom("sessions").selectAll().where("digest", ">", after).orderBy("digest").limit(limit).execute();
}

/** Those heard of last first. */
export function listSessions(db: Store, account: string): Promise<readonly SessionRow[]> {
  return db.selectFrom("sessions").selectAll().where("account", "=", account).orderBy("lastSeen", "desc").execute();
}

export async function addSession(tx: Tx, row: SessionRow): Promise<void> {
  await tx.insertInto("sessions").values(row).execute();
}

/** Nothing where it has ended meanwhile. */
export async function touchSession(tx: Tx, { digest, lastSeen, mac }: SessionRow): Promise<void> {
  await tx.updateTable("sessions").set({ lastSeen, mac }).where("digest", "=", digest).execute();
}

export async function removeSession(tx: Tx, digest: Uint8Array): Promise<void> {
  await tx.deleteFrom("sessions").where("digest", "=", digest).execute();
}

/** All of an account, but for one. */
export async function removeSessions(tx: Tx, account: string, except?: Uint8Array): Promise<void> {
  const all = tx.deleteFrom("sessions").where("account", "=", account);
  await (except === undefined ? all : all.where("digest", "!=", except)).execute();
}

/** Whatever was begun or heard of last at these times or before. */
export async function removeOldSessions(tx: Tx, createdAt: number, lastSeen: number): Promise<void> {
  await tx
    .deleteFrom("sessions")
    .where((row) => row.or([row("createdAt", "<=", createdAt), row("lastSeen", "<=", lastSeen)]))
    .execute();
}

export function findApiKey(db: Store, name: string): Promise<ApiKeyRow | undefined> {
  return db.selectFrom("apiKeys").selectAll().where("name", "=", name).executeTakeFirst();
}

export function findApiKeyByDigest(db: Store, digest: Uint8Array): Promise<ApiKeyRow | undefined> {
  return db.selectFrom("apiKeys").selectAll().where("digest", "=", digest).executeTakeFirst();
}

/** In order of name. */
export function listApiKeys(db: Store): Promise<readonly ApiKeyRow[]> {
  return db.selectFrom("apiKeys").selectAll().orderBy("name").execute();
}

/** At most `limit` behind the name `after`, in order of name. */
export function listApiKeysAfter(db: Store, after: string, limit: number): Promise<readonly ApiKeyRow[]> {
  return db.selectFrom("apiKeys").selectAll().where("name", ">", after).orderBy("name").limit(limit).execute();
}

export async function putApiKey(tx: Tx, row: ApiKeyRow): Promise<void> {
  const { name, ...columns } = row;
  await tx
    .insertInto("apiKeys")
    .values(row)
    .onConflict((on) => on.column("name").doUpdateSet(columns))
    .execute();
}

/** Whether any row needs the key file. */
export async function needsAccountKey(db: Store): Promise<boolean> {
  const account = await db.selectFrom("accounts").select("name").limit(1).executeTakeFirst();
  const key = await db.selectFrom("apiKeys").select("name").limit(1).executeTakeFirst();
  return account !== undefined || key !== undefined;
}

/** The count with one more; none where the row is gone. */
export async function countStranger(tx: Tx): Promise<StrangerRow | undefined> {
  return tx
    .updateTable("accountStrangers")
    .set((row) => ({ count: row("count", "+", 1) }))
    .returningAll()
    .executeTakeFirst();
}

export async function putStrangers(tx: Tx, row: Omit<StrangerRow, "id">): Promise<void> {
  await tx.updateTable("accountStrangers").set(row).execute();
}
