import { toErrorCode } from "../../../proto/errors.ts";
import { listAccounts, removeSessions } from "../../store/accounts.ts";
import type { Store, Tx } from "../../store/store.ts";
import { AccountKeyFile, type AccountKeys } from "../accounts/account-key.ts";
import { note, toFields } from "../accounts/notes.ts";
import { toAccount, writeAccount } from "../accounts/rows.ts";
import type { Act } from "../registry/act.ts";

/**
 * Disables the accounts whose password is a one-time one: it may have been used after the backup, and would be good a
 * second time. An administrator gives them a new one.
 *
 * @param path key file of the accounts; where it cannot be read, nobody can log in anyway
 * @returns their names
 */
export async function disableOneTime(tx: Tx, at: number, path: string, act: Act): Promise<readonly string[]> {
  const keys = await findKeys(tx, path);
  if (keys === undefined) return [];
  const disabled: string[] = [];
  for (const row of await listAccounts(tx)) {
    const { row: account, isAltered } = await toAccount(tx, keys, row);
    // Nobody can log in to one that was altered.
    if (isAltered || account.mustChange === 0 || account.state === "disabled") continue;
    await writeAccount(tx, keys, { ...account, state: "disabled" });
    await removeSessions(tx, account.name);
    await note(tx, at, "account.disabled", account.name, toFields(act, { oneTimePassword: true }));
    disabled.push(account.name);
  }
  return disabled;
}

async function findKeys(db: Store, path: string): Promise<AccountKeys | undefined> {
  try {
    return await new AccountKeyFile(path).find(db);
  } catch (error) {
    if (toErrorCode(error) === "KEY_FILE_INVALID") return undefined;
    throw error;
  }
}
