import { hkdfSync } from "node:crypto";
import { join } from "node:path";
import { TillsyncError } from "../../../proto/errors.ts";
import { needsAccountKey } from "../../store/accounts.ts";
import type { Store, Tx } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { findKeyFile, type Keyring, toKey, withNewKey, writeKeyFile } from "../sn-keys/key-file.ts";

// The key that stands between the database and the accounts in it: whoever has only the database can neither try
// passwords against its hashes, nor compute codes, nor write an account, session or key that the service believes. A
// file of its own and not that of the SN keys, of which a rotation drops every key that no SN key needs any more.

const DIGEST = "sha256";
const KEY_BYTES = 32;

/** One key for each use. */
export interface AccountKeys {
  /** HMAC over rows. */
  readonly rows: Uint8Array;
  /** Seals TOTP secrets. */
  readonly totp: Uint8Array;
  /** Argon2's secret. */
  readonly passwords: Uint8Array;
}

/** Where the file lies in a data folder. */
export function toAccountKeyFile(folder: string): string {
  return join(folder, "keys", "accounts.json");
}

/** The key file, read once: it never changes. */
export class AccountKeyFile {
  readonly #path: string;
  #keys: AccountKeys | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Undefined where no file is there, nor any row that needs it.
   *
   * @throws TillsyncError KEY_FILE_INVALID; STORE_FAILED
   */
  async find(db: Store): Promise<AccountKeys | undefined> {
    if (this.#keys !== undefined) return this.#keys;
    const keyring = await findKeyFile(this.#path);
    if (keyring !== undefined) this.#keys = toKeys(keyring);
    else if (await needsAccountKey(db)) {
      throw new TillsyncError("KEY_FILE_INVALID", { what: "missing, and there are accounts that need it" });
    }
    return this.#keys;
  }

  /**
   * Made where neither it nor a row that needs it is there. One that is missing is never made anew: that would hide
   * that it was lost.
   *
   * @param tx a transaction, which keeps other processes from making one, too
   * @throws TillsyncError KEY_FILE_INVALID, DATA_FOLDER_INVALID
   */
  async need(tx: Tx, { randomBytes }: Pick<Context, "randomBytes">): Promise<AccountKeys> {
    const held = await this.find(tx);
    if (held !== undefined) return held;
    const made = withNewKey(undefined, randomBytes);
    await writeKeyFile(this.#path, made);
    return toKeys(made);
  }
}

function toKeys(keyring: Keyring): AccountKeys {
  const key = toKey(keyring, keyring.current);
  const derive = (use: string) => new Uint8Array(hkdfSync(DIGEST, key, "", `tillsync accounts ${use}`, KEY_BYTES));
  return { rows: derive("rows"), totp: derive("totp"), passwords: derive("passwords") };
}
