import type { KeyObject } from "node:crypto";
import type { OfflineFiles } from "../../certs/ceremony/ceremony.ts";
import { type HolderChange, withHolders } from "../../certs/ceremony/changes.ts";
import { completeCeremony } from "../../certs/ceremony/complete.ts";
import { createCeremony, type TrustChange } from "../../certs/ceremony/create.ts";
import { toHolders } from "../../certs/ceremony/holders.ts";
import { verifyOfflineTrust } from "../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../certs/ceremony/sign.ts";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { ALLOWED, DEFAULT_CAPS, type Person, type Role } from "../../certs/trust/policy.ts";

export const NOW = 1_800_000_000;

/** Three people who hold the root, any two of them; a maker and a checker; the service's online key. */
export interface Company {
  readonly holders: readonly [KeyObject, KeyObject, KeyObject];
  readonly maker: KeyObject;
  readonly checker: KeyObject;
  readonly online: KeyObject;
  /** Version 1, signed by the first two. */
  readonly files: OfflineFiles;
}

export function toPerson(id: string, key: KeyObject, ...roles: readonly Role[]): Person {
  return { id, name: `${id} 先生`, keys: [toPublicKey(key)], roles };
}

/** `now` in seconds. */
export function createCompany(now = NOW): Company {
  const holders = [createApproverKey(), createApproverKey(), createApproverKey()] as const;
  const [maker, checker, online] = [createApproverKey(), createApproverKey(), createApproverKey()];
  const role = { keys: holders.map(toPublicKey), threshold: 2 };
  const change: TrustChange = {
    holders: { root: role, targets: role, online: toPublicKey(online) },
    policy: {
      persons: [toPerson("wang.li", maker, "maker", "parameters"), toPerson("chen.bo", checker, "checker")],
      thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
      caps: DEFAULT_CAPS,
      ...ALLOWED,
    },
  };
  return { holders, maker, checker, online, files: carryOut(undefined, change, holders.slice(0, 2), now) };
}

/** Prepares, signs and completes a ceremony. */
export function carryOut(
  present: OfflineFiles | undefined,
  change: TrustChange,
  keys: readonly KeyObject[],
  now = NOW,
): OfflineFiles {
  let { ceremony } = createCeremony(present, change, { reason: "a test", now });
  for (const key of keys) ceremony = signCeremony(ceremony, key, now);
  return completeCeremony(ceremony, now);
}

/** A change of who holds what. */
export function toRotation(
  files: OfflineFiles,
  change: { readonly online?: KeyObject } & Omit<HolderChange, "online">,
): TrustChange {
  const { online, ...rest } = change;
  const { root } = verifyOfflineTrust(files);
  return {
    holders: withHolders(toHolders(root), {
      ...rest,
      ...(online === undefined ? {} : { online: toPublicKey(online) }),
    }),
  };
}
