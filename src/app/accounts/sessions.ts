import { TillsyncError } from "../../../proto/errors.ts";
import { IDLE_S, isNews, isOver, MAX_SESSIONS, SESSION_S } from "../../domain/accounts/session.ts";
import {
  addSession,
  findSession,
  listSessions,
  removeOldSessions,
  removeSession,
  touchSession,
} from "../../store/accounts.ts";
import type { SessionRow } from "../../store/accounts-schema.ts";
import { type Store, type Tx, transact } from "../../store/store.ts";
import type { AccountKeys } from "./account-key.ts";
import { createBearer, parseBearer, toBearerDigest } from "./bearer.ts";
import type { AccountsContext } from "./context.ts";
import { note } from "./notes.ts";
import { type Account, isSessionWhole, readAccount, readWhole, toSessionRow } from "./rows.ts";

/**
 * A row that was written under a new key after the key file was looked at seems to be altered: what seems so is looked at
 * once more before it is believed.
 */
export const LOOKS = 2;

/** A session that is not over, with the account that it is of. */
export interface Bearing {
  readonly keys: AccountKeys;
  readonly session: SessionRow;
  readonly account: Account;
}

/** Has yet to choose a password or to set the second factor. */
export function isNewAccount({ mustChange, totp }: Pick<Account, "mustChange" | "totp">): boolean {
  return mustChange === 1 || totp === null;
}

/** Begins a session and forgets those that are over; the token is not kept. */
export async function beginSession(
  context: AccountsContext,
  tx: Tx,
  keys: AccountKeys,
  account: string,
): Promise<string> {
  const now = context.now();
  await removeOldSessions(tx, now - SESSION_S, now - IDLE_S);
  for (const { digest } of (await listSessions(tx, account)).slice(MAX_SESSIONS - 1)) await removeSession(tx, digest);
  const token = createBearer(context, "session");
  const digest = toBearerDigest(token);
  await addSession(tx, toSessionRow(keys, { digest, account, createdAt: now, lastSeen: now }));
  return token;
}

/** How many of an account are not over. */
export async function countSessions(db: Store, account: string, now: number): Promise<number> {
  return (await listSessions(db, account)).filter((session) => !isOver(session, now)).length;
}

/**
 * @throws TillsyncError NOT_AUTHENTICATED for anything but the token of a session that is not over, of an account
 *   that is active
 */
export async function readBearing(context: AccountsContext, bearer: string): Promise<Bearing> {
  const { kind, digest } = parseBearer(bearer);
  const bearing = kind === "session" ? await findBearing(context, digest) : undefined;
  if (bearing === undefined) throw new TillsyncError("NOT_AUTHENTICATED");
  return bearing;
}

export async function findBearing(context: AccountsContext, digest: Uint8Array): Promise<Bearing | undefined> {
  const { store, now } = context;
  for (let tries = 1; ; tries += 1) {
    const keys = await context.keyFile.find(store);
    const session = await findSession(store, digest);
    if (keys === undefined || session === undefined) return undefined;
    const found = await readAccount(store, keys, session.account);
    if (isSessionWhole(keys, session) && found?.isAltered !== true) {
      if (found === undefined || found.row.state !== "active" || isOver(session, now())) return undefined;
      return { keys, session, account: found.row };
    }
    if (tries === LOOKS) {
      await tellAltered(context, session);
      return undefined;
    }
  }
}

async function tellAltered(context: AccountsContext, { digest, account }: SessionRow): Promise<void> {
  await transact(context.store, async (tx) => {
    const [keys, session] = [await context.keyFile.find(tx), await findSession(tx, digest)];
    if (keys === undefined || session === undefined) return;
    if (!isSessionWhole(keys, session)) await context.altered.tell(tx, "session", account);
    await readWhole(context, tx, keys, account);
  });
}

/** Notes that it was heard of, where that is news. */
export async function touch({ store, keyFile, now }: AccountsContext, { session }: Bearing): Promise<void> {
  const at = now();
  if (!isNews(session, at)) return;
  const { digest, account, createdAt } = session;
  await transact(store, async (tx) => {
    const keys = await keyFile.find(tx);
    if (keys !== undefined) await touchSession(tx, toSessionRow(keys, { digest, account, createdAt, lastSeen: at }));
  });
}

/** @throws TillsyncError NOT_AUTHENTICATED for what is no session's token */
export async function logout({ store, keyFile, now }: AccountsContext, bearer: string): Promise<void> {
  const { kind, digest } = parseBearer(bearer);
  if (kind !== "session") throw new TillsyncError("NOT_AUTHENTICATED");
  await transact(store, async (tx) => {
    const keys = await keyFile.find(tx);
    const session = await findSession(tx, digest);
    if (session === undefined) return;
    await removeSession(tx, digest);
    // What an altered one says of whose it is may not even be a name.
    if (keys === undefined || !isSessionWhole(keys, session)) return;
    await note(tx, now(), "account.logged_out", session.account, { actor: session.account });
  });
}
