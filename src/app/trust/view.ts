import { type Ceremony, type OfflineFiles, parseCeremony } from "../../../certs/ceremony/ceremony.ts";
import { toMissing } from "../../../certs/ceremony/complete.ts";
import { type Emergency, findEmergencies } from "../../../certs/ceremony/emergency.ts";
import { isSameHolders } from "../../../certs/ceremony/holders.ts";
import { type OfflineTrust, verifyOfflineTrust } from "../../../certs/ceremony/offline-trust.ts";
import { verifyCeremony } from "../../../certs/ceremony/verify.ts";
import type { ApproverKey } from "../../../certs/keys.ts";
import { toMissingRoles } from "../../../certs/sign/render/missing-roles.ts";
import type { RoleHolders } from "../../../certs/trust/create.ts";
import type { Policy, Role } from "../../../certs/trust/policy.ts";
import type { Trust } from "../../../certs/trust/verify.ts";
import { DIFFERENCE_CLASSES, type DifferenceClass } from "../../../proto/difference.ts";
import type { TrustBundle } from "../../../proto/trust-bundle.ts";
import { WARN_BEFORE_S } from "./expiry.ts";

/** Something that people should act on, with what it is about. */
export interface TrustWarning {
  readonly warning: "expires_soon" | "expired" | "stale" | "frozen" | "nobody_can_approve" | "no_spare_key";
  readonly about: string;
}

/** A key by its id, and by the person whose it is where the policy names one. */
export interface HolderView {
  readonly key: string;
  readonly person: string | undefined;
}

/** Who may do what, and until when; times in seconds. */
export interface TrustView {
  readonly versions: {
    readonly root: number;
    readonly targets: number;
    readonly snapshot: number;
    readonly policy: number;
  };
  readonly expires: { readonly root: number; readonly targets: number; readonly snapshot: number };
  readonly holders: Readonly<
    Record<"root" | "targets" | "online", { readonly threshold: number; readonly keys: readonly HolderView[] }>
  >;
  readonly persons: readonly {
    readonly id: string;
    readonly name: string;
    readonly roles: readonly Role[];
    readonly keys: readonly string[];
  }[];
  readonly thresholds: Policy["thresholds"];
  readonly caps: Policy["caps"];
  /** Nothing may change anywhere. */
  readonly frozen: boolean;
  readonly warnings: readonly TrustWarning[];
}

/** A ceremony as it stands. */
export interface CeremonyStand {
  readonly reason: string;
  readonly before: TrustView | undefined;
  readonly after: TrustView;
  readonly emergencies: readonly Emergency[];
  readonly missing: readonly {
    readonly file: string;
    readonly under: string;
    readonly have: number;
    readonly threshold: number;
    readonly signed: readonly HolderView[];
    readonly unsigned: readonly HolderView[];
  }[];
  readonly complete: boolean;
}

/** The trust in force. @throws TillsyncError whatever `verifyOfflineTrust` throws */
export function toTrustView(trust: Trust, bundle: TrustBundle, now: number): TrustView {
  const { targets, snapshot, policy } = bundle;
  const files: OfflineFiles = { root: trust.root, targets, snapshot, policy };
  const view = toView(verifyOfflineTrust(files), now);
  const stale: TrustWarning = { warning: "stale", about: "timestamp" };
  return trust.freshUntil <= now ? { ...view, warnings: [...view.warnings, stale] } : view;
}

/** @throws TillsyncError whatever `parseCeremony` and `verifyCeremony` throw */
export function toCeremonyStand(bytes: Uint8Array, now: number): CeremonyStand {
  const ceremony: Ceremony = parseCeremony(bytes);
  const view = verifyCeremony(ceremony, now);
  const persons = [...(view.before?.policy.persons ?? []), ...view.after.policy.persons];
  const missing = toMissing(ceremony, now).map(({ file, under, have, threshold, signers }) => ({
    ...{ file, under, have, threshold },
    signed: signers.filter(({ signed }) => signed).map(({ key }) => toHolder(key, persons)),
    unsigned: signers.filter(({ signed }) => !signed).map(({ key }) => toHolder(key, persons)),
  }));
  return {
    reason: view.reason,
    before: view.before === undefined ? undefined : toView(view.before, now),
    after: toView(view.after, now),
    emergencies: findEmergencies(view),
    missing,
    complete: missing.every(({ have, threshold }) => have >= threshold),
  };
}

/** Classes of difference that nobody could approve: no different persons fill the roles. */
export function findUnapprovable(policy: Policy): readonly DifferenceClass[] {
  const able = policy.persons.filter(({ keys }) => keys.length > 0);
  return DIFFERENCE_CLASSES.filter((name) => toMissingRoles(policy.thresholds[name], able).length > 0);
}

function toView({ root, targets, snapshot, policy }: OfflineTrust, now: number): TrustView {
  const toHolders = ({ keys, threshold }: RoleHolders) => ({
    threshold,
    keys: keys.map((key) => toHolder(key, policy.persons)),
  });
  const { roles } = root;
  return {
    versions: {
      root: root.version,
      targets: targets.version,
      snapshot: snapshot.version,
      policy: policy.version,
    },
    expires: { root: root.expires, targets: targets.expires, snapshot: snapshot.expires },
    holders: { root: toHolders(roles.root), targets: toHolders(roles.targets), online: toHolders(roles.timestamp) },
    persons: policy.persons.map(({ id, name, roles: parts, keys }) => ({
      ...{ id, name, roles: parts },
      keys: keys.map((key) => key.id),
    })),
    thresholds: policy.thresholds,
    caps: policy.caps,
    frozen: policy.types.length === 0,
    warnings: [
      ...toExpiryWarnings({ root, targets, snapshot }, now),
      ...(policy.types.length === 0 ? [{ warning: "frozen", about: "policy" } as const] : []),
      ...findUnapprovable(policy).map((about) => ({ warning: "nobody_can_approve", about }) as const),
      ...toSpareWarnings(root.roles),
    ],
  };
}

function toExpiryWarnings(
  files: Pick<OfflineTrust, "root" | "targets" | "snapshot">,
  now: number,
): readonly TrustWarning[] {
  return Object.entries(files).flatMap(([about, { expires }]) => {
    if (expires - now > WARN_BEFORE_S) return [];
    return [{ warning: expires <= now ? "expired" : "expires_soon", about } as const];
  });
}

/** A role that takes all of its keys is lost with the first of them. */
function toSpareWarnings({ root, targets }: OfflineTrust["root"]["roles"]): readonly TrustWarning[] {
  const roles = isSameHolders(root, targets) ? { root } : { root, targets };
  return Object.entries(roles)
    .filter(([, { keys, threshold }]) => keys.length === threshold)
    .map(([about]) => ({ warning: "no_spare_key", about }) as const);
}

function toHolder(key: ApproverKey, persons: Policy["persons"]): HolderView {
  return { key: key.id, person: persons.find(({ keys }) => keys.some(({ id }) => id === key.id))?.id };
}
