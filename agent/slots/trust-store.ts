import type { Policy } from "../../certs/trust/policy.ts";
import { type Trust, verifyTrust } from "../../certs/trust/verify.ts";
import { MAX_TRUST_BUNDLE_BYTES } from "../../proto/bounds.ts";
import { isEqual, toDigest, toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { parseTrustBundle, type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import type { Digest, HeldTrust } from "../machine/state.ts";
import type { Objects } from "./objects.ts";
import { type Roots, readRoots } from "./roots.ts";

/** Whom this terminal believes: trust roots and metadata, read only together with their proof. */
export interface TrustStore {
  /** As proven last; only the pinned one before the first `follow`. */
  readonly roots: Roots;
  /** Proves the roots of these names, as far as they go (`readRoots`). */
  follow(names: readonly Digest[]): void;
  /**
   * Held metadata under the newest root, whichever it was taken under.
   *
   * @throws TillsyncError SLOT_CORRUPT, also while a root is missing
   */
  read(held: HeldTrust): Trust;
  /** The policy of a stored bundle, under the root it names, which must be one of `roots`. Throws what is wrong. */
  readPolicy(bundle: Digest): Policy;
}

/** @throws TillsyncError as `readRoots` */
export function openTrustStore(objects: Objects, pinnedRoot: Uint8Array): TrustStore {
  const pinned = toDigest(pinnedRoot);
  let roots = readRoots(objects, pinnedRoot, []);
  return {
    get roots() {
      return roots;
    },
    follow: (names) => {
      roots = readRoots(objects, pinnedRoot, names);
    },
    read: ({ bundle }) => {
      try {
        if (!roots.isWhole) throw new TillsyncError("TRUST_INVALID", { what: "root missing" });
        return verifyTrust(roots.newest, { ...parseTrustBundle(objects.get(bundle)), roots: [] });
      } catch (cause) {
        throw new TillsyncError("SLOT_CORRUPT", { name: bundle }, cause);
      }
    },
    readPolicy: (name) => {
      const bundle = parseTrustBundle(objects.get(name));
      const [root] = bundle.roots.map((named) => (isEqual(named, pinned) ? pinnedRoot : objects.get(toHex(named))));
      if (root === undefined || !roots.has(root)) throw new TillsyncError("TRUST_INVALID", { what: "root" });
      return verifyTrust(root, { ...bundle, roots: [] }).policy;
    },
  };
}

/**
 * Metadata as it is stored: with the name of the root it is proven under, so that it stays provable when there are newer
 * ones. The name only: roots are kept by themselves, and whoever passes one on may have made it larger than it was.
 *
 * @throws TillsyncError BYTES_TOO_LARGE
 */
export function toStoredBundle(bundle: TrustBundle, root: Uint8Array): Uint8Array {
  const bytes = toTrustBundleBytes({ ...bundle, roots: [toDigest(root)] });
  if (bytes.length > MAX_TRUST_BUNDLE_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bytes: bytes.length });
  return bytes;
}
