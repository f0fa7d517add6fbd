import { isEqual } from "../../../proto/bytes.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { EnrolmentFacts, Holder } from "../../domain/enrolment.ts";
import { isSpentKey } from "../../store/certificates.ts";
import { findEnrolment, findTokens } from "../../store/enrolments.ts";
import { findTerminals } from "../../store/fleet.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { findReported } from "../../store/reported.ts";
import type { EnrolmentRow, TerminalRow } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import { isToken } from "./token.ts";

/** A device key in its two forms. */
export interface DeviceKey {
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of that. */
  readonly digest: Uint8Array;
}

/** Whose enrolment is asked for. */
export interface Asking {
  readonly tusn: Tusn;
  /** Digest of the token that was handed in. */
  readonly token: Uint8Array;
  /** Of the request; absent as long as only a challenge is asked for. */
  readonly key?: DeviceKey;
}

/** What is on record about an enrolment: for the decision, and as rows. */
export interface OnRecord {
  readonly facts: EnrolmentFacts;
  readonly terminal: TerminalRow | undefined;
  /** Empty where there is none yet. */
  readonly enrolment: EnrolmentRow;
}

/** Reads the same, whether or not there is such a terminal. */
export async function readRecord(tx: Tx, now: number, { tusn, token, key }: Asking): Promise<OnRecord> {
  const [terminal] = await findTerminals(tx, [tusn]);
  const [kept] = await findTokens(tx, [tusn]);
  const enrolment = (await findEnrolment(tx, tusn)) ?? toEmpty(tusn);
  const isQuarantined = (await findQuarantined(tx, [tusn])).length > 0;
  const [reported] = await findReported(tx, [tusn]);
  const isRight = isToken(token, kept?.digest);
  const isSpent = key !== undefined && (await isSpentKey(tx, tusn, key.digest));
  const isOfToken = enrolment.token !== null && isEqual(enrolment.token, token);
  const facts: EnrolmentFacts = {
    now,
    ...(terminal === undefined ? {} : { terminal: { ...terminal, isQuarantined, isHeard: reported !== undefined } }),
    ...(kept === undefined ? {} : { token: { ...toTokenFacts(kept), isRight } }),
    isLocked: enrolment.lockedAt !== null,
    ...(key === undefined ? {} : { key: { holder: toHolder(terminal?.deviceKey, key.spki), isSpent } }),
    asked: isOfToken ? toHolder(enrolment.deviceKey, key?.digest) : "nobody",
    isAdmitted: isOfToken && enrolment.admittedAt !== null,
  };
  return { facts, terminal, enrolment };
}

export function toHolder(held: Uint8Array | null | undefined, asking: Uint8Array | undefined): Holder {
  if (held === null || held === undefined) return "nobody";
  return asking !== undefined && isEqual(held, asking) ? "same" : "other";
}

function toTokenFacts({
  closedWhy,
  expiresAt,
  needsAdmission,
}: {
  closedWhy: string;
  expiresAt: number;
  needsAdmission: 0 | 1;
}) {
  return { isUsed: closedWhy === "used", expiresAt, needsAdmission: needsAdmission === 1 };
}

function toEmpty(tusn: Tusn): EnrolmentRow {
  return {
    ...{ tusn, failures: 0, lockedAt: null, factor: "", factorExpiresAt: null, token: null, deviceKey: null },
    ...{ requestedAt: null, admittedBy: "", admittedAt: null },
  };
}
