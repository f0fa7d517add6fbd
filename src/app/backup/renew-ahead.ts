import { join } from "node:path";
import { createTimestamp } from "../../../certs/trust/create.ts";
import { verifyTrust } from "../../../certs/trust/verify.ts";
import { toTimestampVersion } from "../../domain/restore.ts";
import { writeFileDurably } from "../durable-file.ts";
import { readOnlineKey } from "../trust/online-key.ts";
import { readHeldTrust } from "../trust/read-folder.ts";
import { PUBLIC_MODE, RENEW_AFTER_S } from "../trust-files.ts";

/**
 * Signs a timestamp above all that the service can have signed since the backup: terminals take no older one than they
 * hold, and would be stale within a day. Nobody else may use the folder.
 *
 * @param now seconds
 * @returns the root, by which what the service signed can be told
 * @throws TillsyncError DATA_FOLDER_INVALID, KEY_INVALID and whatever `verifyTrust` throws
 */
export async function renewAhead(folder: string, now: number): Promise<Uint8Array> {
  const { bundle, trust } = await readHeldTrust(folder);
  const key = await readOnlineKey(folder);
  const version = toTimestampVersion({ version: trust.versions.timestamp, issued: trust.issued }, now, RENEW_AFTER_S);
  const timestamp = createTimestamp([key], version, bundle.snapshot, trust.versions.snapshot, now);
  verifyTrust(trust.root, { ...bundle, timestamp }, trust.versions);
  await writeFileDurably(join(folder, "timestamp.json"), timestamp, PUBLIC_MODE);
  return trust.root;
}
