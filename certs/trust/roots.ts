import { isEqual } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import {
  type Metadata,
  parseMetadata,
  ROLE_NAMES,
  type RoleKeys,
  type RoleName,
  toRoleKeys,
  verifyRole,
} from "./metadata.ts";
import { OWN, type Rules } from "./rules.ts";

/** Root versions that may follow a pinned one: far more than a fleet will ever see, and a bound for who walks them. */
export const MAX_ROOTS = 1_024;

/** A root that is trusted: pinned, or reached from one that was. */
export interface Root {
  /** In its exact bytes. */
  readonly bytes: Uint8Array;
  readonly metadata: Metadata;
  readonly roles: Readonly<Record<RoleName, RoleKeys>>;
  /** Whether the repository keeps every version of its files, each under a name of its own. */
  readonly isConsistent: boolean;
  readonly rules: Rules;
}

/** Where a walk along root versions ended. */
export interface Roots {
  /** The newest root, in its exact bytes. */
  readonly root: Uint8Array;
  readonly metadata: Metadata;
  /** Those that were not trusted before, oldest first. */
  readonly taken: readonly Uint8Array[];
  /** Roles whose keys or threshold some step of the walk has changed. */
  readonly changed: ReadonlySet<RoleName>;
  /** Those of them whose former holders can sign no more: some step has left fewer of their keys than it takes. */
  readonly replaced: ReadonlySet<RoleName>;
  readonly newest: Root;
}

/**
 * Reads a root that is trusted already: it must still be one, and sign itself.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID, BYTES_TOO_LARGE
 */
export function openRoot(bytes: Uint8Array, rules: Rules): Root {
  const root = parseRoot(bytes, rules);
  verifyRole(root.metadata, root.roles.root);
  return root;
}

/**
 * The root after a trusted one: the next version, under the threshold of both (TUF specification section 5.3). Expiry is
 * not judged.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID, BYTES_TOO_LARGE
 */
export function verifyNextRoot(trusted: Root, bytes: Uint8Array): Root {
  const next = parseRoot(bytes, trusted.rules);
  verifyRole(next.metadata, trusted.roles.root);
  if (next.metadata.version !== trusted.metadata.version + 1) {
    throw new TillsyncError("TRUST_INVALID", { what: "root version", version: next.metadata.version });
  }
  verifyRole(next.metadata, next.roles.root);
  return next;
}

/** Roles that have other keys or another threshold in one root than in the other. */
export function findChangedRoles(a: Root, b: Root): readonly RoleName[] {
  return ROLE_NAMES.filter((name) => toText(a.roles[name]) !== toText(b.roles[name]));
}

/** Roles that the holders named in the older root cannot sign for under the newer one. */
export function findReplacedRoles(older: Root, newer: Root): readonly RoleName[] {
  return ROLE_NAMES.filter((name) => {
    const former = new Set([...older.roles[name].keys.values()].map(({ id }) => id));
    const { keys, threshold } = newer.roles[name];
    return [...keys.values()].filter(({ id }) => former.has(id)).length < threshold;
  });
}

/**
 * Walks from a trusted root to newer ones, version by version, each under the threshold of the one before it and under
 * its own (clause 6.3; TUF specification section 5.3). Older ones than the trusted are passed over; the same version in
 * other bytes, a gap, and a root that names a role without enough keys are refused. Expiry is not judged.
 *
 * @param trustedRoot pinned, or proven before
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID, BYTES_TOO_LARGE
 */
export function verifyRoots(trustedRoot: Uint8Array, roots: readonly Uint8Array[]): Roots {
  if (roots.length > MAX_ROOTS) throw new TillsyncError("TRUST_INVALID", { what: "roots", roots: roots.length });
  let newest = openRoot(trustedRoot, OWN);
  const taken: Uint8Array[] = [];
  const changed = new Set<RoleName>();
  const replaced = new Set<RoleName>();
  for (const bytes of roots) {
    const { version } = parseMetadata("root", bytes);
    if (version < newest.metadata.version) continue;
    if (version === newest.metadata.version) {
      if (!isEqual(bytes, newest.bytes)) throw new TillsyncError("TRUST_INVALID", { what: "root version" });
      continue;
    }
    const next = verifyNextRoot(newest, bytes);
    for (const name of findChangedRoles(newest, next)) changed.add(name);
    for (const name of findReplacedRoles(newest, next)) replaced.add(name);
    newest = next;
    taken.push(bytes);
  }
  return { root: newest.bytes, metadata: newest.metadata, taken, changed, replaced, newest };
}

/** @throws TillsyncError TRUST_INVALID, KEY_INVALID, BYTES_TOO_LARGE */
function parseRoot(bytes: Uint8Array, rules: Rules): Root {
  const metadata = parseMetadata("root", bytes, rules);
  const { consistent_snapshot: isConsistent = false } = metadata.signed;
  if (typeof isConsistent !== "boolean") throw new TillsyncError("TRUST_INVALID", { what: "consistent_snapshot" });
  return { bytes, metadata, roles: toRoles(metadata, rules), isConsistent, rules };
}

function toRoles(root: Metadata, rules: Rules): Root["roles"] {
  return {
    root: toRoleKeys(root, "root", rules),
    timestamp: toRoleKeys(root, "timestamp", rules),
    snapshot: toRoleKeys(root, "snapshot", rules),
    targets: toRoleKeys(root, "targets", rules),
  };
}

function toText({ keys, threshold }: RoleKeys): string {
  const ids = [...keys.values()].map(({ id }) => id);
  return [threshold, ...ids.sort()].join();
}
