import { TillsyncError } from "../../proto/errors.ts";
import { OFFLINE_VALIDITY_S, type RootContent, toRootPart, toSnapshotPart, toTargetsPart } from "../trust/create.ts";
import { type Policy, toPolicyBytes } from "../trust/policy.ts";
import type { Ceremony, OfflineFiles } from "./ceremony.ts";
import { type Holders, isSameHolders, toHolders } from "./holders.ts";
import { type OfflineTrust, verifyOfflineTrust } from "./offline-trust.ts";
import { toSignedBytes } from "./signed-file.ts";
import { type CeremonyView, verifyCeremony } from "./verify.ts";

/** What shall be; what is absent stays. A policy's own version is set here. */
export interface TrustChange {
  readonly holders?: Holders;
  readonly policy?: Omit<Policy, "version">;
  /** Issue root, targets and snapshot anew with a later expiry, whether or not anything else changes. */
  readonly renew?: boolean;
}

/** `now` in seconds. */
export interface CeremonyTerms {
  readonly reason: string;
  readonly now: number;
}

/**
 * A ceremony without signatures: a next root where holders change, next targets, snapshot and policy where the policy
 * or those who sign it change.
 *
 * @param present undefined for a new trust, which takes both holders and policy
 * @throws TillsyncError STATE_CONFLICT where nothing would change, and whatever `verifyCeremony` throws
 */
export function createCeremony(
  present: OfflineFiles | undefined,
  change: TrustChange,
  { reason, now }: CeremonyTerms,
): { readonly ceremony: Ceremony; readonly view: CeremonyView } {
  const before = present === undefined ? undefined : verifyOfflineTrust(present);
  const expires = now + OFFLINE_VALIDITY_S;
  const holders = change.holders ?? (before === undefined ? undefined : toHolders(before.root));
  const policy = change.policy ?? before?.policy;
  if (holders === undefined || policy === undefined) throw new TillsyncError("TRUST_INVALID", { what: "new trust" });

  const all = change.renew === true || before === undefined;
  const root = toNextRoot(before, holders, expires, all);
  const isResigned = root !== undefined && before !== undefined && isChanged(before.root, root, "targets");
  const next = {
    ...(root === undefined ? {} : { root: toSignedBytes(toRootPart(root), []) }),
    ...toNextPolicy(before, policy, expires, all || isResigned),
  };
  if (Object.keys(next).length === 0) throw new TillsyncError("STATE_CONFLICT", { expected: "a change" });
  const ceremony = { reason, present, next };
  return { ceremony, view: verifyCeremony(ceremony, now) };
}

function toNextRoot(
  before: OfflineTrust | undefined,
  { root, targets, online }: Holders,
  expires: number,
  always: boolean,
): RootContent | undefined {
  const timestamp = { keys: [online], threshold: 1 };
  const roles = { root, targets, snapshot: targets, timestamp };
  const content = { version: (before?.root.version ?? 0) + 1, expires, roles };
  const differs =
    before === undefined ||
    (["root", "targets", "timestamp"] as const).some((name) => isChanged(before.root, content, name));
  return always || differs ? content : undefined;
}

function toNextPolicy(
  before: OfflineTrust | undefined,
  wanted: Omit<Policy, "version">,
  expires: number,
  always: boolean,
): Partial<OfflineFiles> {
  const version = before?.policy.version ?? 1;
  const same = toPolicyBytes({ ...wanted, version });
  const differs = before === undefined || !Buffer.from(same).equals(toPolicyBytes(before.policy));
  if (!differs && !always) return {};
  const policy = differs && before !== undefined ? toPolicyBytes({ ...wanted, version: version + 1 }) : same;
  const targets = (before?.targets.version ?? 0) + 1;
  const snapshot = (before?.snapshot.version ?? 0) + 1;
  return {
    targets: toSignedBytes(toTargetsPart(policy, targets, expires), []),
    snapshot: toSignedBytes(toSnapshotPart({ version: targets }, snapshot, expires), []),
    policy,
  };
}

function isChanged(a: RootContent, b: RootContent, name: keyof RootContent["roles"]): boolean {
  return !isSameHolders(a.roles[name], b.roles[name]);
}
