import type { AttestedApproval } from "../../../certs/attestation/format.ts";
import { toSigners, verifyApproval } from "../../../certs/signatures.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { toHex } from "../../../proto/bytes.ts";
import type { Signature } from "../../../proto/delivery.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Statement } from "../../../proto/statement.ts";

/** A statement with its signatures, as they are kept. */
export interface SignedStatement {
  readonly statement: Statement;
  readonly bytes: Uint8Array;
  readonly signatures: readonly Signature[];
}

/** Who signed, by the policy now held, and whether that is enough. */
export function toApproval(
  { statement, bytes, signatures }: SignedStatement,
  policy: Policy,
  { reason, publishedAt }: { readonly reason: string; readonly publishedAt: number },
): AttestedApproval {
  const { releaseId, purpose, created, expires } = statement;
  return {
    ...{ release: toHex(releaseId), purpose, reason, created, expires, publishedAt },
    signers: signatures.map((signature) => {
      const keyId = toHex(signature.keyId);
      const person = policy.persons.find(({ keys }) => keys.some(({ id }) => id === keyId));
      const holds = toSigners(policy, bytes, [signature]).length > 0;
      return { keyId, holds, person: person?.id ?? "", name: person?.name ?? "", roles: person?.roles ?? [] };
    }),
    isApprovedToday: isApproved(policy, { statement, bytes, signatures }),
  };
}

function isApproved(policy: Policy, { statement, bytes, signatures }: SignedStatement): boolean {
  try {
    verifyApproval(policy, statement.purpose, bytes, signatures);
    return true;
  } catch (error) {
    if (error instanceof TillsyncError && error.code === "STATEMENT_UNSIGNED") return false;
    throw error;
  }
}
