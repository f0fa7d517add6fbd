import { timingSafeEqual } from "node:crypto";
import { toDigest, toUtf8 } from "../../../proto/bytes.ts";
import { checkText } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import {
  addAuditor as addRow,
  findAuditor,
  listAuditors as listRows,
  revokeAuditor as revokeRow,
} from "../../store/auditors.ts";
import { appendEntries } from "../../store/ledger.ts";
import { type Store, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";

// Auditors may look every terminal up. Each has a random key, of which only the digest is kept.

const NAME = /^[a-z0-9][a-z0-9.-]{0,31}$/;
const KEY_BYTES = 32;
const NO_DIGEST = new Uint8Array(32);
/** Longer keys are not looked at. */
const MAX_KEY_CHARACTERS = 128;

export interface AuditorView {
  readonly name: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

/**
 * A new auditor; the key is told this once.
 *
 * @param actor who adds, as the ledger tells it
 * @throws TillsyncError FIELD_INVALID; STATE_CONFLICT where there is or was one of that name
 */
export async function addAuditor(context: Context, name: string, actor: string): Promise<{ readonly key: string }> {
  checkText(name, NAME, "auditor");
  const key = Buffer.from(context.randomBytes(KEY_BYTES)).toString("base64url");
  const keyDigest = toDigest(toUtf8(key));
  await transact(context.store, async (tx) => {
    const now = context.now();
    if (!(await addRow(tx, { name, keyDigest, createdAt: now, revokedAt: null }))) {
      throw new TillsyncError("STATE_CONFLICT", { auditor: name });
    }
    await appendEntries(tx, [toEntry(now, "auditor.added", name, { actor })]);
  });
  return { key };
}

export async function listAuditors(store: Store): Promise<readonly AuditorView[]> {
  return (await listRows(store)).map(({ name, createdAt, revokedAt }) => ({ name, createdAt, revokedAt }));
}

/** From now on the key is good for nothing. @throws TillsyncError NOT_FOUND where there is none that is good */
export async function revokeAuditor(context: Context, name: string, actor: string): Promise<void> {
  await transact(context.store, async (tx) => {
    const now = context.now();
    if (!(await revokeRow(tx, name, now))) throw new TillsyncError("NOT_FOUND", { auditor: "of that name" });
    await appendEntries(tx, [toEntry(now, "auditor.revoked", name, { actor })]);
  });
}

/**
 * The auditor whose name and key these are. Takes as long for a name that there is as for one that there is not.
 *
 * @throws TillsyncError NOT_AUTHORIZED
 */
export async function verifyAuditor(store: Store, name: string, key: string): Promise<string> {
  const row = NAME.test(name) ? await findAuditor(store, name) : undefined;
  const given = toDigest(toUtf8(key.slice(0, MAX_KEY_CHARACTERS)));
  const isKey = timingSafeEqual(given, row?.keyDigest ?? NO_DIGEST);
  if (row === undefined || row.revokedAt !== null || !isKey) throw new TillsyncError("NOT_AUTHORIZED");
  return row.name;
}

/** @throws TillsyncError NOT_AUTHORIZED unless there is an auditor of that name who is not revoked */
export async function checkAuditor(db: Store, name: string): Promise<void> {
  const row = await findAuditor(db, name);
  if (row === undefined || row.revokedAt !== null) throw new TillsyncError("NOT_AUTHORIZED");
}
