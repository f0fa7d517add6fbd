import { TillsyncError } from "../../../proto/errors.ts";
import { type Judgement, judgeTry } from "../../domain/accounts/login.ts";
import { checkPassword, REMEMBERED_PASSWORDS, toFormerHashes, toWeak } from "../../domain/accounts/password.ts";
import { findSession, removeSessions } from "../../store/accounts.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { AccountKeys } from "./account-key.ts";
import type { AccountsContext } from "./context.ts";
import { hashPassword, isPassword } from "./hashes.ts";
import { note, noteFailure } from "./notes.ts";
import { type Account, readAccount, writeAccount } from "./rows.ts";
import { type Bearing, readBearing } from "./sessions.ts";
import { createTotp, findStep } from "./totp.ts";

// What a person does to his own account. Whoever found his session open shows that he is that person first.

/** @throws TillsyncError as `Accounts.changePassword` */
export async function changePassword(
  context: AccountsContext,
  bearer: string,
  password: string,
  next: string,
): Promise<void> {
  const { store, passwords, now } = context;
  const bearing = await readBearing(context, bearer);
  const { keys, account, session } = bearing;
  checkPassword(next, account.name);
  await prove(context, bearing, password);
  const former: readonly string[] = JSON.parse(account.formerHashes);
  for (const hash of [account.hash, ...former]) {
    if (await isPassword(passwords, keys, hash, next)) {
      throw toWeak(`none of the last ${REMEMBERED_PASSWORDS}`);
    }
  }
  const hash = await hashPassword(passwords, keys, next);
  await transact(store, async (tx) => {
    const { keys, account: fresh } = await readAgain(context, tx, bearing);
    if (fresh.hash !== account.hash)
      throw new TillsyncError("STATE_CONFLICT", { what: "the password is another by now" });
    const formerHashes = JSON.stringify(toFormerHashes(account.hash, former));
    await writeAccount(tx, keys, { ...fresh, hash, formerHashes, mustChange: 0 });
    await removeSessions(tx, account.name, session.digest);
    await note(tx, now(), "account.password_changed", account.name, { actor: account.name });
  });
}

/** @throws TillsyncError as `Accounts.beginTotp` */
export async function beginTotp(
  context: AccountsContext,
  bearer: string,
  password: string,
): Promise<{ readonly uri: string }> {
  const bearing = await readBearing(context, bearer);
  await prove(context, bearing, password);
  const { sealed, uri } = createTotp(context, bearing.keys, bearing.account.name);
  await transact(context.store, async (tx) => {
    const { keys, account } = await readAgain(context, tx, bearing);
    await writeAccount(tx, keys, { ...account, totpNext: sealed });
  });
  return { uri };
}

/** @throws TillsyncError as `Accounts.confirmTotp` */
export async function confirmTotp(context: AccountsContext, bearer: string, code: string): Promise<void> {
  const { store } = context;
  const bearing = await readBearing(context, bearer);
  const { session } = bearing;
  const judged = await transact(store, async (tx) => {
    const now = context.now();
    const { keys, account } = await readAgain(context, tx, bearing);
    const { name, totpNext } = account;
    if (totpNext === null) throw new TillsyncError("STATE_CONFLICT", { what: "no second factor was begun" });
    // Codes of a new secret begin anew.
    const step = findStep(keys, name, totpNext, { code, now, lastStep: -1 });
    const judgement = judgeTry(account, step !== undefined, now);
    await keepTry(context, tx, keys, account, judgement);
    if (judgement.answer === "granted" && step !== undefined) {
      await writeAccount(tx, keys, { ...account, totp: totpNext, totpNext: null, lastStep: step });
      await removeSessions(tx, name, session.digest);
      await note(tx, now, "account.totp_enrolled", name, { actor: name });
    }
    return judgement;
  });
  refuse(judged);
}

/** @throws TillsyncError LOGIN_FAILED, ACCOUNT_LOCKED, RATE_LIMITED unless the password is the account's */
async function prove(context: AccountsContext, bearing: Bearing, password: string): Promise<void> {
  const { store, passwords, now } = context;
  const { keys, account } = bearing;
  const isRight = await isPassword(passwords, keys, account.hash, password);
  const judged = await transact(store, async (tx) => {
    const { keys, account: fresh } = await readAgain(context, tx, bearing);
    const judgement = judgeTry(fresh, isRight && fresh.hash === account.hash, now());
    await keepTry(context, tx, keys, fresh, judgement);
    return judgement;
  });
  refuse(judged);
}

/** The account and the keys as they are now. @throws TillsyncError NOT_AUTHENTICATED where its session has ended meanwhile */
async function readAgain(
  { keyFile }: AccountsContext,
  tx: Tx,
  { session }: Bearing,
): Promise<Pick<Bearing, "keys" | "account">> {
  const isThere = (await findSession(tx, session.digest)) !== undefined;
  const keys = await keyFile.find(tx);
  const found = keys === undefined ? undefined : await readAccount(tx, keys, session.account);
  if (keys === undefined || !isThere || found?.isAltered !== false || found.row.state !== "active")
    throw new TillsyncError("NOT_AUTHENTICATED");
  return { keys, account: found.row };
}

async function keepTry(
  context: AccountsContext,
  tx: Tx,
  keys: AccountKeys,
  account: Account,
  judged: Judgement,
): Promise<void> {
  if (!judged.isCounted) return;
  await writeAccount(tx, keys, { ...account, ...judged.tries });
  await noteFailure(context, tx, account.name, judged);
}

/** Outside the transaction, which keeps what the try came to. */
function refuse({ answer }: Judgement): void {
  if (answer === "failed") throw new TillsyncError("LOGIN_FAILED");
  if (answer === "locked") throw new TillsyncError("ACCOUNT_LOCKED");
}
