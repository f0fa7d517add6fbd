import { type Attestation, type AttestedVerdict, MAX_CHANGES } from "../../../certs/attestation/format.ts";
import { toSigners } from "../../../certs/signatures.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { toHex } from "../../../proto/bytes.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { listDeployments } from "../../store/deployments.ts";
import { findReleases, findSignatures } from "../../store/releases.ts";
import type { Store } from "../../store/store.ts";
import type { Selected as VerdictSelected } from "../../store/verdicts.ts";
import { toTold } from "./texts.ts";

const KEY_DIGITS = 12;

/** Every change of one terminal, newest first, at most MAX_CHANGES. */
export async function readChanges(db: Store, tusn: Tusn, policy: Policy): Promise<Attestation["changes"]> {
  const rows = await listDeployments(db, { tusn, limit: MAX_CHANGES });
  const ids = [...new Map(rows.map(({ releaseId }) => [toHex(releaseId), releaseId])).values()];
  const releases = new Map((await findReleases(db, ids)).map((release) => [toHex(release.id), release]));
  const signatures = await findSignatures(db, ids);
  const approvers = new Map(
    [...releases].map(([id, { statement }]) => {
      const own = signatures.filter(({ releaseId }) => toHex(releaseId) === id);
      return [id, own.map((signature) => toSignerName(policy, statement, signature))] as const;
    }),
  );
  return rows.map((row) => {
    const id = toHex(row.releaseId);
    const release = releases.get(id);
    const { sequence, state, code, notBefore, notAfter, updatedAt } = row;
    return {
      ...{ sequence, release: id, state, code, notBefore, notAfter, updatedAt },
      purpose: release?.purpose ?? "",
      reason: toTold(release?.reason ?? ""),
      approvers: [...new Set(approvers.get(id))],
      profile: toHex(row.profileDigest),
      detail: toTold(row.detail),
      publishedAt: release?.publishedAt ?? 0,
    };
  });
}

/** A person where the signature holds under the policy now held; else the beginning of the key's id. */
function toSignerName(
  policy: Policy,
  statement: Uint8Array,
  signature: { readonly keyId: Uint8Array; readonly value: Uint8Array },
): string {
  const [person] = toSigners(policy, statement, [signature]);
  return person?.id ?? `key.${toHex(signature.keyId).slice(0, KEY_DIGITS)}`;
}

export function toAttestedVerdict(row: VerdictSelected): AttestedVerdict {
  const { at, verdict, source, actor, evidence, evidenceDigest } = row;
  return {
    ...{ at, verdict, source },
    actor: toTold(actor),
    evidence: toTold(evidence),
    evidenceDigest: evidenceDigest === null ? "" : toHex(evidenceDigest),
  };
}
