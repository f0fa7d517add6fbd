import { isEqual } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type RootContent, toRoleHolders, toRootPart, toSnapshotPart, toTargetsPart } from "../trust/create.ts";
import {
  type Metadata,
  parseMetadata,
  ROLE_NAMES,
  toFileReference,
  toRoleKeys,
  verifyReference,
  verifyRole,
} from "../trust/metadata.ts";
import { type Policy, parsePolicy, toPolicyBytes } from "../trust/policy.ts";
import { TARGETS_FILE } from "../trust/steps.ts";
import { POLICY_FILE } from "../trust/verify.ts";
import type { OfflineFiles } from "./ceremony.ts";
import { toSignedBytes } from "./signed-file.ts";

/** Version and end of validity of a metadata file; seconds. */
export interface Issue {
  readonly version: number;
  readonly expires: number;
}

/** What the files say that people sign: who holds which role, and who may approve what. */
export interface OfflineTrust {
  readonly root: RootContent;
  readonly targets: Issue;
  readonly snapshot: Issue;
  readonly policy: Policy;
}

/**
 * Reads files that are in force: each signed as the root asks, and fitting together. That the root is the right one is
 * for the caller to know.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, POLICY_TOO_WEAK, KEY_INVALID, BYTES_TOO_LARGE
 */
export function verifyOfflineTrust(files: OfflineFiles): OfflineTrust {
  const root = parseMetadata("root", files.root);
  const targets = parseMetadata("targets", files.targets);
  const snapshot = parseMetadata("snapshot", files.snapshot);
  verifyRole(root, toRoleKeys(root, "root"));
  verifyRole(targets, toRoleKeys(root, "targets"));
  verifyRole(snapshot, toRoleKeys(root, "snapshot"));
  verifyNamed(targets, snapshot, files);
  return {
    root: toRootContent(root),
    targets: toIssue(targets),
    snapshot: toIssue(snapshot),
    policy: parsePolicy(files.policy),
  };
}

/**
 * Reads a root that is to be signed. Only the bytes that its content makes are taken, so that what is shown is all that
 * is signed.
 *
 * @throws TillsyncError BYTES_NOT_CANONICAL, TRUST_INVALID, KEY_INVALID, BYTES_TOO_LARGE
 */
export function parseNextRoot(bytes: Uint8Array): RootContent {
  const root = parseMetadata("root", bytes);
  const content = toRootContent(root);
  verifyExact(bytes, toSignedBytes(toRootPart(content), root.signatures));
  return content;
}

/**
 * Reads targets, snapshot and policy that are to be signed, likewise.
 *
 * @throws TillsyncError BYTES_NOT_CANONICAL, TRUST_INVALID, POLICY_TOO_WEAK, KEY_INVALID, BYTES_TOO_LARGE
 */
export function parseNextPolicy(files: Omit<OfflineFiles, "root">): Omit<OfflineTrust, "root"> {
  const policy = parsePolicy(files.policy);
  const targets = parseMetadata("targets", files.targets);
  const snapshot = parseMetadata("snapshot", files.snapshot);
  verifyExact(files.policy, toPolicyBytes(policy));
  const targetsPart = toTargetsPart(files.policy, targets.version, targets.expires);
  verifyExact(files.targets, toSignedBytes(targetsPart, targets.signatures));
  const snapshotPart = toSnapshotPart({ version: targets.version }, snapshot.version, snapshot.expires);
  verifyExact(files.snapshot, toSignedBytes(snapshotPart, snapshot.signatures));
  return { targets: toIssue(targets), snapshot: toIssue(snapshot), policy };
}

/** @throws TillsyncError TRUST_INVALID, KEY_INVALID */
function toRootContent(root: Metadata): RootContent {
  const roles = ROLE_NAMES.map((name) => [name, toRoleHolders(toRoleKeys(root, name))] as const);
  return { ...toIssue(root), roles: Object.fromEntries(roles) as RootContent["roles"] };
}

function toIssue({ version, expires }: Metadata): Issue {
  return { version, expires };
}

/** The snapshot must name these targets, and the targets this policy. */
function verifyNamed(targets: Metadata, snapshot: Metadata, files: OfflineFiles): void {
  const reference = toFileReference(snapshot, "meta", TARGETS_FILE);
  if (reference.version !== targets.version) throw new TillsyncError("TRUST_INVALID", { what: "targets version" });
  verifyReference(reference, files.targets, TARGETS_FILE);
  verifyReference(toFileReference(targets, "targets", POLICY_FILE), files.policy, POLICY_FILE);
}

function verifyExact(bytes: Uint8Array, expected: Uint8Array): void {
  if (!isEqual(bytes, expected)) throw new TillsyncError("BYTES_NOT_CANONICAL");
}
