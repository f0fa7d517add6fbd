import { toDigest, toHex } from "../../../../proto/bytes.ts";
import { toDifferences, toGravestClass } from "../../../../proto/difference.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import type { ReleaseLeaf, WholeRelease } from "../../../release.ts";
import { MOST } from "../../../trust/policy.ts";
import { toFingerprint } from "../fingerprint.ts";
import { toMissingRoles } from "../missing-roles.ts";
import {
  isOtherSettlement,
  type Secrets,
  toBlindText,
  toOtherFields,
  toSecrets,
  toSettlementFields,
} from "./fields.ts";
import { type Change, toGroups } from "./groups.ts";
import { isSettling, type Settlement, toSettlements, toTransitionKey } from "./settlements.ts";
import type { Bounded, DirectiveKind, DirectiveView, ReleaseOptions, ReleaseView } from "./view.ts";
import { toWarnings } from "./warnings.ts";

/** As many as any release about settlements may hold, so that none is ever left out. */
export const MAX_SETTLEMENTS = MOST.directivesPerBindingRelease;
export const MAX_GROUPS = 100;
/** Directives shown in full where all are asked for. */
export const MAX_IN_FULL = 100_000;

/** A release as people read it, from the very bytes that are signed; bounded however many directives there are. */
export function toReleaseView(whole: WholeRelease, options: ReleaseOptions): ReleaseView {
  const { file, statement, leaves } = whole;
  const secrets = toSecrets(leaves, options.blind);
  const settlements = toSettlements(leaves, secrets);
  const changes = toChanges(leaves, settlements, secrets);
  const demanded = options.policy.thresholds[statement.purpose];
  const head = {
    reason: toBlindText(file.reason, secrets),
    created: statement.created,
    expires: statement.expires,
    signedBy: options.signedBy.map(({ id, name }) => ({ id, name })),
  };
  return {
    releaseId: toHex(statement.releaseId),
    purpose: statement.purpose,
    merchant: statement.merchant,
    ...head,
    digest: toHex(toDigest(file.statement)),
    fingerprint: toFingerprint(file.statement),
    directives: leaves.length,
    terminals: changes.length,
    reserves: leaves.length - changes.length,
    demanded,
    missing: toMissingRoles(demanded, options.signedBy),
    warnings: toWarnings(head, settlements, changes, options.now),
    settlements: toBounded(
      settlements.map(({ view }) => view),
      MAX_SETTLEMENTS,
    ),
    receivers: toReceivers(whole),
    groups: toBounded(toGroups(changes), MAX_GROUPS),
    inFull: toInFull(leaves, secrets, options),
  };
}

function toReceivers({ file, leaves }: WholeRelease): ReleaseView["receivers"] {
  const receivers = file.recipients.flatMap(({ index }) => {
    const directive = leaves[index]?.directive;
    return directive === undefined ? [] : [{ tusn: directive.tusn, deviceKey: toHex(directive.deviceKey) }];
  });
  return toBounded(receivers, MAX_SETTLEMENTS);
}

function toChanges(
  leaves: readonly ReleaseLeaf[],
  settlements: readonly Settlement[],
  secrets: Secrets,
): readonly Change[] {
  const reserves = new Map<Tusn, ReleaseLeaf>();
  for (const leaf of leaves) if (leaf.isReserve) reserves.set(leaf.directive.tusn, leaf);
  const numbers = new Map(settlements.map(({ key, view }) => [key, view.number]));
  return leaves
    .filter(({ isReserve }) => !isReserve)
    .map((leaf) => {
      const differences = toDifferences(leaf.base, leaf.profile);
      return {
        leaf,
        kind: toKind(leaf),
        class: toGravestClass(differences),
        fields: toOtherFields(differences, secrets),
        settlement: isSettling(leaf) ? (numbers.get(toTransitionKey(leaf)) ?? 0) : 0,
        reserve: reserves.get(leaf.directive.tusn),
      };
    });
}

function toKind({ base, directive }: ReleaseLeaf): DirectiveKind {
  if (directive.restores.length > 0) return "restore";
  return base === undefined ? "first" : "change";
}

function toInFull(
  leaves: readonly ReleaseLeaf[],
  secrets: Secrets,
  { terminal, all = false }: ReleaseOptions,
): Bounded<DirectiveView> {
  const wanted = all ? leaves : leaves.filter(({ directive }) => directive.tusn === terminal);
  const shown = wanted.slice(0, MAX_IN_FULL).map((leaf) => toDirectiveView(leaf, secrets));
  return { shown, left: wanted.length - shown.length };
}

function toDirectiveView(leaf: ReleaseLeaf, secrets: Secrets): DirectiveView {
  const { index, directive, bytes, profile, base, isReserve } = leaf;
  return {
    index,
    tusn: directive.tusn,
    kind: isReserve ? "reserve" : toKind(leaf),
    merchant: profile.merchant.number,
    sequence: directive.sequence,
    onFail: directive.onFail,
    notBefore: directive.notBefore,
    notAfter: directive.notAfter,
    deviceKey: toHex(directive.deviceKey),
    digest: toHex(toDigest(bytes)),
    fields: [
      ...(isOtherSettlement(base?.binding, profile.binding)
        ? toSettlementFields(base?.binding, profile.binding, secrets)
        : []),
      ...toOtherFields(toDifferences(base, profile), secrets),
    ],
  };
}

function toBounded<T>(list: readonly T[], most: number): Bounded<T> {
  return { shown: list.slice(0, most), left: Math.max(0, list.length - most) };
}
