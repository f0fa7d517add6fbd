import { isLocked, toLockEnd } from "../../domain/accounts/login.ts";
import { listAccounts } from "../../store/accounts.ts";
import type { AccountRow } from "../../store/accounts-schema.ts";
import type { Store } from "../../store/store.ts";
import type { AccountKeys } from "./account-key.ts";
import type { AccountView } from "./administration.ts";
import { type Account, toAccount } from "./rows.ts";
import { countSessions } from "./sessions.ts";

/** In order of name. */
export async function listViews(db: Store, keys: AccountKeys, now: number): Promise<readonly AccountView[]> {
  const views: AccountView[] = [];
  for (const row of await listAccounts(db)) views.push(await readView(db, keys, row, now));
  return views;
}

export async function readView(db: Store, keys: AccountKeys, row: AccountRow, now: number): Promise<AccountView> {
  const { row: account, isAltered } = await toAccount(db, keys, row);
  return { ...toView(account, now), sessions: await countSessions(db, row.name, now), isAltered };
}

function toView(account: Account, now: number): Omit<AccountView, "sessions" | "isAltered"> {
  const { name, role, displayName, person, state, merchants, failures, createdAt, lastLoginAt } = account;
  return {
    ...{ name, role, displayName, person, state, merchants, failures, createdAt, lastLoginAt },
    lockedUntil: isLocked(account, now) ? toLockEnd(account) : null,
    hasTotp: account.totp !== null,
    mustChangePassword: account.mustChange === 1,
  };
}
