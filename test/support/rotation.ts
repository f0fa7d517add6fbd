import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import {
  createTimestamp,
  createTrust,
  type RoleSigners,
  type RootContent,
  toRootPart,
} from "../../certs/trust/create.ts";
import { ROLE_NAMES, toMetadataBytes } from "../../certs/trust/metadata.ts";
import type { Policy } from "../../certs/trust/policy.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { createApprovers, type TestApprovers } from "./release.ts";

// Trust metadata whose keys are all at hand, so that a test can rotate them.

const YEAR_S = 365 * 86_400;

/** One key per role. */
export function createRoleSigners(change: Partial<RoleSigners> = {}): RoleSigners {
  const [root, targets, snapshot, timestamp] = [0, 1, 2, 3].map(() => [createApproverKey()]);
  return { root, targets, snapshot, timestamp, ...change } as RoleSigners;
}

/** People as in every test, under version 1 of metadata by these keys. */
export function createApproversUnder(signers: RoleSigners, now: number): TestApprovers {
  const approvers = createApprovers(now);
  const trust = createTrust(signers, approvers.policy, now);
  return {
    ...approvers,
    trust,
    renew: (version, later) => ({
      ...trust,
      timestamp: createTimestamp(signers.timestamp, version, trust.snapshot, 1, later),
    }),
  };
}

/** Root of this version, which names `after` and is signed by the root keys of both. */
export function toRootBytes(version: number, before: RoleSigners, after: RoleSigners, now: number): Uint8Array {
  const entries = ROLE_NAMES.map((name) => {
    const keys = after[name].map(toPublicKey);
    return [name, { keys, threshold: keys.length }] as const;
  });
  const roles = Object.fromEntries(entries) as unknown as RootContent["roles"];
  const signers = [...new Set([...before.root, ...after.root])];
  return toMetadataBytes(toRootPart({ version, expires: now + YEAR_S, roles }), signers);
}

export interface MetadataRequest {
  readonly policy: Policy;
  readonly now: number;
  /** Of the timestamp; 1 where absent. */
  readonly timestampVersion?: number;
  readonly roots?: readonly Uint8Array[];
}

/** A bundle of fresh metadata by these keys; snapshot and targets are version 1. */
export function toBundle(signers: RoleSigners, request: MetadataRequest): TrustBundle {
  const { policy, now, timestampVersion = 1, roots = [] } = request;
  const { snapshot, targets, policy: bytes } = createTrust(signers, policy, now);
  const timestamp = createTimestamp(signers.timestamp, timestampVersion, snapshot, 1, now);
  return { roots, timestamp, snapshot, targets, policy: bytes };
}

/** A bundle that tells roots and nothing else. */
export function toRootsOnly(...roots: readonly Uint8Array[]): TrustBundle {
  const none = new Uint8Array(0);
  return { roots, timestamp: none, snapshot: none, targets: none, policy: none };
}

/** Under which name an agent stores these bytes. */
export function toName(bytes: Uint8Array): string {
  return toHex(toDigest(bytes));
}
