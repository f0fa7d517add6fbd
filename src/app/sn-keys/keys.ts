import { type ErrorCode, TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { SnKeyRow } from "../../store/schema.ts";
import { findSnKeys, listSnKeys, listSnKeysNotUnder, removeSnKeys } from "../../store/sn-keys.ts";
import { type Store, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { findKeyFile, type Keyring } from "./key-file.ts";
import { SUBJECT } from "./rotate.ts";
import { openSnKey } from "./seal.ts";

/** Rows removed in one transaction. */
const ROWS_AT_ONCE = 1_000;

/** All that is ever told of an SN key. */
export interface KeyView {
  readonly tusn: Tusn;
  /** 8 upper-case hexadecimal digits. */
  readonly kcv: string;
  readonly keyId: string;
  /** Seconds. */
  readonly addedAt: number;
  /** Why it cannot be used; empty where it can. The check value counts for nothing then. */
  readonly fault: ErrorCode | "";
}

/** At most `limit` behind the TUSN `after`; each is opened to see whether it can be. @throws TillsyncError STORE_FAILED */
export async function listKeys(
  store: Store,
  keyFile: string,
  after: string,
  limit: number,
): Promise<readonly KeyView[]> {
  const rows = await listSnKeys(store, after, limit);
  const keyring = await findKeyFile(keyFile).catch(toNoKeyring);
  return rows.map((row) => toView(row, keyring));
}

/** @throws TillsyncError NOT_FOUND, STORE_FAILED */
export async function showKey(store: Store, keyFile: string, tusn: Tusn): Promise<KeyView> {
  const [row] = await findSnKeys(store, [tusn]);
  if (row === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn, what: "SN key" });
  return toView(row, await findKeyFile(keyFile).catch(toNoKeyring));
}

/** Forgets one key. @throws TillsyncError NOT_FOUND, STORE_FAILED */
export function removeKey({ store, now }: Context, tusn: Tusn, actor: string): Promise<void> {
  return transact(store, async (tx) => {
    const [row] = await findSnKeys(tx, [tusn]);
    if (row === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn, what: "SN key" });
    await removeSnKeys(tx, [tusn]);
    await appendEntries(tx, [toEntry(now(), "keys.removed", tusn, { actor, detail: { kcv: row.kcv } })]);
  });
}

/**
 * Forgets the keys whose key the file lacks, all of them where the file is gone: nobody can open them any more, and the
 * maker's list can be imported again. Many transactions: broken off, it is run again.
 *
 * @returns how many
 * @throws TillsyncError KEY_FILE_INVALID where a file is there that cannot be used: it may be mended; STORE_FAILED
 */
export async function removeLostKeys(context: Context, keyFile: string, actor: string): Promise<number> {
  for (let removed = 0; ; ) {
    const count = await transact(context.store, async (tx) => {
      const ids = [...((await findKeyFile(keyFile))?.keys.keys() ?? [])];
      const rows = await listSnKeysNotUnder(tx, ids, "", ROWS_AT_ONCE);
      if (rows.length === 0) return 0;
      const detail = { lost: rows.length };
      await appendEntries(tx, [toEntry(context.now(), "keys.removed", SUBJECT, { actor, detail })]);
      return await removeSnKeys(
        tx,
        rows.map(({ tusn }) => tusn),
      );
    });
    if (count === 0) return removed;
    removed += count;
  }
}

function toView(row: SnKeyRow, keyring: Keyring | undefined): KeyView {
  const { tusn, kcv, keyId, addedAt } = row;
  return { tusn, kcv, keyId, addedAt, fault: findFault(row, keyring) };
}

function findFault(row: SnKeyRow, keyring: Keyring | undefined): ErrorCode | "" {
  if (keyring === undefined) return "KEY_FILE_INVALID";
  try {
    openSnKey(keyring, row);
    return "";
  } catch (error) {
    return toErrorCode(error);
  }
}

/** What can be told without the file is told. */
function toNoKeyring(error: unknown): undefined {
  if (toErrorCode(error) === "KEY_FILE_INVALID") return undefined;
  throw error;
}
