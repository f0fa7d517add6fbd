import { toHex } from "../../../proto/bytes.ts";
import type { ErrorCode } from "../../../proto/errors.ts";
import { setProgress } from "../../store/deployments.ts";
import { closeTokens, listOpenTokens } from "../../store/enrolments.ts";
import { appendEntries } from "../../store/ledger.ts";
import { removeOutbox } from "../../store/outbox.ts";
import { countStanding, endChallenges, endSessions, findWaiting, type StandingCounts } from "../../store/restored.ts";
import { addRestore, countUnsettled, unsettleAll } from "../../store/restores.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toStepped } from "../deployment-steps.ts";
import { noteHappenings } from "../identity/history.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";
import { holdOrders } from "./hold-orders.ts";
import type { LedgerHead } from "./manifest.ts";
import { disableOneTime } from "./one-time-passwords.ts";

const SUBJECT = "service";
const CODE: ErrorCode = "RESTORE_UNSETTLED";
/** Rows changed in one statement. */
const AT_ONCE = 500;

/** What a restored database is told of its restore. */
export interface RestoreFacts {
  /** When the backup was made, in seconds. */
  readonly backupAt: number;
  /** SHA-256 of the encrypted file. */
  readonly digest: Uint8Array;
  readonly ledger: LedgerHead;
  /** A newer head that somebody outside has proof of. */
  readonly seen?: LedgerHead;
  /** Directives that waited at the backup are closed rather than sent. */
  readonly closeWaiting: boolean;
  /** Key file of the accounts. */
  readonly accountKeyFile: string;
  readonly act: Act;
}

/** What was done, and what only people can look after. */
export interface RestoreCounts {
  /** Terminals that get nothing until they have said hello. */
  readonly unsettled: number;
  /** Directives that wait to be sent once their terminals are settled. */
  readonly waiting: number;
  /** Orders to acquirers that nothing is done about before a person says so. */
  readonly held: number;
  readonly closed: {
    readonly directives: number;
    readonly tokens: number;
    readonly sessions: number;
    readonly challenges: number;
    /** Accounts with a one-time password, which may have been used since. */
    readonly accounts: readonly string[];
  };
  /** In force as of the backup: whatever was revoked since is in force again. */
  readonly inForce: Omit<StandingCounts, "waiting">;
}

/**
 * Makes a database that was put back safe to go on from: the ledger tells it first, every terminal is unsettled, every order
 * to an acquirer that has not ended is held, and what could be used only once, and may have been used after the backup, is
 * closed. One transaction.
 *
 * @throws TillsyncError STORE_FAILED
 */
export function markRestored(
  { store, now }: Pick<Context, "store" | "now">,
  facts: RestoreFacts,
): Promise<RestoreCounts> {
  return transact(store, async (tx) => {
    const at = now();
    await noteRestored(tx, at, facts);
    await unsettleAll(tx);
    const { unsettled } = await countUnsettled(tx);
    const held = await holdOrders(tx, at);
    const { actor } = facts.act;
    const closed = {
      directives: facts.closeWaiting ? await closeWaiting(tx, at, actor) : 0,
      tokens: await closeOpenTokens(tx, at, actor),
      sessions: await endSessions(tx),
      challenges: await endChallenges(tx),
      accounts: await disableOneTime(tx, at, facts.accountKeyFile, facts.act),
    };
    const { waiting, ...inForce } = await countStanding(tx, at);
    return { unsettled, waiting, held, closed, inForce };
  });
}

async function noteRestored(tx: Tx, at: number, { backupAt, digest, ledger, seen, act }: RestoreFacts): Promise<void> {
  const { actor, reason } = act;
  const lost = seen === undefined ? {} : { seenSize: seen.size, seenRoot: toHex(seen.root) };
  const detail = { backupAt, size: ledger.size, root: toHex(ledger.root), ...lost, reason };
  await appendEntries(tx, [toEntry(at, "service.restored", SUBJECT, { actor, digest, detail })]);
  const row = { restoredAt: at, backupAt, ledgerSize: ledger.size, ledgerRoot: ledger.root, actor, reason };
  await addRestore(tx, row);
}

/** They may have been superseded after the backup by what nobody knows any more. */
async function closeWaiting(tx: Tx, at: number, actor: string): Promise<number> {
  let closed = 0;
  for (;;) {
    const rows = toStepped(await findWaiting(tx, AT_ONCE), "superseded", at).map((row) => ({ ...row, code: CODE }));
    if (rows.length === 0) return closed;
    await setProgress(tx, rows);
    await removeOutbox(tx, rows);
    await appendEntries(
      tx,
      rows.map(({ tusn, sequence, directiveDigest: digest }) =>
        toEntry(at, "deployment.superseded", tusn, { actor, digest, detail: { sequence, code: CODE } }),
      ),
    );
    closed += rows.length;
  }
}

/** A token may have been used after the backup: it must not be good a second time. */
async function closeOpenTokens(tx: Tx, at: number, actor: string): Promise<number> {
  let closed = 0;
  for (let after = ""; ; ) {
    const tusns = (await listOpenTokens(tx, at, after, AT_ONCE)).map(({ tusn }) => tusn);
    const last = tusns.at(-1);
    if (last === undefined) return closed;
    after = last;
    closed += await closeTokens(tx, tusns, at, "withdrawn");
    const detail = { code: CODE };
    await noteHappenings(
      tx,
      at,
      tusns.map((tusn) => ({ tusn, kind: "token_withdrawn", actor, detail })),
    );
  }
}
