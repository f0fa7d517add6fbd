import type { Context } from "../context.ts";
import type { AccountKeyFile } from "./account-key.ts";
import type { AlteredRows } from "./altered.ts";
import type { Passwords } from "./passwords.ts";

/** What everything about accounts works with. */
export interface AccountsContext extends Context {
  readonly keyFile: AccountKeyFile;
  readonly passwords: Passwords;
  readonly altered: AlteredRows;
}
