import type { KeyRole, Role } from "../domain/accounts/roles.ts";

// Rows of accounts; `schema.ts` holds the others and the rules for all. Each row that gives somebody anything carries a
// code over all of it (HMAC-SHA-256 under the accounts' key file), so that one written past the service is seen.

export interface AccountRow {
  readonly name: string;
  readonly role: Role;
  readonly displayName: string;
  /** Id in the trust policy; empty where there is none. */
  readonly person: string;
  readonly state: "active" | "disabled";
  /** argon2id in encoded form, keyed besides by the key file. */
  readonly hash: string;
  /** Of the passwords before, the newest first; a JSON array. */
  readonly formerHashes: string;
  /** The password is a one-time one. */
  readonly mustChange: 0 | 1;
  readonly failures: number;
  readonly lockedAt: number | null;
  /** Sealed TOTP secret; null where there is no second factor yet. */
  readonly totp: Uint8Array | null;
  /** The one that was begun; it takes the other's place when a code of it was seen. */
  readonly totpNext: Uint8Array | null;
  /** Step of the last code that was taken. */
  readonly lastStep: number;
  readonly createdAt: number;
  readonly lastLoginAt: number | null;
  readonly mac: Uint8Array;
}

/** A merchant that an agent or a key may meet. `holder` is an account's name, or `key:` and a key's. */
export interface AccountMerchantRow {
  readonly holder: string;
  readonly merchantNumber: string;
}

/** A session that is not over, or was not when it was last looked at. */
export interface SessionRow {
  /** SHA-256 of the token. */
  readonly digest: Uint8Array;
  readonly account: string;
  readonly createdAt: number;
  readonly lastSeen: number;
  readonly mac: Uint8Array;
}

export interface ApiKeyRow {
  readonly name: string;
  /** SHA-256 of the key. */
  readonly digest: Uint8Array;
  readonly role: KeyRole;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly mac: Uint8Array;
}

/** The only row: tries that were nobody's, and are told in the ledger together. */
export interface StrangerRow {
  readonly id: 1;
  readonly count: number;
  /** When they were told last. */
  readonly toldAt: number;
}

export interface AccountsTables {
  accounts: AccountRow;
  accountMerchants: AccountMerchantRow;
  sessions: SessionRow;
  apiKeys: ApiKeyRow;
  accountStrangers: StrangerRow;
}
