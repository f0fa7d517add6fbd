import { ReadableStream } from "node:stream/web";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { TillsyncError } from "../../../proto/errors.ts";

// The only file that meets age-encryption. Backups are age files (https://age-encryption.org/v1): the standard tool opens
// them, too. Whoever makes one needs the recipients alone.

const MAX_KEYS = 16;
export const MAX_KEY_FILE_BYTES = 65_536;
const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;
const IDENTITY = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;

export interface BackupKey {
  /** Public. */
  readonly recipient: string;
  /** The identity file's text, as the standard tool writes it. */
  readonly text: string;
}

/** A new X25519 identity. */
export async function createBackupKey(now: number): Promise<BackupKey> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const created = new Date(now * 1_000).toISOString();
  return { recipient, text: `# created: ${created}\n# public key: ${recipient}\n${identity}\n` };
}

/**
 * Recipients, one a line; empty lines and those that begin with # are left aside.
 *
 * @throws TillsyncError KEY_INVALID; nothing of the line is told: it may be an identity
 */
export function parseRecipients(text: string): readonly string[] {
  return parseKeys(text, RECIPIENT, "recipients, age1…");
}

/** As `parseRecipients`. @throws TillsyncError KEY_INVALID */
export function parseIdentities(text: string): readonly string[] {
  return parseKeys(text, IDENTITY, "identities, AGE-SECRET-KEY-1…");
}

/** @throws TillsyncError KEY_INVALID for a recipient that is none; whatever `plain` throws */
export async function* encrypt(
  recipients: readonly string[],
  plain: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) addKey(() => encrypter.addRecipient(recipient), "a recipient");
  yield* await encrypter.encrypt(ReadableStream.from(plain));
}

/**
 * What the file holds, piece by piece, each of which is proven; that it is whole is proven when there is no more.
 *
 * @throws TillsyncError KEY_INVALID; BACKUP_INVALID for a file that is none, is not for any of the identities, or is cut
 *   short or altered
 */
export async function* decrypt(
  identities: readonly string[],
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter();
  for (const identity of identities) addKey(() => decrypter.addIdentity(identity), "an identity");
  try {
    yield* await decrypter.decrypt(ReadableStream.from(sealed));
  } catch (cause) {
    if (cause instanceof TillsyncError) throw cause;
    throw new TillsyncError("BACKUP_INVALID", { expected: "a whole backup that is for this identity" }, cause);
  }
}

function parseKeys(text: string, form: RegExp, expected: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const keys = [...new Set(lines.filter((line) => line !== "" && !line.startsWith("#")))];
  const isSound = keys.length >= 1 && keys.length <= MAX_KEYS && keys.every((key) => form.test(key));
  if (!isSound) throw new TillsyncError("KEY_INVALID", { expected: `1 to ${MAX_KEYS} ${expected}` });
  return keys;
}

function addKey(add: () => void, expected: string): void {
  try {
    add();
  } catch {
    // Not kept as the cause: its message may quote what it was given.
    throw new TillsyncError("KEY_INVALID", { expected });
  }
}
