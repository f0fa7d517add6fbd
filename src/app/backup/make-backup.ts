import { existsSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toFrontierRoot } from "../../../proto/tree.ts";
import { findLastMigration, writeSnapshot } from "../../store/backup.ts";
import { appendEntries, findFrontier } from "../../store/ledger.ts";
import { openStore, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import type { DataFolder } from "../data-folder.ts";
import type { IdentitySettings } from "../identity/settings.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";
import { encrypt } from "./age.ts";
import { toArchive } from "./archive.ts";
import { DATABASE, type FoundFile, isSameMoment, listFiles, readDigest, TEMPORARY } from "./list-files.ts";
import { type Backup, MANIFEST, MAX_FILES, toBackupLine, toFileLine } from "./manifest.ts";
import { writeOutput } from "./output-file.ts";
import { withScratch } from "./scratch.ts";

const SECRET = 0o600;
/** Whoever changes keys or settings meanwhile is waited for so often. */
const MAX_TRIES = 4;
const LINES_AT_ONCE = 1_000;
const PREFIX = "backup-";
const SUBJECT = "backup";

export interface BackupOptions {
  readonly folder: DataFolder;
  readonly settings: IdentitySettings;
  /** Path of the backup; never in the data folder. */
  readonly to: string;
  /** As `parseRecipients` gives them. */
  readonly recipients: readonly string[];
  /** Takes the place of a file that is there. */
  readonly force: boolean;
  /** Of Tillsync. */
  readonly version: string;
  readonly act: Act;
}

export interface MadeBackup extends Backup {
  /** Size of the encrypted file. */
  readonly bytes: number;
  /** SHA-256 of the encrypted file. */
  readonly digest: Uint8Array;
  /** Files that the settings name outside the data folder: they are not in the backup. */
  readonly outside: readonly string[];
}

/**
 * Backs the whole service up while it and others go on writing. The database is that of one moment; what lies beside it is
 * not older, and its keys are those that the database was sealed under. Durable when it resolves, with an entry in the
 * ledger; nothing is left behind where it throws.
 *
 * @throws TillsyncError CONFIG_INVALID; KEY_INVALID; DATA_FOLDER_INVALID; STATE_CONFLICT where keys or settings changed
 *   again and again; STORE_FAILED
 */
export async function makeBackup(context: Context, options: BackupOptions): Promise<MadeBackup> {
  const { folder, to, recipients, force } = options;
  checkTarget(to, folder.path, force);
  return await withScratch(join(folder.path, TEMPORARY), PREFIX, async (scratch) => {
    const { backup, files } = await stage(context, options, scratch);
    const written = await writeOutput(to, encrypt(recipients, toArchive(files)), force);
    const made = { ...backup, ...written, outside: listOutside(options) };
    await note(context, options, made);
    context.log.info({ bytes: made.bytes, files: made.files, ledger: made.ledger.size }, "backup made");
    return made;
  });
}

function checkTarget(to: string, folder: string, force: boolean): void {
  const path = resolve(to);
  const way = relative(folder, path);
  // Each backup would hold those before it.
  if (!way.startsWith(".."))
    throw new TillsyncError("CONFIG_INVALID", { file: to, expected: "outside the data folder" });
  if (existsSync(path) && !force) {
    throw new TillsyncError("CONFIG_INVALID", { exists: to, expected: "a new file, or --force" });
  }
}

interface Staged {
  readonly backup: Backup;
  /** The manifest first. */
  readonly files: readonly FoundFile[];
}

async function stage(context: Context, { folder, version }: BackupOptions, scratch: string): Promise<Staged> {
  const snapshot = join(scratch, DATABASE);
  const beside = await takeMoment(folder, snapshot);
  const at = context.now();
  const { ledger, migration } = await readHead(snapshot);
  const database = { path: DATABASE, mode: SECRET, source: snapshot, ...(await readDigest(snapshot)) };
  const files = [...beside, database].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length > MAX_FILES)
    throw new TillsyncError("DATA_FOLDER_INVALID", { files: files.length, most: MAX_FILES });
  const backup: Backup = { tillsync: version, at, ledger, migration, files: files.length };
  const source = join(scratch, MANIFEST);
  await writeManifest(source, backup, files);
  const manifest = { path: MANIFEST, mode: SECRET, source, ...(await readDigest(source)) };
  return { backup, files: [manifest, ...files] };
}

async function readHead(snapshot: string): Promise<Pick<Backup, "ledger" | "migration">> {
  const store = await openStore(snapshot);
  try {
    const frontier = await findFrontier(store);
    const ledger = { size: frontier.size, root: toFrontierRoot(frontier) };
    return { ledger, migration: await findLastMigration(store) };
  } finally {
    await store.destroy();
  }
}

async function writeManifest(path: string, backup: Backup, files: readonly FoundFile[]): Promise<void> {
  const manifest = await open(path, "wx", SECRET);
  try {
    await manifest.appendFile(toBackupLine(backup));
    for (let start = 0; start < files.length; start += LINES_AT_ONCE) {
      await manifest.appendFile(
        files
          .slice(start, start + LINES_AT_ONCE)
          .map(toFileLine)
          .join(""),
      );
    }
  } finally {
    await manifest.close();
  }
}

/** The database first and what lies beside it after: a row never names a file that is not there. */
async function takeMoment(folder: DataFolder, snapshot: string): Promise<readonly FoundFile[]> {
  let before = await listFiles(folder.path);
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    await rm(snapshot, { force: true });
    await (await open(snapshot, "wx", SECRET)).close();
    await writeSnapshot(folder.database, snapshot);
    const after = await listFiles(folder.path);
    // Keys that changed meanwhile may not be those that the database of that moment needs.
    if (isSameMoment(before, after)) return after;
    before = after;
  }
  throw new TillsyncError("STATE_CONFLICT", { expected: "keys and settings that nobody changes meanwhile" });
}

function listOutside({ folder, settings: { snKeyFile, registry } }: BackupOptions): readonly string[] {
  const named = [snKeyFile, registry?.caFile, registry?.tokenFile].filter((path) => path !== undefined);
  return named.filter((path) => relative(folder.path, path).startsWith("..") && existsSync(path));
}

async function note({ store, now }: Context, { act, recipients }: BackupOptions, made: MadeBackup): Promise<void> {
  const { bytes, digest, ledger, files } = made;
  const detail = { bytes, files, ledger: ledger.size, root: toHex(ledger.root), recipients: recipients.length };
  const fields = { actor: act.actor, digest, detail: { ...detail, reason: act.reason } };
  await transact(store, (tx) => appendEntries(tx, [toEntry(now(), "backup.made", SUBJECT, fields)]));
}
