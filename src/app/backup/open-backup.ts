import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { isEqual, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { verifyIntegrity } from "../../store/backup.ts";
import { openStore } from "../../store/store.ts";
import { verifyLedger } from "../queries/ledger.ts";
import { decrypt } from "./age.ts";
import type { Backup } from "./manifest.ts";
import { type ArchiveOptions, readArchive } from "./read-archive.ts";

export interface BackupSource {
  /** Path of the backup. */
  readonly file: string;
  /** As `parseIdentities` gives them. */
  readonly identities: readonly string[];
  /** SHA-256 that the encrypted file must have, where it is known: the ledger's entry of the backup tells it. */
  readonly expected?: Uint8Array;
}

export interface OpenedBackup extends Backup {
  /** SHA-256 of the encrypted file. */
  readonly digest: Uint8Array;
}

/**
 * Decrypts a backup and reads it to its end.
 *
 * @throws TillsyncError CONFIG_INVALID where it cannot be read; BACKUP_INVALID; whatever `decrypt` and `readArchive` throw
 */
export async function openBackup(source: BackupSource, options: ArchiveOptions): Promise<OpenedBackup> {
  const hash = createHash("sha256");
  await verifyReadable(source.file);
  const backup = await readArchive(decrypt(source.identities, readHashed(source.file, hash)), options);
  const digest = hash.digest();
  if (source.expected !== undefined && !isEqual(digest, source.expected)) {
    throw new TillsyncError("BACKUP_INVALID", { expected: toHex(source.expected), sha256: toHex(digest) });
  }
  return { ...backup, digest };
}

/**
 * Checks a database that came out of a backup: every page and reference, and the ledger from its first entry to the head
 * that the manifest tells. Brings it up to this version.
 *
 * @throws TillsyncError BACKUP_INVALID, SCHEMA_TOO_NEW
 */
export async function verifyDatabase(path: string, { ledger }: Backup): Promise<void> {
  try {
    const store = await openStore(path);
    try {
      await verifyIntegrity(store);
      const { size, root, firstBad } = await verifyLedger(store);
      if (firstBad !== undefined) throw new TillsyncError("BACKUP_INVALID", { ledger: "altered", firstBad });
      const isSame = size === ledger.size && isEqual(root, ledger.root);
      if (!isSame) throw new TillsyncError("BACKUP_INVALID", { ledger: "another than the manifest's", size });
    } finally {
      await store.destroy();
    }
  } catch (error) {
    if (!(error instanceof TillsyncError) || error.code !== "STORE_FAILED") throw error;
    throw new TillsyncError("BACKUP_INVALID", { expected: "a sound database" }, error);
  }
}

async function verifyReadable(file: string): Promise<void> {
  try {
    await (await open(file, "r")).close();
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  }
}

async function* readHashed(file: string, hash: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer);
    yield chunk as Buffer;
  }
}
