import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { judgeLogin } from "../../domain/accounts/login.ts";
import { isAccountName } from "../../domain/accounts/names.ts";
import { SESSION_S } from "../../domain/accounts/session.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { AccountKeys } from "./account-key.ts";
import type { Login, Session } from "./accounts.ts";
import type { AccountsContext } from "./context.ts";
import { hashPassword, isOutdated, isPassword } from "./hashes.ts";
import { note, noteFailure, noteStranger, toOrigin } from "./notes.ts";
import { type Account, readAccount, readWhole, writeAccount } from "./rows.ts";
import { beginSession, isNewAccount, LOOKS } from "./sessions.ts";
import { findStep } from "./totp.ts";

/** Hashes of nobody's are computed by it where there is no key yet. */
const NO_KEY = { id: "", rows: new Uint8Array(0), totp: new Uint8Array(0), passwords: new Uint8Array(32) };
const NO_KEYS: AccountKeys = { current: NO_KEY, held: [] };
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
  const { keys = NO_KEYS, account } = await findProvable(context, given.name);
  const isRight = await isPassword(passwords, keys, account?.hash, given.password);
  const provenHash = isRight ? account?.hash : undefined;
  const origin = toOrigin(given.origin);
  const answer = await transact(store, (tx) => decide(context, tx, { ...given, origin }, provenHash));
  if ("code" in answer) {
    log.warn({ code: answer.code, account: account?.name ?? NOBODY, origin }, "login refused");
    throw new TillsyncError(answer.code);
  }
  log.info({ account: answer.session.account, origin }, "logged in");
  if (provenHash !== undefined) await strengthen(context, keys, given, provenHash);
  return answer.session;
}

interface Provable {
  readonly keys: AccountKeys | undefined;
  readonly account?: Account;
}

/** What stands in an altered row is not even hashed. */
async function findProvable({ store, keyFile }: AccountsContext, name: string): Promise<Provable> {
  for (let tries = 1; ; tries += 1) {
    const keys = await keyFile.find(store);
    const found = keys === undefined || !isAccountName(name) ? undefined : await readAccount(store, keys, name);
    if (found?.isAltered === false) return { keys, account: found.row };
    if (found === undefined || tries === LOOKS) return { keys };
  }
}

/** @param provenHash the hash that the password was found to be right for */
async function decide(
  context: AccountsContext,
  tx: Tx,
  { name, code, origin }: Login,
  provenHash: string | undefined,
): Promise<Answer> {
  const now = context.now();
  const keys = await context.keyFile.find(tx);
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

/** Hashes the password anew where hashes cost more or have another key by now. It can wait: the next login tries again. */
async function strengthen(
  { store, keyFile, passwords, log }: AccountsContext,
  keys: AccountKeys,
  { name, password }: Login,
  hash: string,
): Promise<void> {
  if (!isOutdated(passwords, keys, hash)) return;
  try {
    const stronger = await hashPassword(passwords, keys, password);
    await transact(store, async (tx) => {
      const present = await keyFile.find(tx);
      const found = present === undefined ? undefined : await readAccount(tx, present, name);
      if (present === undefined || found?.isAltered !== false || found.row.hash !== hash) return;
      await writeAccount(tx, present, { ...found.row, hash: stronger });
    });
  } catch (error) {
    log.warn({ account: name, code: toErrorCode(error) }, "password not hashed anew");
  }
}
