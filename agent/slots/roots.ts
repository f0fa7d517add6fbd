import { verifyRoots } from "../../certs/trust/roots.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import type { Digest } from "../machine/state.ts";
import type { Objects } from "./objects.ts";

/** The pinned trust root and those that follow it, each proven under the one before it. */
export interface Roots {
  /** In its exact bytes. */
  readonly newest: Uint8Array;
  readonly version: number;
  /** Names of those that follow the pinned one, oldest first. */
  readonly names: readonly Digest[];
  /**
   * Whether none that was followed is missing. Else the newest one is older than what this terminal knew, and its keys
   * may have been taken away since: it proves nothing but what is held already.
   */
  readonly isWhole: boolean;
  /** Whether these bytes are one of them, the pinned one included. */
  has(root: Uint8Array): boolean;
}

/**
 * Proves the stored roots of these names, in this order, from the pinned one on. Where one cannot be read or proven the
 * chain ends before it, until it is told anew.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID, BYTES_TOO_LARGE where the pinned root is none
 */
export function readRoots(objects: Objects, pinnedRoot: Uint8Array, names: readonly Digest[]): Roots {
  const first = verifyRoots(pinnedRoot, []);
  let newest = { root: first.root, version: first.metadata.version };
  const proven: Digest[] = [];
  for (const name of names) {
    const next = readNext(objects, newest.root, name);
    if (next === undefined) break;
    newest = next;
    proven.push(name);
  }
  const known = new Set([toHex(toDigest(pinnedRoot)), ...proven]);
  return {
    newest: newest.root,
    version: newest.version,
    names: proven,
    isWhole: proven.length === names.length,
    has: (root) => known.has(toHex(toDigest(root))),
  };
}

function readNext(objects: Objects, trusted: Uint8Array, name: Digest) {
  try {
    const { taken, root, metadata } = verifyRoots(trusted, [objects.get(name)]);
    return taken.length === 0 ? undefined : { root, version: metadata.version };
  } catch {
    return undefined;
  }
}
