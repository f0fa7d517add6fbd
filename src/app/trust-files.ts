import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createTimestamp } from "../../certs/trust/create.ts";
import { parseMetadata } from "../../certs/trust/metadata.ts";
import { type Trust, verifyTrust } from "../../certs/trust/verify.ts";
import { TRUST_FILES, type TrustBundle } from "../../proto/trust-bundle.ts";
import { writeFileDurably } from "./durable-file.ts";
import { toBundles } from "./trust/bundles.ts";
import { finishCommit } from "./trust/commit.ts";
import { withLock } from "./trust/lock.ts";
import { ONLINE_KEY_FILE, readOnlineKey, SECRET_MODE } from "./trust/online-key.ts";
import { findTrustFile, type HeldTrust, readHeldTrust, readNewerTrust, toRootFile } from "./trust/read-folder.ts";

// The trust folder: every root version as root.N.json, the newest as root.json, timestamp.json, snapshot.json,
// targets.json, policy.json, and online.pem, the key that says "still so" and nothing more. No approver's key is ever
// here.

/** A timestamp younger than this is not signed again. Far under its validity, so that a day's outage is survived. */
export const RENEW_AFTER_S = 3_600;

export const PUBLIC_MODE = 0o644;

/** The trust metadata as the service holds it. */
export interface TrustHolder {
  /** The files in the bytes that terminals get, with the newest root alone. */
  bundle(): TrustBundle;
  /**
   * What a terminal lacks that holds this root version: every bundle fits one message, the last one has all files, those
   * before it roots only. They are to be sent in this order.
   */
  bundlesAfter(rootVersion: number): readonly TrustBundle[];
  /** What they prove. */
  trust(): Trust;
  /**
   * Signs a new timestamp where the present one is RENEW_AFTER_S old; durable when it resolves. Takes over first what
   * another process has put into the folder.
   *
   * @returns whether anything changed
   * @throws TillsyncError DATA_FOLDER_INVALID, KEY_INVALID; TRUST_UNSIGNED where the online key is not the root's
   */
  renewTimestamp(now: number): Promise<boolean>;
  /**
   * Takes over what another process has put into the folder, such as a ceremony; cheap where nothing changed.
   *
   * @returns whether anything changed
   * @throws TillsyncError whatever `openTrust` throws, TRUST_ROLLBACK; the holder then keeps what it has
   */
  reload(): Promise<boolean>;
}

/** @throws TillsyncError DATA_FOLDER_INVALID and whatever `verifyTrust` throws */
export async function openTrust(folder: string): Promise<TrustHolder> {
  let held = await readHeldTrust(folder);

  const reload = async (): Promise<boolean> => {
    if (await isUnchanged(folder, held)) return false;
    held = await readNewerTrust(folder, held);
    return true;
  };
  return {
    bundle: () => held.bundle,
    bundlesAfter: (rootVersion) => {
      const lacking = Math.max(0, held.trust.rootVersion - rootVersion);
      return toBundles(lacking === 0 ? [] : held.roots.slice(-lacking), held.bundle);
    },
    trust: () => held.trust,
    reload,
    renewTimestamp: async (now) => {
      if (now - held.trust.issued < RENEW_AFTER_S) return await reload();
      return await withLock(folder, async () => {
        await finishCommit(folder);
        const changed = await reload();
        if (now - held.trust.issued < RENEW_AFTER_S) return changed;
        held = await signTimestamp(folder, held, now);
        return true;
      });
    },
  };
}

/** Makes the folder on first set-up. `onlineKeyPem` signs timestamps. The bundle has every root there is. */
export async function writeTrust(folder: string, bundle: TrustBundle, onlineKeyPem: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileDurably(join(folder, ONLINE_KEY_FILE), onlineKeyPem, SECRET_MODE);
  for (const root of bundle.roots) {
    const { version } = parseMetadata("root", root);
    await writeFileDurably(join(folder, toRootFile(version)), root, PUBLIC_MODE);
    await writeFileDurably(join(folder, "root.json"), root, PUBLIC_MODE);
  }
  for (const name of TRUST_FILES) await writeFileDurably(join(folder, `${name}.json`), bundle[name], PUBLIC_MODE);
}

async function signTimestamp(folder: string, held: HeldTrust, now: number): Promise<HeldTrust> {
  const key = await readOnlineKey(folder);
  const { bundle, trust } = held;
  const { timestamp: version, snapshot: snapshotVersion } = trust.versions;
  const timestamp = createTimestamp([key], version + 1, bundle.snapshot, snapshotVersion, now);
  const renewed = { ...bundle, timestamp };
  const proven = verifyTrust(trust.root, renewed, trust.versions);
  await writeFileDurably(join(folder, "timestamp.json"), timestamp, PUBLIC_MODE);
  return { ...held, bundle: renewed, trust: proven };
}

/** Whatever else changes, the timestamp does; and a root may come under an old one. */
async function isUnchanged(folder: string, { bundle }: HeldTrust): Promise<boolean> {
  const [timestamp, root] = await Promise.all([
    findTrustFile(folder, "timestamp.json"),
    findTrustFile(folder, "root.json"),
  ]);
  const [held] = bundle.roots;
  return timestamp?.equals(bundle.timestamp) === true && held !== undefined && root?.equals(held) === true;
}
