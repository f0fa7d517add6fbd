import { hkdfSync } from "node:crypto";
import { stat } from "node:fs/promises";
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

/** One key of the file, and what it comes to for each use. */
export interface AccountKey {
  readonly id: string;
  /** HMAC over rows. */
  readonly rows: Uint8Array;
  /** Seals TOTP secrets. */
  readonly totp: Uint8Array;
  /** Argon2's secret. */
  readonly passwords: Uint8Array;
}

/** All keys of the file: one, unless it is being rotated or was. */
export interface AccountKeys {
  /** What is written is written under this one. */
  readonly current: AccountKey;
  /** What is read may be under any of these, which are in the order in which they were made. */
  readonly held: readonly AccountKey[];
}

/** Where the file lies in a data folder. */
export function toAccountKeyFile(folder: string): string {
  return join(folder, "keys", "accounts.json");
}

/**
 * The key file. It changes only within a transaction, so that what was found with a transaction is right until its end;
 * what was found without one may be a moment old.
 */
export class AccountKeyFile {
  readonly #path: string;
  #found: { readonly version: string; readonly keys: AccountKeys } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Undefined where no file is there, nor any row that needs it.
   *
   * @throws TillsyncError KEY_FILE_INVALID; STORE_FAILED
   */
  async find(db: Store): Promise<AccountKeys | undefined> {
    const version = await readVersion(this.#path);
    // One that was there and is not any more was lost while we run, and is told after the next start.
    if (this.#found !== undefined && (version === undefined || version === this.#found.version))
      return this.#found.keys;
    const keyring = await findKeyFile(this.#path);
    if (keyring !== undefined) {
      const keys = toKeys(keyring);
      if (version !== undefined) this.#found = { version, keys };
      return keys;
    }
    if (await needsAccountKey(db)) {
      throw new TillsyncError("KEY_FILE_INVALID", { what: "missing, and there are accounts that need it" });
    }
    return undefined;
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

export function toKeys(keyring: Keyring): AccountKeys {
  const held = [...keyring.keys.keys()].map((id) => toAccountKey(id, toKey(keyring, id)));
  const current = held.find(({ id }) => id === keyring.current);
  if (current === undefined) throw new TillsyncError("KEY_FILE_INVALID", { what: "current" });
  return { current, held };
}

function toAccountKey(id: string, key: Uint8Array): AccountKey {
  const derive = (use: string) => new Uint8Array(hkdfSync(DIGEST, key, "", `tillsync accounts ${use}`, KEY_BYTES));
  return { id, rows: derive("rows"), totp: derive("totp"), passwords: derive("passwords") };
}

/** Other than before wherever the file was written; undefined where it cannot be looked at. */
async function readVersion(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [ino, size, mtimeMs, ctimeMs].join(" ");
  } catch {
    return undefined;
  }
}
