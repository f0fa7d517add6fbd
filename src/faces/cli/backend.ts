import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { TillsyncError } from "../../../proto/errors.ts";
import { readDataFolder } from "../../app/data-folder.ts";
import { readIdentitySettings } from "../../app/identity/settings.ts";
import { openTrust } from "../../app/trust-files.ts";
import type { Log } from "../../log.ts";
import { openStore } from "../../store/store.ts";
import type { Backend } from "./ports.ts";

/**
 * Opens what a command works on.
 *
 * @param now current time in seconds
 * @throws TillsyncError DATA_FOLDER_INVALID where there is no data folder yet
 */
export async function openBackend(data: string, now: () => number, log: Log): Promise<Backend> {
  if (!existsSync(data)) throw new TillsyncError("DATA_FOLDER_INVALID", { missing: data });
  const folder = readDataFolder(data);
  const trust = await openTrust(folder.trust);
  const store = await openStore(folder.database);
  const settings = readIdentitySettings(folder.path);
  const context = { store, now, randomBytes, log, identity: settings.policy };
  return { context, folder, settings, trust, close: () => store.destroy() };
}
