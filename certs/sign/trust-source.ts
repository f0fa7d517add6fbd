import { existsSync } from "node:fs";
import { join } from "node:path";
import { MAX_TRUST_BUNDLE_BYTES, MAX_TRUST_FILE_BYTES } from "../../proto/bounds.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { isRootsOnly, parseTrustBundle, type TrustBundle } from "../../proto/trust-bundle.ts";
import { MAX_ROOTS } from "../trust/roots.ts";
import { type Desk, fetchTrustBundle } from "./desk.ts";
import { readBounded } from "./files.ts";

// Newer trust, from wherever it comes: it is proven under the pinned root, or not taken.

/**
 * What a service has beyond the root version held. A bundle of roots alone says that there is more.
 *
 * @throws TillsyncError FETCH_FAILED, and what `parseTrustBundle` throws
 */
export async function fetchTrustSource(desk: Desk, rootVersion: number): Promise<TrustBundle> {
  const roots: Uint8Array[] = [];
  while (roots.length <= MAX_ROOTS) {
    const bundle = parseTrustBundle(await fetchTrustBundle(desk, rootVersion + roots.length));
    roots.push(...bundle.roots);
    if (!isRootsOnly(bundle)) return { ...bundle, roots };
  }
  throw new TillsyncError("FETCH_FAILED", { expected: "trust within its bounds" });
}

/**
 * From a bundle in one file, or from a folder: the service's `trust`, or that of another approver.
 *
 * @throws TillsyncError CONFIG_INVALID, and what `parseTrustBundle` throws
 */
export function readTrustSource(path: string, rootVersion: number): TrustBundle {
  if (!existsSync(join(path, "root.json"))) return parseTrustBundle(readBounded(path, MAX_TRUST_BUNDLE_BYTES));
  const read = (name: string) => readBounded(join(path, name), MAX_TRUST_FILE_BYTES);
  return {
    roots: [...readRoots(path, rootVersion), read("root.json")],
    timestamp: read("timestamp.json"),
    snapshot: read("snapshot.json"),
    targets: read("targets.json"),
    policy: read("policy.json"),
  };
}

/** The roots after the one held, as far as they lie there by version. */
function readRoots(path: string, rootVersion: number): readonly Uint8Array[] {
  const roots: Uint8Array[] = [];
  for (let version = rootVersion + 1; roots.length < MAX_ROOTS; version += 1) {
    const places = [join(path, `root.${version}.json`), join(path, "roots", `${version}.json`)];
    const file = places.find(existsSync);
    if (file === undefined) break;
    roots.push(readBounded(file, MAX_TRUST_FILE_BYTES));
  }
  return roots;
}
