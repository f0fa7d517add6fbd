import type { KeyObject } from "node:crypto";
import type { Ceremony, OfflineFiles } from "../../../../certs/ceremony/ceremony.ts";
import { completeCeremony } from "../../../../certs/ceremony/complete.ts";
import { createCeremony, type TrustChange } from "../../../../certs/ceremony/create.ts";
import type { Holders } from "../../../../certs/ceremony/holders.ts";
import { signCeremony } from "../../../../certs/ceremony/sign.ts";
import { createApproverKey, toPublicKey } from "../../../../certs/keys.ts";
import type { Policy } from "../../../../certs/trust/policy.ts";
import { NOW, POLICY } from "./releases.ts";

export const FIRST: KeyObject = createApproverKey();
export const SECOND: KeyObject = createApproverKey();
const online = createApproverKey();
const both = { keys: [toPublicKey(FIRST), toPublicKey(SECOND)], threshold: 2 };
export const HOLDERS: Holders = { root: both, targets: both, online: toPublicKey(online) };
const { version: _, ...CONTENT } = POLICY;

/** The policy that is in force, but for these parts. */
export function toPolicy(change: Partial<Policy>): Omit<Policy, "version"> {
  return { ...CONTENT, ...change };
}

/** The ceremony that makes the trust there is, unsigned. */
export function createFirst(change: Partial<TrustChange> = {}): Ceremony {
  const whole = { holders: HOLDERS, policy: CONTENT, ...change };
  return createCeremony(undefined, whole, { reason: "初始信任", now: NOW }).ceremony;
}

/** A change of the trust there is, unsigned; `first` where that is another than `createFirst` makes. */
export function createNext(change: TrustChange, first: Partial<TrustChange> = {}): Ceremony {
  return createCeremony(toInForce(createFirst(first)), change, { reason: "人员变动", now: NOW + 60 }).ceremony;
}

function toInForce(ceremony: Ceremony): OfflineFiles {
  const signed = [FIRST, SECOND].reduce((file, key) => signCeremony(file, key, NOW), ceremony);
  return completeCeremony(signed, NOW);
}
