import { check, checkChoice } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { isLocked } from "../../domain/accounts/login.ts";
import { isAccountName, isDisplayName } from "../../domain/accounts/names.ts";
import { toFormerHashes } from "../../domain/accounts/password.ts";
import { ROLES } from "../../domain/accounts/roles.ts";
import { findAccount, findAccountOf, removeSessions } from "../../store/accounts.ts";
import { type Store, type Tx, transact } from "../../store/store.ts";
import { createToken } from "../enrolment/token.ts";
import type { EntryFields } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";
import type { AccountKeys } from "./account-key.ts";
import { listViews, readView } from "./account-view.ts";
import type { Administration, NewAccount } from "./administration.ts";
import type { AccountsContext } from "./context.ts";
import { hashPassword } from "./hashes.ts";
import { type AccountKind, note, toFields } from "./notes.ts";
import { type Account, readAccount, writeAccount } from "./rows.ts";
import { checkScope } from "./scope.ts";
import { createTotp } from "./totp.ts";

export type AccountActs = Omit<Administration, "listKeys" | "addKey" | "revokeKey">;

/** What an act makes of an account, and what the ledger is told of it besides. */
interface Step {
  readonly account: Account;
  readonly detail?: EntryFields["detail"];
  /** Whoever is logged in has to do so again. */
  readonly endsSessions?: boolean;
}

export function administerAccounts(context: AccountsContext): AccountActs {
  const { store, passwords, now } = context;

  const readKeys = async (db: Store = store): Promise<AccountKeys> => {
    const keys = await context.keyFile.find(db);
    if (keys === undefined) throw new TillsyncError("NOT_FOUND", { what: "account" });
    return keys;
  };
  const change = async (name: string, kind: AccountKind, act: Act, step: (account: Account) => Step): Promise<void> => {
    await transact(store, async (tx) => {
      const keys = await readKeys(tx);
      const { account, detail, endsSessions = false } = step(await readSound(tx, keys, name));
      await writeAccount(tx, keys, account);
      if (endsSessions) await removeSessions(tx, name);
      await note(tx, now(), kind, name, toFields(act, detail));
    });
  };
  const toOneTime = async (keys: AccountKeys) => {
    const password = createToken(context);
    return { password, hash: await hashPassword(passwords, keys, password) };
  };

  return {
    list: async () => {
      const keys = await context.keyFile.find(store);
      return keys === undefined ? [] : listViews(store, keys, now());
    },
    show: async (name) => {
      const keys = await readKeys();
      const row = await findAccount(store, name);
      if (row === undefined) throw notFound();
      return readView(store, keys, row, now());
    },
    add: async (account, act) => {
      const sound = parseNewAccount(account);
      const keys = await transact(store, (tx) => context.keyFile.need(tx, context));
      const { password, hash } = await toOneTime(keys);
      await transact(store, async (tx) =>
        addAccount(tx, await readKeys(tx), { ...sound, hash, createdAt: now() }, act),
      );
      return { password };
    },
    setRole: (name, role, act) =>
      change(name, "account.role_changed", act, (account) => {
        checkChoice(role, ROLES, "role");
        if (account.role === role) throw conflict("it has that role");
        const merchants = role === "agent" ? account.merchants : [];
        return { account: { ...account, role, merchants }, detail: { from: account.role, to: role } };
      }),
    setScope: (name, merchants, act) =>
      change(name, "account.scope_changed", act, (account) => {
        if (account.role !== "agent") throw conflict("only an agent has a scope");
        const scope = checkScope(merchants);
        return { account: { ...account, merchants: scope }, detail: toScopeDetail(account.merchants, scope) };
      }),
    disable: (name, act) =>
      change(name, "account.disabled", act, (account) => {
        if (account.state === "disabled") throw conflict("it is disabled");
        return { account: { ...account, state: "disabled" }, endsSessions: true };
      }),
    enable: (name, act) =>
      change(name, "account.enabled", act, (account) => {
        if (account.state === "active") throw conflict("it is active");
        return { account: { ...account, state: "active" } };
      }),
    unlock: (name, act) =>
      change(name, "account.unlocked", act, (account) => {
        if (!isLocked(account, now())) throw conflict("it is not locked");
        return { account: { ...account, failures: 0, lockedAt: null } };
      }),
    resetPassword: async (name, act) => {
      const keys = await readKeys();
      await readSound(store, keys, name);
      const { password, hash } = await toOneTime(keys);
      await change(name, "account.password_reset", act, (account) => {
        const formerHashes = JSON.stringify(toFormerHashes(account.hash, JSON.parse(account.formerHashes)));
        const reset = { ...account, hash, formerHashes, mustChange: 1, failures: 0, lockedAt: null } as const;
        return { account: reset, endsSessions: true };
      });
      return { password };
    },
    enrolTotp: async (name, act) => {
      const { sealed, uri } = createTotp(context, await readKeys(), name);
      await change(name, "account.totp_enrolled", act, (account) => ({
        account: { ...account, totp: sealed, totpNext: null, lastStep: -1 },
        endsSessions: true,
      }));
      return { uri };
    },
    removeTotp: (name, act) =>
      change(name, "account.totp_removed", act, (account) => {
        if (account.totp === null) throw conflict("it has no second factor");
        return { account: { ...account, totp: null, totpNext: null }, endsSessions: true };
      }),
  };
}

