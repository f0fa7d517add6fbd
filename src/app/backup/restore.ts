import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { openEnvelope } from "../../../certs/attestation/envelope.ts";
import { parseAttestation } from "../../../certs/attestation/format.ts";
import { PAYLOAD_TYPES } from "../../../proto/dsse.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { openStore } from "../../store/store.ts";
import { toAccountKeyFile } from "../accounts/account-key.ts";
import { readDataFolder } from "../data-folder.ts";
import { syncFolder } from "../durable-file.ts";
import { readIdentitySettings } from "../identity/settings.ts";
import type { Act } from "../registry/act.ts";
import { DATABASE } from "./list-files.ts";
import type { LedgerHead } from "./manifest.ts";
import { markRestored, type RestoreCounts } from "./mark-restored.ts";
import { type BackupSource, type OpenedBackup, openBackup, verifyDatabase } from "./open-backup.ts";
import { renewAhead } from "./renew-ahead.ts";
import { withScratch } from "./scratch.ts";

const OWNER_ONLY = 0o700;
const DATA = "data";

export interface RestoreOptions extends BackupSource {
  /** Data folder to make: nothing is there, or an empty folder. */
  readonly target: string;
  /** Closes directives that waited at the backup. */
  readonly closeWaiting: boolean;
  /** A signed attestation that was issued later: it proves how long the ledger was by then. */
  readonly attestation?: Uint8Array;
  readonly act: Act;
  /** Seconds. */
  now(): number;
}

export interface Restored extends OpenedBackup {
  readonly counts: RestoreCounts;
  /** The head that the attestation proves, where it is ahead of the backup's. */
  readonly seen?: LedgerHead;
}

/**
 * Makes a data folder from a backup: written beside, checked whole, and only then given its name. Killed at whatever
 * moment, there is a whole data folder or none; what is left beside it is removed by the next one. Durable when it
 * resolves.
 *
 * @throws TillsyncError CONFIG_INVALID where something is at the target; BACKUP_INVALID, SCHEMA_TOO_NEW; KEY_INVALID;
 *   ATTESTATION_INVALID; DATA_FOLDER_INVALID where it cannot be written
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const target = resolve(options.target);
  await verifyFree(target);
  const parent = dirname(target);
  return await withScratch(parent, `.${basename(target)}.restoring-`, async (scratch) => {
    const restored = await fill(scratch, join(scratch, DATA), options);
    await claim(join(scratch, DATA), target);
    await syncFolder(parent);
    return restored;
  });
}

async function fill(scratch: string, data: string, options: RestoreOptions): Promise<Restored> {
  const { now, act, closeWaiting } = options;
  await mkdir(data, { mode: OWNER_ONLY });
  const backup = await openBackup(options, { scratch, keep: (path) => join(data, path) });
  await verifyDatabase(join(data, DATABASE), backup);
  const root = await verifyFolder(data, now());
  const head = options.attestation === undefined ? undefined : readHead(options.attestation, root);
  const seen = head === undefined || head.size <= backup.ledger.size ? {} : { seen: head };
  const store = await openStore(join(data, DATABASE));
  try {
    const { at: backupAt, digest, ledger } = backup;
    const accountKeyFile = toAccountKeyFile(data);
    const facts = { backupAt, digest, ledger, closeWaiting, accountKeyFile, act, ...seen };
    const counts = await markRestored({ store, now }, facts);
    return { ...backup, counts, ...seen };
  } finally {
    // Closing folds the write-ahead log back into the file.
    await store.destroy();
    await syncAll(data);
  }
}

/** A backup whose files are what they were, and were no data folder, is none either. */
async function verifyFolder(data: string, now: number): Promise<Uint8Array> {
  try {
    const { trust } = readDataFolder(data);
    readIdentitySettings(data);
    return await renewAhead(trust, now);
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    throw new TillsyncError("BACKUP_INVALID", { expected: "a sound data folder", why: error.code }, error);
  }
}

function readHead(attestation: Uint8Array, root: Uint8Array): LedgerHead {
  const { ledger } = parseAttestation(openEnvelope(attestation, root, PAYLOAD_TYPES.attestation).payload);
  return { size: ledger.size, root: Buffer.from(ledger.root, "hex") };
}

async function verifyFree(target: string): Promise<void> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw taken(target);
  });
  if (names.length > 0) throw taken(target);
}

async function claim(data: string, target: string): Promise<void> {
  try {
    await rename(data, target);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (existsSync(target)) throw taken(target);
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: target, cannot: "be written", why: code }, error);
  }
}

function taken(target: string): TillsyncError {
  const expected = "nothing there, or an empty folder that is no mount point";
  return new TillsyncError("CONFIG_INVALID", { exists: target, expected });
}

/** Makes the database, and every name in every folder, durable. */
async function syncAll(data: string): Promise<void> {
  const database = await open(join(data, DATABASE), "r+");
  await database.sync().finally(() => database.close());
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isDirectory())) await syncFolder(join(entry.parentPath, entry.name));
  await syncFolder(data);
}
