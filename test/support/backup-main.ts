import { restoreBackup } from "../../src/app/backup/restore.ts";
import { toEntry } from "../../src/app/ledger-entries.ts";
import { appendEntries } from "../../src/store/ledger.ts";
import { openStore, transact } from "../../src/store/store.ts";

// Processes of their own for tests of backups: one that writes to a database as fast as it can until it is killed, and
// one that restores and is killed where it asks for the time.

export type BackupProcess =
  | { readonly does: "write"; readonly database: string }
  | {
      readonly does: "restore";
      readonly file: string;
      readonly identities: readonly string[];
      readonly target: string;
      /** From 1; 0 for never. */
      readonly killAtTime: number;
    };

const config = JSON.parse(process.argv[2] ?? "") as BackupProcess;
if (config.does === "write") await write(config.database);
else await restore(config);

async function write(database: string): Promise<void> {
  const store = await openStore(database);
  for (let count = 1; ; count += 1) {
    const entries = [1, 2, 3].map((part) => toEntry(count, "keys.added", "keys", { detail: { count, part } }));
    await transact(store, (tx) => appendEntries(tx, entries));
    process.stdout.write(`${count * entries.length}\n`);
  }
}

async function restore({ killAtTime, ...options }: Extract<BackupProcess, { does: "restore" }>): Promise<void> {
  let left = killAtTime;
  const now = () => {
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
    return 1_800_000_000;
  };
  await restoreBackup({ ...options, now, closeWaiting: false, act: { actor: "wang", reason: "a drill" } });
}
