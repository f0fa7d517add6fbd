import { MAX_BUNDLE_ROOTS, MAX_TRUST_BUNDLE_BYTES, MAX_TRUST_FILE_BYTES } from "./bounds.ts";
import { check } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { tillsync } from "./gen/tillsync.js";

/** The files beside the root. */
export const TRUST_FILES = ["timestamp", "snapshot", "targets", "policy"] as const;

/**
 * Trust metadata files, each in its exact bytes (clause 6). `roots` are consecutive versions, oldest first; they may be
 * none. The other files are all there, or all empty where the roots alone fill a message.
 */
export type TrustBundle = Readonly<Record<(typeof TRUST_FILES)[number], Uint8Array>> & {
  readonly roots: readonly Uint8Array[];
};

export function toTrustBundleBytes(bundle: TrustBundle): Uint8Array {
  return encode(tillsync.TrustBundle, { ...bundle, roots: [...bundle.roots] });
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseTrustBundle(bytes: Uint8Array): TrustBundle {
  const message = decode(tillsync.TrustBundle, bytes, MAX_TRUST_BUNDLE_BYTES);
  const { roots, timestamp, snapshot, targets, policy } = message;
  const bundle = { roots, timestamp, snapshot, targets, policy };
  check(roots.length <= MAX_BUNDLE_ROOTS, "trust_bundle.roots");
  for (const root of roots) check(root.length >= 1 && root.length <= MAX_TRUST_FILE_BYTES, "trust_bundle.roots");
  const present = TRUST_FILES.filter((file) => bundle[file].length > 0).length;
  check(present === TRUST_FILES.length || (present === 0 && roots.length > 0), "trust_bundle");
  for (const file of TRUST_FILES) check(bundle[file].length <= MAX_TRUST_FILE_BYTES, `trust_bundle.${file}`);
  return bundle;
}

/** Whether the bundle brings roots only. */
export function isRootsOnly(bundle: TrustBundle): boolean {
  return bundle.timestamp.length === 0;
}
