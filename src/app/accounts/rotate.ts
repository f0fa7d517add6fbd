import { TillsyncError } from "../../../proto/errors.ts";
import { listAccountsAfter, listApiKeysAfter, listSessionsAfter, touchSession } from "../../store/accounts.ts";
import type { AccountRow, ApiKeyRow, SessionRow } from "../../store/accounts-schema.ts";
import { appendEntries } from "../../store/ledger.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { parseActor } from "../registry/act.ts";
import { findKeyFile, readKeyFile, withNewKey, writeKeyFile } from "../sn-keys/key-file.ts";
import { AccountKeyFile, type AccountKeys, toKeys } from "./account-key.ts";
import { toKeyId } from "./hashes.ts";
import {
  isSessionWhole,
  isUnder,
  listKeysOf,
  toAccount,
  toApiKey,
  toSessionRow,
  writeAccountRow,
  writeApiKeyRow,
} from "./rows.ts";
import { resealTotp } from "./totp.ts";

/** Rows written anew in one transaction, in which nobody else writes; a scope has up to 1,000 merchants. */
export const ROWS_AT_ONCE = 100;
/** What the ledger's entries are about. */
const SUBJECT = "accounts";

export interface AccountRotation {
  /** Key that everything is written under. */
  readonly keyId: string;
  /** It went on with a rotation that was broken off, or that waits for people to log in. */
  readonly resumed: boolean;
  /** Rows written anew. */
  readonly resealed: number;
  /** Keys that are gone from the file. */
  readonly removed: readonly string[];
  /** Accounts whose password is under an older key, which stays in the file for them. */
  readonly waiting: number;
  /** Rows that were altered past the service; nothing is kept for them. */
  readonly altered: number;
}

/**
 * Puts a new key into the accounts' key file and writes every account, session and API key anew under it, with second factors
 * sealed anew. A password is hashed anew when its person logs in; until all have, the older key stays. Wherever it is broken
 * off, every row can be read with what the file holds: both keys are there before any row changes, and the old one until none
 * needs it. Running it again finishes it.
 *
 * @throws TillsyncError KEY_FILE_INVALID, DATA_FOLDER_INVALID, STORE_FAILED; what `parseActor` throws
 */
export async function rotateAccountKey(context: Context, keyFile: string, by: string): Promise<AccountRotation> {
  const actor = parseActor(by);
  const { resumed } = await begin(context, keyFile, actor);
  const counts = { resealed: 0, altered: 0 };
  for (const table of TABLES) {
    let after: Step["last"];
    do {
      const step: Step = await resealSome(context, keyFile, table, after);
      counts.resealed += step.resealed;
      counts.altered += step.altered;
      after = step.last;
    } while (after !== undefined);
  }
  return { ...(await end(context, keyFile, actor, counts)), resumed };
}

function begin(context: Context, keyFile: string, actor: string): Promise<{ readonly resumed: boolean }> {
  return transact(context.store, async (tx) => {
    const held = await findKeyFile(keyFile);
    if (held !== undefined && held.keys.size > 1) return { resumed: true };
    const next = held === undefined ? undefined : withNewKey(held, context.randomBytes);
    if (next !== undefined) await writeKeyFile(keyFile, next);
    const keyId = next?.current ?? (await new AccountKeyFile(keyFile).need(tx, context)).current.id;
    const detail = { stage: "begun", keyId };
    await appendEntries(tx, [toEntry(context.now(), "keys.rotated", SUBJECT, { actor, detail })]);
    return { resumed: false };
  });
}

interface Step {
  readonly resealed: number;
  readonly altered: number;
  /** What names the last row looked at; undefined where none was left. */
  readonly last: string | Uint8Array | undefined;
}

/** What became of a row. */
type Fate = "same" | "resealed" | "altered";

/** How the rows of a table are read, named and written anew. */
interface Table {
  list(tx: Tx, after: Step["last"]): Promise<readonly Row[]>;
}

interface Row {
  readonly name: string | Uint8Array;
  reseal(context: Context, tx: Tx, keys: AccountKeys): Promise<Fate>;
}

const TABLES: readonly Table[] = [
  {
    list: async (tx, after) =>
      (await listAccountsAfter(tx, typeof after === "string" ? after : "", ROWS_AT_ONCE)).map((row) => ({
        name: row.name,
        reseal: (context, to, keys) => resealAccount(context, to, keys, row),
      })),
  },
  {
    list: async (tx, after) =>
      (await listApiKeysAfter(tx, typeof after === "string" ? after : "", ROWS_AT_ONCE)).map((row) => ({
        name: row.name,
        reseal: (_context, to, keys) => resealApiKey(to, keys, row),
      })),
  },
  {
    list: async (tx, after) =>
      (await listSessionsAfter(tx, after instanceof Uint8Array ? after : new Uint8Array(0), ROWS_AT_ONCE)).map(
        (row) => ({
          name: row.digest,
          reseal: (_context, to, keys) => resealSession(to, keys, row),
        }),
      ),
  },
];

