import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createBackupKey, encrypt, parseIdentities } from "../../src/app/backup/age.ts";
import { makeBackup } from "../../src/app/backup/make-backup.ts";
import { type RestoreOptions, restoreBackup } from "../../src/app/backup/restore.ts";
import type { Context } from "../../src/app/context.ts";
import { type DataFolder, readDataFolder } from "../../src/app/data-folder.ts";
import { readIdentitySettings } from "../../src/app/identity/settings.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openLog } from "../../src/log.ts";
import { openStore } from "../../src/store/store.ts";
import { makeDataFolder } from "./data-folder.ts";
import { makeFolder } from "./fleet-store.ts";

/** A service at rest in a folder of its own, with a key for its backups. */
export interface BackedUp {
  /** Holds the data folder `data`, and everything else of the test. */
  readonly home: string;
  readonly folder: DataFolder;
  readonly context: Context;
  readonly recipient: string;
  readonly identities: readonly string[];
  /** Makes a backup of this name in `home`; gives its path. */
  back(name?: string, force?: boolean): Promise<string>;
  /** Restores a backup into the folder `restored` of `home`. */
  restore(file: string, change?: Partial<RestoreOptions>): ReturnType<typeof restoreBackup>;
  readonly target: string;
}

export const ACT = { actor: "wang.li", reason: "a drill" };
export const BACKUP_AT = 1_800_000_000;

export async function openBackedUp(): Promise<BackedUp> {
  const home = makeFolder();
  await makeDataFolder(join(home, "data"));
  const folder = readDataFolder(join(home, "data"));
  const store = await openStore(folder.database);
  onTestFinished(() => store.destroy());
  const log = openLog("error", { write: () => {} });
  const context = { store, now: () => BACKUP_AT, randomBytes, log, identity: DEFAULT_IDENTITY_POLICY };
  const { recipient, text } = await createBackupKey(BACKUP_AT);
  const identities = parseIdentities(text);
  const target = join(home, "restored");
  return {
    ...{ home, folder, context, recipient, identities, target },
    back: async (name = "one.backup", force = false) => {
      const to = join(home, name);
      const settings = readIdentitySettings(folder.path);
      const options = { folder, settings, to, recipients: [recipient], force, version: "0.0.0", act: ACT };
      await makeBackup(context, options);
      return to;
    },
    restore: (file, change = {}) =>
      restoreBackup({ file, identities, target, closeWaiting: false, act: ACT, now: () => BACKUP_AT, ...change }),
  };
}

/** Encrypts whatever bytes for the recipient, as anybody can who has it. */
export async function sealFor(recipient: string, plain: Uint8Array, file: string): Promise<void> {
  const chunks: Uint8Array[] = [];
  async function* toPlain(): AsyncGenerator<Uint8Array> {
    yield plain;
  }
  for await (const chunk of encrypt([recipient], toPlain())) chunks.push(chunk);
  writeFileSync(file, Buffer.concat(chunks));
}
