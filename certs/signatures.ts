import { type KeyObject, sign, verify } from "node:crypto";
import { toHex } from "../proto/bytes.ts";
import type { Signature } from "../proto/delivery.ts";
import type { DifferenceClass } from "../proto/difference.ts";
import { PAYLOAD_TYPES, type PayloadType, toPreAuthEncoding } from "../proto/dsse.ts";
import { TillsyncError } from "../proto/errors.ts";
import { toPublicKey } from "./keys.ts";
import type { Person, Policy, Role } from "./trust/policy.ts";

/** One approver's signature over a statement's exact bytes (clause 4.2). */
export function signStatement(privateKey: KeyObject, statement: Uint8Array): Signature {
  const value = sign(null, toPreAuthEncoding(PAYLOAD_TYPES.statement, statement), privateKey);
  return { keyId: Buffer.from(toPublicKey(privateKey).id, "hex"), value };
}

/**
 * The people who approved a statement, one for each role that the policy demands for this class of difference, all of
 * them different persons. Signatures by unknown keys and wrong signatures count for nothing.
 *
 * @throws TillsyncError STATEMENT_UNSIGNED with the roles demanded and the number of persons whose signature holds
 */
export function verifyApproval(
  policy: Policy,
  purpose: DifferenceClass,
  statement: Uint8Array,
  signatures: readonly Signature[],
): readonly Person[] {
  const signers = toSigners(policy, statement, signatures);
  const demanded = policy.thresholds[purpose];
  const approvers = assign(demanded, signers);
  if (approvers === undefined) {
    throw new TillsyncError("STATEMENT_UNSIGNED", { demanded: demanded.join("+"), persons: signers.length });
  }
  return approvers;
}

/** The distinct persons of the policy with at least one signature that holds. */
export function toSigners(policy: Policy, statement: Uint8Array, signatures: readonly Signature[]): readonly Person[] {
  const encoding = toPreAuthEncoding(PAYLOAD_TYPES.statement, statement);
  return policy.persons.filter((person) =>
    person.keys.some((key) =>
      signatures.some(
        (signature) => toHex(signature.keyId) === key.id && verify(null, encoding, key.key, signature.value),
      ),
    ),
  );
}

/** One different person for each demanded role, or undefined. At most MAX_DEMANDED_ROLES deep (policy.ts). */
function assign(roles: readonly Role[], persons: readonly Person[]): readonly Person[] | undefined {
  const [role, ...others] = roles;
  if (role === undefined) return [];
  for (const person of persons.filter((candidate) => candidate.roles.includes(role))) {
    const rest = assign(
      others,
      persons.filter((candidate) => candidate !== person),
    );
    if (rest !== undefined) return [person, ...rest];
  }
  return undefined;
}

/** A device's signature over one of its messages: RSASSA-PKCS1-v1_5 with SHA-256 over DSSE (clause 5.1). */
export function signMessage(deviceKey: KeyObject, type: PayloadType, payload: Uint8Array): Uint8Array {
  return sign("sha256", toPreAuthEncoding(type, payload), deviceKey);
}

/** @throws TillsyncError SIGNATURE_INVALID unless the device key signed this payload as this type */
export function verifyMessage(
  deviceKey: KeyObject,
  type: PayloadType,
  payload: Uint8Array,
  signature: Uint8Array,
): void {
  const holds =
    deviceKey.asymmetricKeyType === "rsa" && verify("sha256", toPreAuthEncoding(type, payload), deviceKey, signature);
  if (!holds) throw new TillsyncError("SIGNATURE_INVALID");
}
