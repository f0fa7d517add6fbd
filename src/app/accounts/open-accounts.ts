import type { Context } from "../context.ts";
import { AccountKeyFile } from "./account-key.ts";
import type { Accounts } from "./accounts.ts";
import { administerAccounts } from "./administer-accounts.ts";
import { administerKeys } from "./administer-keys.ts";
import { AlteredRows } from "./altered.ts";
import { type Argon2, type Argon2Cost, DEFAULT_COST } from "./argon2.ts";
import { openArgon2Thread } from "./argon2-thread.ts";
import { authenticate } from "./authenticate.ts";
import type { AccountsContext } from "./context.ts";
import { login } from "./login.ts";
import { beginTotp, changePassword, confirmTotp } from "./own.ts";
import { openPasswords } from "./passwords.ts";
import { logout } from "./sessions.ts";

export interface AccountsOptions {
  /** `toAccountKeyFile` of the data folder. */
  readonly keyFile: string;
  /** A thread of its own where absent. */
  readonly argon2?: Argon2;
  /** Of new hashes; DEFAULT_COST where absent. */
  readonly cost?: Argon2Cost;
}

/** Opens no file and begins no thread before they are needed. */
export function openAccounts(context: Context, options: AccountsOptions): Accounts {
  const { keyFile, argon2 = openArgon2Thread(), cost = DEFAULT_COST } = options;
  const inner: AccountsContext = {
    ...context,
    keyFile: new AccountKeyFile(keyFile),
    passwords: openPasswords(context, argon2, cost),
    altered: new AlteredRows(context),
  };
  return {
    login: (given) => login(inner, given),
    authenticate: (bearer) => authenticate(inner, bearer),
    watch: (bearer) => authenticate(inner, bearer, true),
    logout: (bearer) => logout(inner, bearer),
    changePassword: (bearer, password, next) => changePassword(inner, bearer, password, next),
    beginTotp: (bearer, password) => beginTotp(inner, bearer, password),
    confirmTotp: (bearer, code) => confirmTotp(inner, bearer, code),
    administration: { ...administerAccounts(inner), ...administerKeys(inner) },
    close: () => argon2.close(),
  };
}
