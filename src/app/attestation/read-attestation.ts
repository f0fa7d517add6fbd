import { verifyEvidence } from "../../../certs/attestation/evidence.ts";
import {
  ATTESTATION_VERSION,
  type Attestation,
  MAX_CERTIFICATES,
  MAX_HAPPENINGS,
  MAX_QUARANTINES,
  MAX_VERDICTS,
} from "../../../certs/attestation/format.ts";
import type { Trust } from "../../../certs/trust/verify.ts";
import { isEqual, toDigest, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toFrontierRoot } from "../../../proto/tree.ts";
import { DEVICE_TYPES, type Tusn, toTusnParts } from "../../../proto/tusn.ts";
import { type IdentityPolicy, isSufficient } from "../../domain/verdict.ts";
import { countDeployments, listNewestHistory } from "../../store/attested.ts";
import { listCertificates } from "../../store/certificates.ts";
import { findTerminals } from "../../store/fleet.ts";
import { findFrontier } from "../../store/ledger.ts";
import { listQuarantinesOf, type Quarantine } from "../../store/quarantines.ts";
import { findReported } from "../../store/reported.ts";
import type { CertificateRow, ReportedRow, TerminalRow } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import { listVerdicts, type Selected as VerdictSelected } from "../../store/verdicts.ts";
import { toAnswer } from "./answer.ts";
import { readChanges, toAttestedVerdict } from "./changes.ts";
import { readRuns } from "./runs.ts";
import { findCertificate, toCertificateTime, toNameLine, toTold } from "./texts.ts";

/** What a terminal is judged by. */
export interface AttestationSources {
  readonly trust: Trust;
  readonly identity: IdentityPolicy;
  /** Certificate of the private authority in PEM. */
  readonly authority: string;
  /** Seconds. */
  readonly now: number;
}

/**
 * Everything an auditor needs about one terminal, as it stands at one moment: to be called in a transaction. Undefined
 * where there is no such terminal. No card number is in it.
 *
 * @throws TillsyncError CERTIFICATE_INVALID where the authority's own certificate cannot be read
 */
export async function readAttestation(
  tx: Tx,
  sources: AttestationSources,
  tusn: Tusn,
): Promise<Attestation | undefined> {
  const [terminal] = await findTerminals(tx, [tusn]);
  if (terminal === undefined) return undefined;
  const { trust, identity, authority, now } = sources;
  const [reported] = await findReported(tx, [tusn]);
  const certificates = await listCertificates(tx, tusn);
  const quarantines = await listQuarantinesOf(tx, tusn);
  const verdicts = await listVerdicts(tx, tusn);
  const history = await listNewestHistory(tx, tusn, MAX_HAPPENINGS);
  const frontier = await findFrontier(tx);
  const runs = await readRuns(tx, { terminal, reported, certificates, policy: trust.policy, authority });
  const isQuarantined = quarantines.some(({ releasedAt }) => releasedAt === null);
  const attestation: Attestation = {
    type: "tillsync-attestation",
    version: ATTESTATION_VERSION,
    tusn,
    at: now,
    answer: toAnswer(terminal, isQuarantined, identity, now),
    proof: toProof(terminal, verdicts, identity, now),
    terminal: toTerminal(terminal, reported),
    quarantines: quarantines.slice(0, MAX_QUARANTINES).map(toQuarantine),
    certificates: certificates.slice(-MAX_CERTIFICATES).flatMap((row) => toCertificates(row, terminal)),
    authority: toAuthority(authority),
    ...runs,
    changes: await readChanges(tx, tusn, trust.policy),
    verdicts: verdicts.slice(-MAX_VERDICTS).map(toAttestedVerdict),
    history: history.rows.map(({ at, kind, actor, detail }) => {
      return { at, kind, actor: toTold(actor), detail: toTold(detail) };
    }),
    counts: {
      changes: await countDeployments(tx, tusn),
      verdicts: verdicts.length,
      history: history.count,
      certificates: certificates.length,
      quarantines: quarantines.length,
    },
    trust: { root: trust.rootVersion, timestamp: trust.versions.timestamp, policy: trust.policy.version },
    ledger: { size: frontier.size, root: toHex(toFrontierRoot(frontier)) },
  };
  return { ...attestation, evidence: toSound(attestation, trust) };
}

