import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parsePrivateKey } from "../../certs/keys.ts";
import { createTimestamp } from "../../certs/trust/create.ts";
import { type Trust, verifyTrust } from "../../certs/trust/verify.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { TRUST_FILES, type TrustBundle } from "../../proto/trust-bundle.ts";
import { writeFileDurably } from "./durable-file.ts";

// The trust folder: root.json, timestamp.json, snapshot.json, targets.json, policy.json, and online.pem, the key that
// says "still so" and nothing more. No approver's key is ever here.

/** A timestamp younger than this is not signed again. Far under its validity, so that a day's outage is survived. */
export const RENEW_AFTER_S = 3_600;

const ONLINE_KEY_FILE = "online.pem";
const PUBLIC_MODE = 0o644;
const SECRET_MODE = 0o600;

/** The trust metadata as the service holds it. */
export interface TrustHolder {
  /** The files, in the bytes that terminals get. */
  bundle(): TrustBundle;
  /** What they prove. */
  trust(): Trust;
  /**
   * Signs a new timestamp where the present one is RENEW_AFTER_S old; durable when it resolves.
   *
   * @returns whether there is a new one
   * @throws TillsyncError DATA_FOLDER_INVALID, KEY_INVALID; TRUST_UNSIGNED where the online key is not the root's
   */
  renewTimestamp(now: number): Promise<boolean>;
}

/** @throws TillsyncError DATA_FOLDER_INVALID and whatever `verifyTrust` throws */
export async function openTrust(folder: string): Promise<TrustHolder> {
  let bundle = await readBundle(folder);
  const pinnedRoot = bundle.root;
  let trust = verifyTrust(pinnedRoot, bundle);
  return {
    bundle: () => bundle,
    trust: () => trust,
    renewTimestamp: async (now) => {
      if (now - trust.issued < RENEW_AFTER_S) return false;
      const onlineKey = parsePrivateKey((await readTrustFile(folder, ONLINE_KEY_FILE)).toString("utf8"));
      const { timestamp: version, snapshot: snapshotVersion } = trust.versions;
      const timestamp = createTimestamp([onlineKey], version + 1, bundle.snapshot, snapshotVersion, now);
      const renewed = { ...bundle, timestamp };
      const proven = verifyTrust(pinnedRoot, renewed, trust.versions);
      await writeFileDurably(join(folder, "timestamp.json"), timestamp, PUBLIC_MODE);
      bundle = renewed;
      trust = proven;
      return true;
    },
  };
}

/** Makes the folder on first set-up. `onlineKeyPem` signs timestamps. */
export async function writeTrust(folder: string, bundle: TrustBundle, onlineKeyPem: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileDurably(join(folder, ONLINE_KEY_FILE), onlineKeyPem, SECRET_MODE);
  for (const name of TRUST_FILES) await writeFileDurably(join(folder, `${name}.json`), bundle[name], PUBLIC_MODE);
}

async function readBundle(folder: string): Promise<TrustBundle> {
  const [root, timestamp, snapshot, targets, policy] = await Promise.all([
    readTrustFile(folder, "root.json"),
    readTrustFile(folder, "timestamp.json"),
    readTrustFile(folder, "snapshot.json"),
    readTrustFile(folder, "targets.json"),
    readTrustFile(folder, "policy.json"),
  ]);
  return { root, timestamp, snapshot, targets, policy };
}

async function readTrustFile(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: name }, cause);
  }
}
