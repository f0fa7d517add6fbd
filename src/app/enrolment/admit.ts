import type { Person, Policy } from "../../../certs/trust/policy.ts";
import { isEqual, toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { findEnrolment, findTokens, keepAdmission, listPending, putEnrolment } from "../../store/enrolments.ts";
import { findTerminals } from "../../store/fleet.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { parseAdmissionBody, type SignedEvidence, toEvidence } from "./unbinding-body.ts";

/** Enrolments that are listed at once. */
export const MAX_PENDING = 200;

/** An enrolment that waits for a second person. */
export interface PendingEnrolment {
  readonly tusn: Tusn;
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal. */
  readonly deviceKey: string;
  readonly merchant: string;
  readonly place: string;
  /** Who made the token. */
  readonly tokenBy: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
}

/** The oldest first, at most MAX_PENDING; of one terminal where it is named. */
export async function listPendingEnrolments({ store, now }: Context, of?: Tusn): Promise<readonly PendingEnrolment[]> {
  const rows = await listPending(store, now(), MAX_PENDING, of);
  const known = new Map(
    (
      await findTerminals(
        store,
        rows.map(({ tusn }) => tusn),
      )
    ).map((terminal) => [terminal.tusn, terminal]),
  );
  return rows.flatMap(({ tusn, deviceKey, actor, requestedAt, expiresAt }) => {
    const terminal = known.get(tusn);
    if (deviceKey === null || terminal === undefined) return [];
    const { merchantNumber: merchant, place } = terminal;
    const about = { tusn, deviceKey: toHex(deviceKey), merchant, place };
    return [{ ...about, tokenBy: actor, requestedAt: requestedAt ?? 0, expiresAt }];
  });
}

/**
 * A person of the policy lets one device key enrol as this terminal: whoever made its token may not. His signed request
 * is kept. The same word twice changes nothing.
 *
 * @throws TillsyncError SIGNER_NOT_ALLOWED, FIELD_INVALID, FIELD_MISSING; NOT_FOUND where nothing waits; STATE_CONFLICT
 *   where another key does
 */
export async function admitEnrolment(
  { store, now }: Context,
  { id, roles }: Person,
  tusn: Tusn,
  signed: SignedEvidence,
): Promise<void> {
  const deviceKey = parseAdmissionBody(signed.body);
  const evidence = toEvidence(signed);
  if (!isApprover(roles)) throw new TillsyncError("SIGNER_NOT_ALLOWED", { expected: "maker or checker" });
  await transact(store, async (tx) => {
    const row = await findEnrolment(tx, tusn);
    const [token] = await findTokens(tx, [tusn]);
    const isAsked = row !== undefined && row.token !== null && row.deviceKey !== null;
    if (!isAsked || token === undefined || !isEqual(row.token, token.digest) || token.expiresAt < now()) {
      throw new TillsyncError("NOT_FOUND", { enrolment: tusn });
    }
    if (!isEqual(row.deviceKey, deviceKey))
      throw new TillsyncError("STATE_CONFLICT", { expected: "the key that asks" });
    if (token.actor === id)
      throw new TillsyncError("SIGNER_NOT_ALLOWED", { expected: "another than who made the token" });
    if (row.admittedAt !== null || token.closedWhy !== "") return;
    await putEnrolment(tx, { ...row, admittedBy: id, admittedAt: now() });
    await keepAdmission(tx, token.digest, evidence);
    const detail = { tokenBy: token.actor, evidence: toHex(toDigest(toUtf8(evidence))) };
    await noteHappenings(tx, now(), [{ tusn, kind: "enrolment_admitted", actor: id, digest: deviceKey, detail }]);
  });
}

function isApprover(roles: Policy["persons"][number]["roles"]): boolean {
  return roles.includes("maker") || roles.includes("checker");
}
