import type { KeyObject } from "node:crypto";
import { toPublicKey } from "../../certs/keys.ts";
import { ALLOWED, DEFAULT_CAPS, type Policy, toPolicyBytes } from "../../certs/trust/policy.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { type Random, toKey } from "./red-team-random.ts";
import { type Roles, signRoot, signSnapshot, signTargets, signTimestamp } from "./red-team-trust.ts";

const DAY_S = 86_400;
const YEAR_S = 365 * DAY_S;

/** Holders of every role, each key apart: five of the root, three of whom it takes. */
export interface Holders {
  readonly root: readonly KeyObject[];
  readonly targets: KeyObject;
  readonly snapshot: KeyObject;
  readonly online: KeyObject;
}

export const ROOT_THRESHOLD = 3;

export function createHolders(random: Random): Holders {
  const make = () => toKey(random.bytes(32));
  return { root: Array.from({ length: 5 }, make), targets: make(), snapshot: make(), online: make() };
}

export function toRoles({ root, targets, snapshot, online }: Holders): Roles {
  return {
    root: { keys: root, threshold: ROOT_THRESHOLD },
    targets: { keys: [targets], threshold: 1 },
    snapshot: { keys: [snapshot], threshold: 1 },
    timestamp: { keys: [online], threshold: 1 },
  };
}

/** The root of these holders, signed by some of anybody. */
export function toRoot(holders: Holders, version: number, signers: readonly KeyObject[], now: number): Uint8Array {
  return signRoot({ version, expires: now + YEAR_S, signers, roles: toRoles(holders) });
}

export interface BundleRequest {
  readonly roots: readonly Uint8Array[];
  readonly policy: Policy;
  readonly timestamp: number;
  /** Of snapshot and targets. */
  readonly version: number;
  readonly now: number;
}

/** Trust metadata by these holders under roots of whomever. */
export function toBundle(
  holders: Holders,
  { roots, policy: content, timestamp, version, now }: BundleRequest,
): TrustBundle {
  const policy = toPolicyBytes(content);
  const offline = { version, expires: now + YEAR_S };
  const targets = signTargets({ ...offline, signers: [holders.targets], policy });
  const snapshot = signSnapshot({ ...offline, signers: [holders.snapshot], targets, targetsVersion: version });
  return {
    roots,
    targets,
    snapshot,
    policy,
    timestamp: toTimestamp(holders.online, snapshot, version, timestamp, now),
  };
}

/** What whoever holds the online key can say of a snapshot. */
export function toTimestamp(
  online: KeyObject,
  snapshot: Uint8Array,
  snapshotVersion: number,
  version: number,
  now: number,
): Uint8Array {
  return signTimestamp({ version, issued: now, expires: now + DAY_S, signers: [online], snapshot, snapshotVersion });
}

/** A policy of a maker and checkers by their keys. */
export function toPolicy(version: number, maker: KeyObject, checkers: readonly KeyObject[]): Policy {
  return {
    version,
    persons: [
      { id: "li.mei", name: "李梅", keys: [toPublicKey(maker)], roles: ["maker", "parameters"] },
      ...checkers.map((key, n) => ({
        ...{ id: `checker.${n}`, name: `checker ${n}`, keys: [toPublicKey(key)], roles: ["checker"] as const },
      })),
    ],
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
    caps: DEFAULT_CAPS,
    ...ALLOWED,
  };
}
