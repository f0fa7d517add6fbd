import { TillsyncError } from "../../proto/errors.ts";

/** PCI DSS 8.3.6. */
export const MIN_PASSPHRASE_CHARACTERS = 12;
export const MAX_PASSPHRASE_CHARACTERS = 256;

/** Whether a text is long enough to protect a key, and one line that can be typed. */
export function isPassphrase(text: string): boolean {
  const { length } = [...toNormal(text)];
  return length >= MIN_PASSPHRASE_CHARACTERS && length <= MAX_PASSPHRASE_CHARACTERS && !/\p{Cc}/u.test(text);
}

/**
 * For a new key. The error tells nothing of the text.
 *
 * @throws TillsyncError CONFIG_INVALID
 */
export function checkPassphrase(text: string): string {
  if (isPassphrase(text)) return text;
  const expected = `a passphrase of ${MIN_PASSPHRASE_CHARACTERS} to ${MAX_PASSPHRASE_CHARACTERS} characters in one line`;
  throw new TillsyncError("CONFIG_INVALID", { expected });
}

/** What a key is derived from: NFC, so that another keyboard or input method gives the same bytes. */
export function toPassphraseBytes(text: string): Buffer {
  return Buffer.from(toNormal(text), "utf8");
}

function toNormal(text: string): string {
  return text.normalize("NFC");
}
