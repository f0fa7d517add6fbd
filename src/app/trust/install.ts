import type { KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { MAX_CEREMONY_BYTES, type OfflineFiles, parseCeremony } from "../../../certs/ceremony/ceremony.ts";
import { completeCeremony } from "../../../certs/ceremony/complete.ts";
import { createApproverKey, toPrivateKeyPem } from "../../../certs/keys.ts";
import { createTimestamp } from "../../../certs/trust/create.ts";
import { parseMetadata } from "../../../certs/trust/metadata.ts";
import { verifyTrust } from "../../../certs/trust/verify.ts";
import { openMetadataFolder } from "../../../certs/tuf/folder.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { TrustBundle } from "../../../proto/trust-bundle.ts";
import { writeTrust } from "../trust-files.ts";
import { findFirstOnlineKey, toOnlineKeyOf } from "./online-key.ts";

export interface FirstTrust {
  /** Of the data folder: its first online key may wait beside it. */
  readonly path: string;
  /** A ceremony file, or a folder of trust metadata. */
  readonly trust: string;
  /** Seconds. */
  readonly now: number;
}

/**
 * Fills the trust folder of a data folder that is being made: with the new trust of a ceremony, or with trust there was
 * before, of which a metadata folder (an approver's, say) has kept the public files. The online key of the latter is
 * lost: another one is made, and `tillsync trust rotate` must put it in force before terminals hear anything fresh.
 *
 * @throws TillsyncError CONFIG_INVALID where there is nothing at `trust`; STATE_CONFLICT for a ceremony that changes
 *   trust there is; TRUST_UNSIGNED, KEY_INVALID where the root names another online key than the one that waits; whatever
 *   `completeCeremony` and `verifyTrust` throw
 */
export async function installTrust(folder: string, first: FirstTrust): Promise<void> {
  if (readStats(first.trust).isDirectory()) await copyTrust(folder, first.trust);
  else await createFirst(folder, first);
}

/** The files under a timestamp of this version, which says "so it is" from `now` on. */
export function toSignedBundle(files: OfflineFiles, onlineKey: KeyObject, version: number, now: number): TrustBundle {
  const { root, snapshot, targets, policy } = files;
  const { version: snapshotVersion } = parseMetadata("snapshot", snapshot);
  const timestamp = createTimestamp([onlineKey], version, snapshot, snapshotVersion, now);
  return { roots: [root], timestamp, snapshot, targets, policy };
}

async function createFirst(folder: string, { path, trust, now }: FirstTrust): Promise<void> {
  if (readStats(trust).size > MAX_CEREMONY_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { file: trust });
  const ceremony = parseCeremony(readFileSync(trust));
  if (ceremony.present !== undefined)
    throw new TillsyncError("STATE_CONFLICT", { expected: "a ceremony of new trust" });
  const files = completeCeremony(ceremony, now);
  const onlineKey = toOnlineKeyOf(files.root, [await findFirstOnlineKey(path)]);
  const bundle = toSignedBundle(files, onlineKey, 1, now);
  verifyTrust(files.root, bundle);
  await writeTrust(folder, bundle, toPrivateKeyPem(onlineKey));
}

async function copyTrust(folder: string, from: string): Promise<void> {
  const { pinnedRoot, read } = openMetadataFolder(from);
  const bundle = read();
  verifyTrust(pinnedRoot, bundle);
  await writeTrust(folder, { ...bundle, roots: [pinnedRoot, ...bundle.roots] }, toPrivateKeyPem(createApproverKey()));
}

function readStats(path: string) {
  try {
    return statSync(path);
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { unreadable: path }, cause);
  }
}
