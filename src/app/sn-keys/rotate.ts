import { toErrorCode } from "../../../proto/errors.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { SnKeyRow } from "../../store/schema.ts";
import { findSnKeyIds, listSnKeysNotUnder, putSnKeys } from "../../store/sn-keys.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { findKeyFile, type Keyring, readKeyFile, withNewKey, writeKeyFile } from "./key-file.ts";
import { needKeyring } from "./keyring.ts";
import { openSnKey, SEAL_NONCE_BYTES, sealSnKey } from "./seal.ts";

/** Rows sealed anew in one transaction; about 50 ms, in which nobody else writes. */
const ROWS_AT_ONCE = 1_000;
/** Rows that do not open and are named in an alarm each; beyond them they are only counted. */
const MAX_ALARMS = 100;
/** What the ledger's entries about the key file are about. */
export const SUBJECT = "keys";

export interface Rotation {
  /** Key that new rows are sealed under. */
  readonly keyId: string;
  /** It went on with a rotation that was broken off, under the key of that one. */
  readonly resumed: boolean;
  /** Rows sealed anew. */
  readonly resealed: number;
  /** Keys that are gone from the file. */
  readonly removed: readonly string[];
  /** Rows that do not open; while there are any, the key they name stays in the file. */
  readonly unreadable: number;
}

/**
 * Puts a new key into the key file, seals every SN key under it, and removes the old one. Wherever it is broken off, every
 * row can be opened with what the file holds: both keys are there before any row changes, and the old one until none
 * needs it. Running it again finishes it.
 *
 * @throws TillsyncError KEY_FILE_INVALID, DATA_FOLDER_INVALID, STORE_FAILED
 */
export async function rotateKeys(context: Context, keyFile: string, actor: string): Promise<Rotation> {
  const { resumed } = await begin(context, keyFile, actor);
  let resealed = 0;
  let unreadable = 0;
  for (let after = ""; ; ) {
    const step = await resealSome(context, keyFile, after, MAX_ALARMS - unreadable);
    resealed += step.resealed;
    unreadable += step.unreadable;
    if (step.last === undefined) break;
    after = step.last;
  }
  return { ...(await end(context, keyFile, actor, resealed, unreadable)), resumed, resealed, unreadable };
}

function begin(context: Context, keyFile: string, actor: string): Promise<{ readonly resumed: boolean }> {
  return transact(context.store, async (tx) => {
    const held = await findKeyFile(keyFile);
    if (held !== undefined && held.keys.size > 1) return { resumed: true };
    const next = held === undefined ? await needKeyring(tx, context, keyFile) : withNewKey(held, context.randomBytes);
    if (held !== undefined) await writeKeyFile(keyFile, next);
    const detail = { stage: "begun", keyId: next.current };
    await appendEntries(tx, [toEntry(context.now(), "keys.rotated", SUBJECT, { actor, detail })]);
    return { resumed: false };
  });
}

interface Step {
  readonly resealed: number;
  readonly unreadable: number;
  /** Last TUSN looked at; undefined where none was left. */
  readonly last: string | undefined;
}

/** The file is read in each transaction: another rotation may have come in between. */
function resealSome(context: Context, keyFile: string, after: string, alarms: number): Promise<Step> {
  return transact(context.store, async (tx) => {
    const keyring = await readKeyFile(keyFile);
    const rows = await listSnKeysNotUnder(tx, [keyring.current], after, ROWS_AT_ONCE);
    const results = rows.map((row) => reseal(context, keyring, row));
    const resealed = results.filter((row) => row !== undefined);
    const altered = rows.filter((_, index) => results[index] === undefined);
    await putSnKeys(tx, resealed);
    await appendEntries(
      tx,
      altered
        .slice(0, Math.max(0, alarms))
        .map(({ tusn }) => toEntry(context.now(), "alarm.record_altered", tusn, { detail: { what: "sn_key" } })),
    );
    return { resealed: resealed.length, unreadable: altered.length, last: rows.at(-1)?.tusn };
  });
}

/** Undefined where it does not open. */
function reseal({ randomBytes }: Context, keyring: Keyring, row: SnKeyRow): SnKeyRow | undefined {
  try {
    const { tusn, addedAt } = row;
    return sealSnKey(keyring, { tusn, addedAt, key: openSnKey(keyring, row) }, randomBytes(SEAL_NONCE_BYTES));
  } catch (error) {
    if (["SN_KEY_INVALID", "KEY_FILE_INVALID"].includes(toErrorCode(error))) return undefined;
    throw error;
  }
}

/** Nobody can add a row under an old key any more: whoever adds one reads the file in the transaction that does. */
function end(
  context: Context,
  keyFile: string,
  actor: string,
  resealed: number,
  unreadable: number,
): Promise<Pick<Rotation, "keyId" | "removed">> {
  return transact(context.store, async (tx) => {
    const { current, keys } = await readKeyFile(keyFile);
    const used = await findSnKeyIds(tx);
    const removed = [...keys.keys()].filter((id) => id !== current && !used.includes(id));
    if (removed.length > 0) {
      await writeKeyFile(keyFile, { current, keys: new Map([...keys].filter(([id]) => !removed.includes(id))) });
    }
    const detail = { stage: "done", keyId: current, resealed, unreadable, removed: removed.length };
    await appendEntries(tx, [toEntry(context.now(), "keys.rotated", SUBJECT, { actor, detail })]);
    return { keyId: current, removed };
  });
}
