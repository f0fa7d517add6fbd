import type { KeyObject } from "node:crypto";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { OFFLINE_VALIDITY_S, type RoleHolders, type RoleSigners, toRootPart } from "../../certs/trust/create.ts";
import { ROLE_NAMES, type RoleName, toMetadataBytes } from "../../certs/trust/metadata.ts";
import { ALLOWED, DEFAULT_CAPS, type Person, type Policy } from "../../certs/trust/policy.ts";

export const NOW = 1_800_000_000;

/** Keys that every test of trust may use, made once. */
export const KEYS = Object.fromEntries(
  ["maker", "checker", "online", "stranger", "spare"].map((name) => [name, createApproverKey()]),
) as Readonly<Record<"maker" | "checker" | "online" | "stranger" | "spare", KeyObject>>;

export const MAKER: Person = {
  id: "wang.li",
  name: "王丽",
  keys: [toPublicKey(KEYS.maker)],
  roles: ["maker", "parameters"],
};
export const CHECKER: Person = { id: "chen.bo", name: "陈波", keys: [toPublicKey(KEYS.checker)], roles: ["checker"] };

export const POLICY: Policy = {
  version: 1,
  persons: [MAKER, CHECKER],
  thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
  caps: DEFAULT_CAPS,
  ...ALLOWED,
};

/** People hold root, targets and snapshot; a machine holds the timestamp. */
export const SIGNERS: RoleSigners = {
  root: [KEYS.maker, KEYS.checker],
  targets: [KEYS.maker, KEYS.checker],
  snapshot: [KEYS.maker, KEYS.checker],
  timestamp: [KEYS.online],
};

/** A root of any version that gives the roles to these keys, all of them demanded, signed by whom you say. */
export function createRoot(
  version: number,
  holders: RoleSigners,
  signers: readonly KeyObject[],
  thresholds: Partial<Record<RoleName, number>> = {},
): Uint8Array {
  const roles = Object.fromEntries(
    ROLE_NAMES.map((name): [RoleName, RoleHolders] => {
      const keys = holders[name].map(toPublicKey);
      return [name, { keys, threshold: thresholds[name] ?? keys.length }];
    }),
  ) as Record<RoleName, RoleHolders>;
  return toMetadataBytes(toRootPart({ version, expires: NOW + OFFLINE_VALIDITY_S, roles }), signers);
}

/** The file's content changed and signed again. */
export function resign(file: Uint8Array, signers: readonly KeyObject[], change: object): Uint8Array {
  return toMetadataBytes({ ...JSON.parse(Buffer.from(file).toString()).signed, ...change }, signers);
}
