import { tmpdir } from "node:os";
import { join } from "node:path";
import { DATABASE } from "./list-files.ts";
import { type BackupSource, type OpenedBackup, openBackup, verifyDatabase } from "./open-backup.ts";
import { withScratch } from "./scratch.ts";

const PREFIX = "tillsync-verify-";

/**
 * Checks everything in a backup and restores nothing: every digest, the whole database, the ledger from its first entry.
 *
 * @param within folder with room for the database, which is there in clear until this ends; the system's own where absent
 * @throws TillsyncError what `openBackup` and `verifyDatabase` throw
 */
export async function verifyBackup(source: BackupSource, within = tmpdir()): Promise<OpenedBackup> {
  return await withScratch(within, PREFIX, async (scratch) => {
    const database = join(scratch, DATABASE);
    const keep = (path: string) => (path === DATABASE ? database : undefined);
    const backup = await openBackup(source, { scratch, keep });
    await verifyDatabase(database, backup);
    return backup;
  });
}