/** The proof, where it holds: one over records that somebody has edited is none. */
function toSound(attestation: Attestation, { policy, root, issued }: Trust): Attestation["evidence"] {
  const { evidence, at } = attestation;
  if (evidence === null) return null;
  try {
    verifyEvidence(attestation, evidence, { policy, root, now: Math.max(at, issued) });
    return evidence;
  } catch (error) {
    if (error instanceof TillsyncError) return null;
    throw error;
  }
}

function toProof(
  terminal: TerminalRow,
  verdicts: readonly VerdictSelected[],
  identity: IdentityPolicy,
  now: number,
): Attestation["proof"] {
  const { verdict, provenAt } = terminal;
  const { maxAgeS } = identity;
  const rests = verdicts.findLast((row) => row.verdict === verdict);
  return {
    ...{ verdict, provenAt, maxAgeS },
    isSufficient: isSufficient(terminal, identity),
    isRecent: provenAt !== null && now - provenAt <= maxAgeS,
    rests: rests === undefined ? null : toAttestedVerdict(rests),
  };
}

function toTerminal(row: TerminalRow, reported: ReportedRow | undefined): Attestation["terminal"] {
  const { maker: makerCode, deviceType: deviceTypeCode } = toTusnParts(row.tusn);
  const said = reported?.currentDigest ?? null;
  return {
    ...{ makerCode, deviceTypeCode },
    deviceType: DEVICE_TYPES[deviceTypeCode] ?? "unknown",
    maker: toTold(row.maker),
    model: toTold(row.model),
    certificateNo: toTold(row.certificateNo),
    place: toTold(row.place),
    merchant: row.merchantNumber,
    life: row.life,
    replaces: row.replaces,
    replacedBy: row.replacedBy,
    deviceKey: row.deviceKey === null ? "" : toHex(toDigest(row.deviceKey)),
    saysProfile: said === null ? "" : toHex(said),
    lastSeen: reported?.lastSeen ?? null,
  };
}

function toQuarantine(row: Quarantine): Attestation["quarantines"][number] {
  const { at, why, sides, releasedAt, releasedBy, reason } = row;
  return { at, why, sides: toTold(sides), releasedAt, releasedBy: toTold(releasedBy), reason: toTold(reason) };
}

/** None for a row that somebody has edited. */
function toCertificates(
  row: CertificateRow,
  { certificateFingerprint: current }: TerminalRow,
): Attestation["certificates"] {
  const certificate = findCertificate(row.bytes);
  if (certificate === undefined) return [];
  const { subject, issuer, serialNumber, validFrom, validTo, raw } = certificate;
  const { issuedAt, revokedAt, revokedWhy } = row;
  return [
    {
      ...{ subject: toNameLine(subject), issuer: toNameLine(issuer), serial: serialNumber.toLowerCase() },
      fingerprint: toHex(toDigest(raw)),
      notBefore: toCertificateTime(validFrom),
      notAfter: toCertificateTime(validTo),
      ...{ issuedAt, revokedAt, revokedWhy: toTold(revokedWhy) },
      isCurrent: current !== null && isEqual(row.fingerprint, current),
    },
  ];
}

function toAuthority(pem: string): Attestation["authority"] {
  const authority = findCertificate(pem);
  if (authority === undefined) throw new TillsyncError("CERTIFICATE_INVALID", { what: "authority" });
  const { subject, serialNumber, validTo, raw } = authority;
  return {
    subject: toNameLine(subject),
    serial: serialNumber.toLowerCase(),
    fingerprint: toHex(toDigest(raw)),
    notAfter: toCertificateTime(validTo),
  };
}