/** The file is read in each transaction: another rotation may have come in between. */
function resealSome(context: Context, keyFile: string, table: Table, after: Step["last"]): Promise<Step> {
  return transact(context.store, async (tx) => {
    const keys = toKeys(await readKeyFile(keyFile));
    const rows = await table.list(tx, after);
    const fates: Fate[] = [];
    for (const row of rows) fates.push(await row.reseal(context, tx, keys));
    const count = (fate: Fate) => fates.filter((one) => one === fate).length;
    return { resealed: count("resealed"), altered: count("altered"), last: rows.at(-1)?.name };
  });
}

async function resealAccount(context: Context, tx: Tx, keys: AccountKeys, row: AccountRow): Promise<Fate> {
  const { row: account, isAltered } = await toAccount(tx, keys, row);
  if (isAltered) return "altered";
  const { name, totp, totpNext } = account;
  const reseal = (sealed: Uint8Array | null) => (sealed === null ? null : resealTotp(context, keys, name, sealed));
  const next = { ...account, totp: reseal(totp), totpNext: reseal(totpNext) };
  const isSame =
    isUnder(keys.current, "account", { ...row, merchants: account.merchants }) &&
    [next.totp === totp, next.totpNext === totpNext, account.hash === row.hash].every((is) => is) &&
    account.formerHashes === row.formerHashes;
  if (isSame) return "same";
  await writeAccountRow(tx, keys, next);
  return "resealed";
}

async function resealApiKey(tx: Tx, keys: AccountKeys, row: ApiKeyRow): Promise<Fate> {
  const { row: key, isAltered } = await toApiKey(tx, keys, row);
  if (isAltered) return "altered";
  if (isUnder(keys.current, "api_key", { ...row, merchants: key.merchants })) return "same";
  await writeApiKeyRow(tx, keys, key);
  return "resealed";
}

async function resealSession(tx: Tx, keys: AccountKeys, row: SessionRow): Promise<Fate> {
  if (!isSessionWhole(keys, row)) return "altered";
  if (isUnder(keys.current, "session", row)) return "same";
  const { mac: _, ...session } = row;
  await touchSession(tx, toSessionRow(keys, session));
  return "resealed";
}

/**
 * Nobody writes a row under an old key any more: whoever writes one looks at the file in the transaction that does. What was
 * hashed or sealed before is looked for here.
 */
function end(
  context: Context,
  keyFile: string,
  actor: string,
  { resealed, altered }: Pick<AccountRotation, "resealed" | "altered">,
): Promise<Omit<AccountRotation, "resumed">> {
  return transact(context.store, async (tx) => {
    const { current, keys } = await readKeyFile(keyFile);
    const { used, waiting } = await findUsed(tx, toKeys({ current, keys }));
    const removed = [...keys.keys()].filter((id) => !used.has(id));
    if (removed.length > 0) {
      await writeKeyFile(keyFile, { current, keys: new Map([...keys].filter(([id]) => used.has(id))) });
    }
    const detail = { stage: "done", keyId: current, resealed, altered, waiting, removed: removed.length };
    await appendEntries(tx, [toEntry(context.now(), "keys.rotated", SUBJECT, { actor, detail })]);
    return { keyId: current, resealed, removed, waiting, altered };
  });
}

/** Ids of the keys that something is under, the current one among them. */
async function findUsed(
  tx: Tx,
  keys: AccountKeys,
): Promise<{ readonly used: ReadonlySet<string>; readonly waiting: number }> {
  const used = new Set([keys.current.id]);
  let waiting = 0;
  for (let after: string | undefined = ""; after !== undefined; ) {
    const rows: readonly AccountRow[] = await listAccountsAfter(tx, after, ROWS_AT_ONCE);
    for (const row of rows) {
      const { row: account, isAltered } = await toAccount(tx, keys, row);
      if (isAltered) continue;
      // A row that has come meanwhile and is not under the new key would be lost with the old one.
      if (!isUnder(keys.current, "account", { ...row, merchants: account.merchants })) throw overtaken();
      for (const key of listKeysOf(keys, account)) if (key !== undefined) used.add(key.id);
      if (toKeyId(account.hash) !== keys.current.id) waiting += 1;
    }
    after = rows.at(-1)?.name;
  }
  return { used, waiting };
}

function overtaken(): TillsyncError {
  return new TillsyncError("STATE_CONFLICT", { what: "another rotation" });
}
