import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { judgeLogin } from "../../domain/accounts/login.ts";
import { isAccountName } from "../../domain/accounts/names.ts";
import { SESSION_S } from "../../domain/accounts/session.ts";
import { type Store, type Tx, transact } from "../../store/store.ts";
import type { AccountKeys } from "./account-key.ts";
import type { Login, Session } from "./accounts.ts";
import type { AccountsContext } from "./context.ts";
import { note, noteFailure, noteStranger, toOrigin } from "./notes.ts";
import { type Account, readAccount, readWhole, writeAccount } from "./rows.ts";
import { beginSession, isNewAccount } from "./sessions.ts";
import { findStep } from "./totp.ts";

const NO_SECRET = new Uint8Array(32);
/** Stands for a name that is no account's: people type their passwords there. */
const NOBODY = "";

type Answer = { readonly session: Session } | { readonly code: "LOGIN_FAILED" | "ACCOUNT_LOCKED" };

/**
 * One hash and one transaction, whatever comes in. The hash is computed first and outside; all is decided in the
 * transaction, on what is on record then: however many try at once, no more than ten wrong ones count.
 *
 * @throws TillsyncError as `Accounts.login`
 */
export async function login(context: AccountsContext, given: Login): Promise<Session> {
  const { store, passwords, log } = context;
  const keys = await context.keyFile.find(store);
  const account = keys === undefined ? undefined : await findProvable(store, keys, given.name);
  const isRight = await passwords.isPasswordOf(account?.hash, given.password, keys?.passwords ?? NO_SECRET);
  const provenHash = isRight ? account?.hash : undefined;
  const origin = toOrigin(given.origin);
  const answer = await transact(store, (tx) => decide(context, tx, keys, { ...given, origin }, provenHash));
  if ("code" in answer) {
    log.warn({ code: answer.code, account: account?.name ?? NOBODY, origin }, "login refused");
    throw new TillsyncError(answer.code);
  }
  log.info({ account: answer.session.account, origin }, "logged in");
  if (keys !== undefined && provenHash !== undefined) await strengthen(context, keys, given, provenHash);
  return answer.session;
}

/** What stands in an altered row is not even hashed. */
async function findProvable(store: Store, keys: AccountKeys, name: string): Promise<Account | undefined> {
  const found = isAccountName(name) ? await readAccount(store, keys, name) : undefined;
  return found?.isAltered === false ? found.row : undefined;
}

/** @param provenHash the hash that the password was found to be right for */
async function decide(
  context: AccountsContext,
  tx: Tx,
  keys: AccountKeys | undefined,
  { name, code, origin }: Login,
  provenHash: string | undefined,
): Promise<Answer> {
  const now = context.now();
  const account = keys === undefined || !isAccountName(name) ? undefined : await readWhole(context, tx, keys, name);
  if (keys === undefined || account === undefined) {
    await noteStranger(tx, now);
    return { code: "LOGIN_FAILED" };
  }
  const { totp, lastStep, hash } = account;
  const step = totp === null ? undefined : findStep(keys, name, totp, { code, now, lastStep });
  const standing = { ...account, hasTotp: totp !== null };
  const judged = judgeLogin(standing, { isPassword: hash === provenHash, isCode: step !== undefined }, now);
  const tried = { ...account, ...judged.tries };
  if (judged.answer === "granted") {
    const granted = { ...tried, lastStep: step ?? lastStep, lastLoginAt: now };
    await writeAccount(tx, keys, granted);
    const token = await beginSession(context, tx, keys, name);
    await note(tx, now, "account.logged_in", name, { actor: name, detail: { origin } });
    return { session: { token, account: name, expiresAt: now + SESSION_S, isNew: isNewAccount(granted) } };
  }
  if (judged.isCounted) {
    await writeAccount(tx, keys, tried);
    await noteFailure(context, tx, name, judged, { origin });
  } else await noteStranger(tx, now);
  return { code: judged.answer === "locked" ? "ACCOUNT_LOCKED" : "LOGIN_FAILED" };
}

/** Hashes the password anew where hashes cost more by now. It can wait: the next login tries again. */
async function strengthen(
  { store, passwords, log }: AccountsContext,
  keys: AccountKeys,
  { name, password }: Login,
  hash: string,
): Promise<void> {
  if (!passwords.isOutdated(hash)) return;
  try {
    const stronger = await passwords.toHash(password, keys.passwords);
    await transact(store, async (tx) => {
      const found = await readAccount(tx, keys, name);
      if (found?.isAltered !== false || found.row.hash !== hash) return;
      await writeAccount(tx, keys, { ...found.row, hash: stronger });
    });
  } catch (error) {
    log.warn({ account: name, code: toErrorCode(error) }, "password not hashed anew");
  }
}