/** @throws TillsyncError NOT_FOUND; STATE_CONFLICT for an altered one: nothing of it is worth keeping */
async function readSound(db: Store, keys: AccountKeys, name: string): Promise<Account> {
  const found = await readAccount(db, keys, name);
  if (found === undefined) throw notFound();
  if (found.isAltered) throw conflict("altered past the service");
  return found.row;
}

function parseNewAccount({ name, role, displayName, person, merchants }: NewAccount): NewAccount {
  check(isAccountName(name), "name");
  check(isDisplayName(displayName), "displayName");
  check(person === "" || isAccountName(person), "person");
  checkChoice(role, ROLES, "role");
  check(role === "agent" || merchants.length === 0, "merchants");
  return { name, role, displayName, person, merchants: checkScope(merchants) };
}

async function addAccount(
  tx: Tx,
  keys: AccountKeys,
  added: NewAccount & Pick<Account, "hash" | "createdAt">,
  act: Act,
): Promise<void> {
  const { name, role, person, createdAt } = added;
  const former = await readAccount(tx, keys, name);
  if (former?.isAltered === false) throw new TillsyncError("STATE_CONFLICT", { account: name });
  const other = person === "" ? undefined : await findAccountOf(tx, person);
  if (other !== undefined && other.name !== name)
    throw new TillsyncError("STATE_CONFLICT", { person, account: other.name });
  await removeSessions(tx, name);
  await writeAccount(tx, keys, {
    ...added,
    ...{ state: "active", formerHashes: "[]", mustChange: 1, failures: 0, lockedAt: null, lastLoginAt: null },
    ...{ totp: null, totpNext: null, lastStep: -1 },
  });
  const detail = { role, person, replaced: former !== undefined, ...toScopeDetail([], added.merchants) };
  await note(tx, createdAt, "account.added", name, toFields(act, detail));
}

/** Numbers of merchants are long; the ledger is told how many, and which came and went as far as they fit. */
function toScopeDetail(before: readonly string[], after: readonly string[]): NonNullable<EntryFields["detail"]> {
  const added = after.filter((number) => !before.includes(number));
  const removed = before.filter((number) => !after.includes(number));
  return { merchants: after.length, came: toShown(added), went: toShown(removed) };
}

const MAX_SHOWN = 40;

function toShown(numbers: readonly string[]): string {
  const more = numbers.length > MAX_SHOWN ? ` and ${numbers.length - MAX_SHOWN} more` : "";
  return `${numbers.slice(0, MAX_SHOWN).join(" ")}${more}`;
}

function notFound(): TillsyncError {
  return new TillsyncError("NOT_FOUND", { what: "account" });
}

function conflict(what: string): TillsyncError {
  return new TillsyncError("STATE_CONFLICT", { what });
}
