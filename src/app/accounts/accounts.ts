import type { Actor } from "../../domain/accounts/actor.ts";
import type { Administration } from "./administration.ts";

/** A session as it begins. Its token is told this once: only a digest of it is kept. */
export interface Session {
  /** `ts_s_` and 43 characters; for `Authorization: Bearer`. */
  readonly token: string;
  readonly account: string;
  /** When it ends at the latest, in seconds; sooner after 15 minutes without a request. */
  readonly expiresAt: number;
  /** It is good for `account.own` alone, until a password is chosen and the second factor is set. */
  readonly isNew: boolean;
}

export interface Login {
  readonly name: string;
  readonly password: string;
  /** Six digits; empty where the account has no second factor yet. */
  readonly code: string;
  /** Address that it comes from, for the ledger. */
  readonly origin: string;
}

/**
 * People's accounts and programs' API keys. Whoever the service answers is authenticated here at each request, and then
 * held against `RIGHTS` and his scope: a role taken away, an account disabled or a key revoked counts from the next
 * request on, in whatever process it was done.
 */
export interface Accounts {
  /**
   * Begins a session. Any wrong name, password or code is the same LOGIN_FAILED and takes the same work.
   *
   * @throws TillsyncError LOGIN_FAILED; ACCOUNT_LOCKED for whoever gave everything right while the account is
   *   locked, and nobody else; RATE_LIMITED where too many log in at once; KEY_FILE_INVALID, STORE_FAILED
   */
  login(login: Login): Promise<Session>;
  /**
   * Who the bearer of a session's token or of an API key is. Each call keeps the session from ending over idleness.
   *
   * @param bearer what follows `Bearer ` in the header, unread
   * @throws TillsyncError NOT_AUTHENTICATED; KEY_FILE_INVALID, STORE_FAILED
   */
  authenticate(bearer: string): Promise<Actor>;
  /**
   * As `authenticate`, for what goes on without the person: it keeps no session from ending over idleness.
   *
   * @throws TillsyncError as `authenticate`
   */
  watch(bearer: string): Promise<Actor>;
  /**
   * Ends the session; one that is over already stays so.
   *
   * @throws TillsyncError NOT_AUTHENTICATED for what is no token, STORE_FAILED
   */
  logout(bearer: string): Promise<void>;
  /**
   * Of one's own account. Every other session of it ends.
   *
   * @throws TillsyncError NOT_AUTHENTICATED; LOGIN_FAILED where `password` is not the present one, which counts as a
   *   wrong try; ACCOUNT_LOCKED; PASSWORD_WEAK with the rule as `expected`; RATE_LIMITED, KEY_FILE_INVALID,
   *   STORE_FAILED
   */
  changePassword(bearer: string, password: string, next: string): Promise<void>;
  /**
   * A new second factor for one's own account, which counts once `confirmTotp` has seen a code of it. The `otpauth:`
   * URI is told this once: it is the secret.
   *
   * @throws TillsyncError as `changePassword`, but for PASSWORD_WEAK
   */
  beginTotp(bearer: string, password: string): Promise<{ readonly uri: string }>;
  /**
   * Takes the begun factor into use in the former one's place. Every other session of the account ends.
   *
   * @throws TillsyncError NOT_AUTHENTICATED; STATE_CONFLICT where none was begun; LOGIN_FAILED for a wrong code,
   *   which counts as a wrong try; ACCOUNT_LOCKED; KEY_FILE_INVALID, STORE_FAILED
   */
  confirmTotp(bearer: string, code: string): Promise<void>;
  /** What administrators do; `accounts.write` (and `accounts.read`) is the caller's to check. */
  readonly administration: Administration;
  /** Ends the thread that passwords are hashed on. */
  close(): Promise<void>;
}
