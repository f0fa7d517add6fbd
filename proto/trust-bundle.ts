import { MAX_TRUST_BUNDLE_BYTES, MAX_TRUST_FILE_BYTES } from "./bounds.ts";
import { check } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { tillsync } from "./gen/tillsync.js";

export const TRUST_FILES = ["root", "timestamp", "snapshot", "targets", "policy"] as const;

/** The trust metadata files, each in its exact bytes (clause 6). */
export type TrustBundle = Readonly<Record<(typeof TRUST_FILES)[number], Uint8Array>>;

export function toTrustBundleBytes(bundle: TrustBundle): Uint8Array {
  return encode(tillsync.TrustBundle, bundle);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseTrustBundle(bytes: Uint8Array): TrustBundle {
  const { root, timestamp, snapshot, targets, policy } = decode(tillsync.TrustBundle, bytes, MAX_TRUST_BUNDLE_BYTES);
  const bundle = { root, timestamp, snapshot, targets, policy };
  for (const file of TRUST_FILES) {
    check(bundle[file].length >= 1 && bundle[file].length <= MAX_TRUST_FILE_BYTES, `trust_bundle.${file}`);
  }
  return bundle;
}
