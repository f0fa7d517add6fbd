import type { Judgement } from "../../domain/accounts/login.ts";
import { countStranger, putStrangers } from "../../store/accounts.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { Tx } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { type EntryFields, type LedgerKind, toEntry } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";

// What the ledger is told of accounts (PCI DSS 10.2). Never a secret, and never a name that is no account's: people
// type their passwords there.

/**
 * Tries that are nobody's, or that a lock holds off, are told together once in this time: no stranger fills the ledger.
 */
const STRANGERS_S = 3_600;
const STRANGERS = "accounts";
const ORIGIN = /^[0-9A-Za-z.:%_-]{1,64}$/;

export type AccountKind = Extract<LedgerKind, `account.${string}`>;

export async function note(
  tx: Tx,
  at: number,
  kind: AccountKind,
  subject: string,
  fields: EntryFields = {},
): Promise<void> {
  await appendEntries(tx, [toEntry(at, kind, subject, fields)]);
}

/** With who and why. */
export function toFields({ actor, reason }: Act, detail: EntryFields["detail"] = {}): EntryFields {
  return { actor, detail: { ...detail, reason } };
}

/** Counts in any case, so that a try on a name that there is takes no longer than on one that there is not. */
export async function noteStranger(tx: Tx, at: number): Promise<void> {
  const counted = await countStranger(tx);
  // Somebody took the row away: the log still tells each try.
  if (counted === undefined || at - counted.toldAt < STRANGERS_S) return;
  await putStrangers(tx, { count: 0, toldAt: at });
  await note(tx, at, "account.strangers", STRANGERS, { detail: { tries: counted.count } });
}

/** A wrong try that counts, and the lock that it brings. */
export async function noteFailure(
  { now, log }: Pick<Context, "now" | "log">,
  tx: Tx,
  name: string,
  { tries, isNewLock }: Judgement,
  detail: NonNullable<EntryFields["detail"]> = {},
): Promise<void> {
  await note(tx, now(), "account.login_failed", name, { detail: { ...detail, failures: tries.failures } });
  if (!isNewLock) return;
  log.warn({ ...detail, account: name }, "account locked");
  await note(tx, now(), "account.locked", name, { detail });
}

/** An address as the ledger takes it. */
export function toOrigin(text: string): string {
  return ORIGIN.test(text) ? text : "unknown";
}
