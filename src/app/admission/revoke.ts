import { toDigest } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { addCertificate, listCertificates, revokeCertificates } from "../../store/certificates.ts";
import { findTerminals } from "../../store/fleet.ts";
import type { TerminalRow } from "../../store/schema.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { parseAct } from "../registry/act.ts";

/** As `certificates` keeps it. */
const REVOKED_WHY = "operator";

export interface RevokedTerminal {
  readonly tusn: Tusn;
  /** Certificates that were revoked just now. */
  readonly certificates: number;
}

/**
 * Revokes every certificate of a terminal: it is stolen, or its key is known to others. It stays on record with its life,
 * and can enrol anew once two people have unbound it from its key.
 *
 * @throws TillsyncError NOT_FOUND; STATE_CONFLICT where there is none left to revoke; CONFIG_INVALID, SENSITIVE_DATA for
 *   the words
 */
export function revokeTerminal(
  context: Context,
  tusn: Tusn,
  words: { readonly reason: string; readonly by?: string },
): Promise<RevokedTerminal> {
  const { actor, reason } = parseAct(words.reason, words.by);
  return transact(context.store, async (tx) => {
    const [terminal] = await findTerminals(tx, [tusn]);
    if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
    const now = context.now();
    await keepUnlisted(tx, terminal);
    const certificates = await revokeCertificates(tx, tusn, now, REVOKED_WHY);
    if (certificates === 0) throw new TillsyncError("STATE_CONFLICT", { terminal: tusn, certificates });
    await noteHappenings(tx, now, [{ tusn, kind: "revoked", actor, detail: { certificates, reason } }]);
    return { tusn, certificates };
  });
}

/**
 * A terminal that was enrolled before certificates were kept has a fingerprint only. It is listed now, so that it can be
 * refused; with no serial number known, and hence on no list for others.
 */
async function keepUnlisted(
  tx: Tx,
  { tusn, deviceKey, certificateFingerprint: fingerprint }: TerminalRow,
): Promise<void> {
  const hasAny = (await listCertificates(tx, tusn)).length > 0;
  if (hasAny || deviceKey === null || fingerprint === null) return;
  await addCertificate(tx, {
    ...{ fingerprint, tusn, serial: "", deviceKey: toDigest(deviceKey), bytes: new Uint8Array(0) },
    ...{ notAfter: 0, issuedAt: 0, revokedAt: null, revokedWhy: "" },
  });
}
