import { MAX_TRUST_BUNDLE_BYTES } from "../../proto/bounds.ts";
import { TillsyncError } from "../../proto/errors.ts";
import {
  isRootsOnly,
  parseTrustBundle,
  TRUST_FILES,
  type TrustBundle,
  toTrustBundleBytes,
} from "../../proto/trust-bundle.ts";
import { isReferred, parseMetadata, toFileReference, verifyRole } from "../trust/metadata.ts";
import { parsePolicy } from "../trust/policy.ts";
import { type Root, verifyNextRoot, verifyRoots } from "../trust/roots.ts";
import { OWN } from "../trust/rules.ts";
import { TARGETS_FILE } from "../trust/steps.ts";
import { POLICY_FILE, type Trust, type TrustVersions, verifyTrust } from "../trust/verify.ts";
import { type Files, makeFolders, openFiles, removeDurably, writeDurably } from "./files.ts";
import {
  attempt,
  ROOTS_FOLDER,
  readRoot,
  readRoots,
  readSnapshot,
  readTimestamp,
  writeFirstRoot,
  writeNextRoot,
} from "./holdings.ts";

/** An update that is proven and about to be written: one that a power cut interrupts is carried out at the next opening. */
const UPDATE_FILE = "update.bin";

/** A folder of Tillsync's trust metadata that goes back to one pinned root. */
export interface MetadataFolder {
  /** The root that was pinned when the folder was made. */
  readonly pinnedRoot: Uint8Array;
  /** What is held, with all roots after the pinned one; files that are not held are empty. */
  read(): TrustBundle;
  /**
   * Verifies the bundle against what is held, and keeps it: a power cut leaves all of it or nothing but its roots. Roots
   * are kept one by one even where the rest is refused. Expiry is not judged: see `Trust.freshUntil`.
   *
   * @returns what the folder proves now; undefined after a bundle of roots alone, where the files held prove nothing under
   *   them: there are none yet, or these roots outdated them
   * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, TRUST_ROLLBACK, POLICY_TOO_WEAK, KEY_INVALID, BYTES_TOO_LARGE
   */
  update(bundle: TrustBundle): Trust | undefined;
  /** What the files held prove; undefined where they prove no policy: nothing was taken yet, or roots outdated it. */
  trust(): Trust | undefined;
}

/**
 * Makes a folder that trusts this root and nothing else yet.
 *
 * @throws TillsyncError STATE_CONFLICT where the folder has a root; TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID,
 *   BYTES_TOO_LARGE where the root is none
 */
export function initMetadataFolder(path: string, root: Uint8Array): MetadataFolder {
  makeFolders(path, [ROOTS_FOLDER]);
  const files = openFiles(path);
  writeFirstRoot(files, root, OWN);
  return toMetadataFolder(files);
}

/** @throws TillsyncError NOT_FOUND where the folder trusts no root, TRUST_INVALID where that cannot be read any more */
export function openMetadataFolder(path: string): MetadataFolder {
  return toMetadataFolder(openFiles(path));
}

/** The folder over these files; carries out an update that was interrupted. */
export function toMetadataFolder(files: Files): MetadataFolder {
  const [pinnedRoot] = readRoots(files, readRoot(files, OWN)) as [Uint8Array];
  const interrupted = files.read(UPDATE_FILE, MAX_TRUST_BUNDLE_BYTES);
  if (interrupted !== undefined) {
    attempt(() => update(files, parseTrustBundle(interrupted)));
    removeDurably(files, UPDATE_FILE);
  }
  return {
    pinnedRoot,
    read: () => readBundle(files),
    update: (bundle) => update(files, bundle),
    trust: () => prove(files),
  };
}

function readBundle(files: Files): TrustBundle {
  const read = (name: (typeof TRUST_FILES)[number]) =>
    files.read(`${name}.json`, OWN.bytes.targets) ?? new Uint8Array(0);
  const [, ...roots] = readRoots(files, readRoot(files, OWN));
  return {
    roots,
    timestamp: read("timestamp"),
    snapshot: read("snapshot"),
    targets: read("targets"),
    policy: read("policy"),
  };
}

function update(files: Files, bundle: TrustBundle): Trust | undefined {
  const trusted = readRoot(files, OWN);
  const { taken } = verifyRoots(trusted.bytes, bundle.roots);
  if (isRootsOnly(bundle)) {
    takeRoots(files, trusted, taken);
    return prove(files);
  }
  const journal = toJournal(bundle);
  const trust = keepRoots(files, trusted, taken, () =>
    verifyTrust(trusted.bytes, bundle, readVersions(files, trusted)),
  );
  writeDurably(files, UPDATE_FILE, journal);
  for (const name of TRUST_FILES) writeDurably(files, `${name}.json`, bundle[name]);
  removeDurably(files, UPDATE_FILE);
  return trust;
}

/** What the files held prove. */
function prove(files: Files): Trust | undefined {
  const [pinnedRoot] = readRoots(files, readRoot(files, OWN)) as [Uint8Array];
  return attempt(() => verifyTrust(pinnedRoot, readBundle(files)));
}

/** The files without the roots, which are kept before them. @throws TillsyncError BYTES_TOO_LARGE */
function toJournal(bundle: TrustBundle): Uint8Array {
  const bytes = toTrustBundleBytes({ ...bundle, roots: [] });
  if (bytes.length > MAX_TRUST_BUNDLE_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bytes: bytes.length });
  return bytes;
}

/** Whatever comes of the rest, roots that are proven are kept: a fleet may be in the middle of a recovery. */
function keepRoots<T>(files: Files, trusted: Root, taken: readonly Uint8Array[], verify: () => T): T {
  try {
    return verify();
  } finally {
    takeRoots(files, trusted, taken);
  }
}

function takeRoots(files: Files, trusted: Root, taken: readonly Uint8Array[]): void {
  let newest = trusted;
  for (const bytes of taken) {
    const next = verifyNextRoot(newest, bytes);
    writeNextRoot(files, newest, next);
    newest = next;
  }
}

/** The versions held, as far as the newest root still vouches for them. */
function readVersions(files: Files, root: Root): TrustVersions {
  const timestamp = readTimestamp(files, root);
  const snapshot = readSnapshot(files, root);
  return {
    timestamp: timestamp?.metadata.version ?? 0,
    snapshot: timestamp?.snapshot.version ?? 0,
    targets: snapshot?.files.get(TARGETS_FILE)?.version ?? 0,
    policy: attempt(() => readPolicyVersion(files, root)) ?? 0,
  };
}

/** Of a policy that outlives timestamp and snapshot: its version counts while the keys of targets are the same. */
function readPolicyVersion(files: Files, root: Root): number {
  const { targets, policy } = readBundle(files);
  const metadata = parseMetadata("targets", targets);
  verifyRole(metadata, root.roles.targets);
  return isReferred(toFileReference(metadata, "targets", POLICY_FILE), policy) ? parsePolicy(policy).version : 0;
}
