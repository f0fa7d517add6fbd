import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { TillsyncError } from "../../proto/errors.ts";
import type { Policy } from "../trust/policy.ts";
import type { Trust } from "../trust/verify.ts";
import { initMetadataFolder, type MetadataFolder, openMetadataFolder } from "../tuf/folder.ts";
import { checkOwnerOnly } from "./files.ts";

// An approver's own trust: the root that was pinned when the folder was made, and what was proven under it since. Who may
// sign is read here and nowhere else; a release file and a server are never asked.

const DAY_S = 86_400;
/** Trust that is stale may still be signed under for this long, where the person insists. */
export const MAX_STALE_S = 30 * DAY_S;
const OWNER_ONLY = 0o700;
const TRUST = "trust";
const ROOT = "root.json";

/**
 * Pins a root: the folder trusts it and nothing else yet.
 *
 * @throws TillsyncError STATE_CONFLICT where a root is pinned already; TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID,
 *   BYTES_TOO_LARGE where the bytes are no root; DATA_FOLDER_INVALID where others can get at the folder
 */
export function initHome(home: string, root: Uint8Array): MetadataFolder {
  mkdirSync(home, { recursive: true, mode: OWNER_ONLY });
  checkHome(home);
  return initMetadataFolder(join(home, TRUST), root);
}

/** Whether a root was pinned here. */
export function hasTrust(home: string): boolean {
  return existsSync(join(home, TRUST, ROOT));
}

/** @throws TillsyncError NOT_FOUND where no root is pinned, DATA_FOLDER_INVALID, TRUST_INVALID */
export function openHome(home: string): MetadataFolder {
  if (!hasTrust(home)) throw new TillsyncError("NOT_FOUND", { what: "pinned root", expected: "trust init" });
  checkHome(home);
  return openMetadataFolder(join(home, TRUST));
}

/** @throws TillsyncError NOT_FOUND where nothing but the root is there yet, and whatever `openHome` throws */
export function readTrust(home: string): Trust {
  const trust = openHome(home).trust();
  if (trust === undefined) throw new TillsyncError("NOT_FOUND", { what: "policy", expected: "trust update" });
  return trust;
}

/**
 * The policy to sign under.
 *
 * @param now seconds; where the timestamp tells a later time, that one counts
 * @param mayBeStale takes trust that is stale by up to MAX_STALE_S
 * @returns the policy, and by how many seconds it is stale
 * @throws TillsyncError TRUST_STALE, and whatever `readTrust` throws
 */
export function readPolicy(
  home: string,
  now: number,
  mayBeStale: boolean,
): { readonly policy: Policy; readonly staleS: number } {
  const { policy, issued, freshUntil } = readTrust(home);
  const staleS = Math.max(0, Math.max(now, issued) - freshUntil + 1);
  if (staleS > 0 && !(mayBeStale && staleS <= MAX_STALE_S)) {
    throw new TillsyncError("TRUST_STALE", { freshUntil: new Date(freshUntil * 1_000).toISOString() });
  }
  return { policy, staleS };
}

function checkHome(home: string): void {
  for (const folder of [home, join(home, TRUST)].filter(existsSync)) {
    checkOwnerOnly(folder, statSync(folder), "0700", "DATA_FOLDER_INVALID");
  }
}
