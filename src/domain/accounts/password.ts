import { TillsyncError } from "../../../proto/errors.ts";

/** PCI DSS 8.3.6. Longer ones are refused, so that nobody makes us hash a book. */
export const MIN_PASSWORD_CHARACTERS = 12;
export const MAX_PASSWORD_CHARACTERS = 128;
/** UTF-16 units: characters outside the first plane take two, and NFC may make one character of several. */
const MAX_UNITS = 4 * MAX_PASSWORD_CHARACTERS;
/** The present password and those before it that may not be chosen again (PCI DSS 8.3.7). */
export const REMEMBERED_PASSWORDS = 4;
/** Shorter names are part of too many words. */
const MIN_NAME_CHARACTERS = 3;

/**
 * What is hashed: NFC, so that another keyboard or input method gives the same bytes. Undefined where it is longer
 * than any password.
 */
export function toPasswordBytes(password: string): Uint8Array | undefined {
  const text = toNormal(password);
  return text === undefined ? undefined : Buffer.from(text, "utf8");
}

/**
 * For a new password. The error tells nothing of it but the rule that it breaks.
 *
 * @throws TillsyncError PASSWORD_WEAK
 */
export function checkPassword(password: string, accountName: string): void {
  const text = toNormal(password);
  if (text === undefined || [...text].length < MIN_PASSWORD_CHARACTERS) {
    throw toWeak(`${MIN_PASSWORD_CHARACTERS} to ${MAX_PASSWORD_CHARACTERS} characters`);
  }
  if (/\p{C}/u.test(text)) throw toWeak("characters that can be typed");
  if (!/\p{L}/u.test(text) || !/\p{Nd}/u.test(text)) throw toWeak("letters and digits");
  if (accountName.length >= MIN_NAME_CHARACTERS && text.toLowerCase().includes(accountName)) {
    throw toWeak("nothing with the account's name in it");
  }
}

/** For whoever has found a password to be an old one. */
export function toWeak(expected: string): TillsyncError {
  return new TillsyncError("PASSWORD_WEAK", { expected });
}

/** The hashes to keep beside a new password's: the newest first. */
export function toFormerHashes(hash: string, former: readonly string[]): readonly string[] {
  return [hash, ...former].slice(0, REMEMBERED_PASSWORDS - 1);
}

function toNormal(password: string): string | undefined {
  if (password.length > MAX_UNITS) return undefined;
  const text = password.normalize("NFC");
  return [...text].length > MAX_PASSWORD_CHARACTERS ? undefined : text;
}
