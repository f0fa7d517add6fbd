import type { KeyRole, Role } from "../../domain/accounts/roles.ts";
import type { Act } from "../registry/act.ts";

export interface NewAccount {
  /** 1 to 32 of lower-case letters, digits, dot and hyphen. */
  readonly name: string;
  readonly role: Role;
  /** As people read it, at most 40 characters. */
  readonly displayName: string;
  /** Id in the trust policy; empty where there is none. Each belongs to one account at most. */
  readonly person: string;
  /** Numbers of merchants, for an agent; empty for everybody else. */
  readonly merchants: readonly string[];
}

export interface NewApiKey {
  /** As an account's name; never used again, not even after its revocation. */
  readonly name: string;
  readonly role: KeyRole;
  /** What it is good for; all merchants where empty, which an agent's key may not be. */
  readonly merchants: readonly string[];
  /** Seconds, at most a year. */
  readonly validS: number;
}

/** An account as administrators see it: no hash, no secret. Times in seconds. */
export interface AccountView {
  readonly name: string;
  readonly role: Role;
  readonly displayName: string;
  readonly person: string;
  readonly state: "active" | "disabled";
  /** In order; none for accounts that are no agent's. */
  readonly merchants: readonly string[];
  /** Until when no login succeeds; null where it is not locked. */
  readonly lockedUntil: number | null;
  readonly failures: number;
  readonly hasTotp: boolean;
  readonly mustChangePassword: boolean;
  readonly createdAt: number;
  readonly lastLoginAt: number | null;
  readonly sessions: number;
  /** Somebody wrote to the database past the service: nobody can log in to it. Add it anew. */
  readonly isAltered: boolean;
}

export interface ApiKeyView {
  readonly name: string;
  readonly role: KeyRole;
  readonly merchants: readonly string[];
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly isAltered: boolean;
}

/**
 * What administrators do to accounts and keys. Each act is in the ledger with who and why, and in force at once. All
 * throw KEY_FILE_INVALID and STORE_FAILED; all but `list`, `listKeys`, `add` and `addKey` throw NOT_FOUND where
 * there is none of that name; all that change an account throw STATE_CONFLICT where its row was altered.
 */
export interface Administration {
  /** In order of name. */
  list(): Promise<readonly AccountView[]>;
  show(name: string): Promise<AccountView>;
  /**
   * A new account, or one in the place of an altered one. The one-time password is told this once; it has to be
   * changed at the first login, and the second factor has to be set then.
   *
   * @throws TillsyncError FIELD_INVALID; MERCHANT_NUMBER_INVALID; STATE_CONFLICT where the name or the person is taken
   */
  add(account: NewAccount, act: Act): Promise<{ readonly password: string }>;
  /**
   * An account that is an agent's no more keeps no scope.
   *
   * @throws TillsyncError STATE_CONFLICT where it has that role
   */
  setRole(name: string, role: Role, act: Act): Promise<void>;
  /**
   * The merchants of an agent, instead of those before.
   *
   * @throws TillsyncError STATE_CONFLICT for others; MERCHANT_NUMBER_INVALID, FIELD_INVALID
   */
  setScope(name: string, merchants: readonly string[], act: Act): Promise<void>;
  /** Ends its sessions; nobody logs in to it. @throws TillsyncError STATE_CONFLICT where it is so already */
  disable(name: string, act: Act): Promise<void>;
  /** @throws TillsyncError STATE_CONFLICT where it is so already */
  enable(name: string, act: Act): Promise<void>;
  /** Forgets its wrong tries. @throws TillsyncError STATE_CONFLICT where it is not locked */
  unlock(name: string, act: Act): Promise<void>;
  /**
   * A new one-time password, told this once; ends its sessions and its lock. The second factor stays.
   *
   * @throws TillsyncError RATE_LIMITED
   */
  resetPassword(name: string, act: Act): Promise<{ readonly password: string }>;
  /**
   * A new second factor at once, told this once as an `otpauth:` URI; ends its sessions. For where the person stands
   * by.
   */
  enrolTotp(name: string, act: Act): Promise<{ readonly uri: string }>;
  /**
   * The person has to set a new one at the next login; ends its sessions.
   *
   * @throws TillsyncError STATE_CONFLICT where it has none
   */
  removeTotp(name: string, act: Act): Promise<void>;
  /** In order of name, revoked ones, too. */
  listKeys(): Promise<readonly ApiKeyView[]>;
  /**
   * A key for a program; told this once: `ts_k_` and 43 characters.
   *
   * @throws TillsyncError FIELD_INVALID, MERCHANT_NUMBER_INVALID; STATE_CONFLICT where there is or was one of that name
   */
  addKey(key: NewApiKey, act: Act): Promise<{ readonly key: string; readonly expiresAt: number }>;
  /** @throws TillsyncError STATE_CONFLICT where it is so already */
  revokeKey(name: string, act: Act): Promise<void>;
}
