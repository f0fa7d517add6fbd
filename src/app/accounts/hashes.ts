import type { AccountKey, AccountKeys } from "./account-key.ts";
import type { Passwords } from "./passwords.ts";

// Hashes of passwords as they stand in rows: the id of the key that they are keyed by, and what argon2 encodes, which
// begins with a dollar sign. Those from before keys were rotated have no id, and are keyed by the oldest key of the file:
// a rotation gives every one its id before that key goes.

const END_OF_ID = "$";

interface StoredHash {
  readonly keyId: string;
  readonly encoded: string;
}

/** A new hash of a password. @throws TillsyncError RATE_LIMITED, INTERNAL */
export async function hashPassword(passwords: Passwords, { current }: AccountKeys, password: string): Promise<string> {
  return current.id + (await passwords.toHash(password, current.passwords));
}

/**
 * As `Passwords.isPasswordOf`; false where the key of the hash is gone, after the same work.
 *
 * @throws TillsyncError RATE_LIMITED, INTERNAL
 */
export function isPassword(
  passwords: Passwords,
  { current, held }: AccountKeys,
  stored: string | undefined,
  password: string,
): Promise<boolean> {
  const { keyId, encoded } = parseStored(stored ?? "");
  const key = stored === undefined ? undefined : held.find(({ id }) => id === keyId);
  return passwords.isPasswordOf(key === undefined ? undefined : encoded, password, (key ?? current).passwords);
}

/** Whether it would cost more or be keyed otherwise if it were made now. */
export function isOutdated(passwords: Passwords, { current }: AccountKeys, stored: string): boolean {
  const { keyId, encoded } = parseStored(stored);
  return keyId !== current.id || passwords.isOutdated(encoded);
}

/** With its id, whether it had one or not. */
export function withKeyId([oldest]: readonly AccountKey[], stored: string): string {
  return stored.startsWith(END_OF_ID) ? `${oldest?.id ?? ""}${stored}` : stored;
}

/** Of a hash that has one. */
export function toKeyId(stored: string): string {
  return parseStored(stored).keyId;
}

function parseStored(stored: string): StoredHash {
  const end = Math.max(0, stored.indexOf(END_OF_ID));
  return { keyId: stored.slice(0, end), encoded: stored.slice(end) };
}
