import { X509Certificate } from "node:crypto";
import { isEqual, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import type { Signature } from "../../proto/delivery.ts";
import { type Directive, parseDirective } from "../../proto/directive.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type Profile, parseProfile } from "../../proto/profile.ts";
import { parseStatement, type Statement } from "../../proto/statement.ts";
import { parseReport, type Report } from "../../proto/terminal-messages.ts";
import { isIncluded, toLeafHash } from "../../proto/tree.ts";
import { toSigners, verifyApproval, verifyMessage } from "../signatures.ts";
import type { Person, Policy, Role } from "../trust/policy.ts";
import { toDeviceKey, toTusn } from "../x509/identity.ts";
import { checkRsaKey } from "../x509/rsa-key.ts";
import type { Attestation, AttestedEvidence } from "./format.ts";
import { toMasked } from "./masked.ts";
import { demand } from "./shape.ts";

/** What an attestation is checked against: all of it held before, none of it from the attestation. */
export interface AttestationTrust {
  /** Newest root held, in its exact bytes. */
  readonly root: Uint8Array;
  readonly policy: Policy;
  /** Seconds. */
  readonly now: number;
  /** The authority of terminals' certificates in PEM, where whoever checks has pinned it. */
  readonly authority?: string;
}

/** What was proven of what a terminal runs, without believing whoever tells it. */
export interface VerifiedEvidence {
  readonly statement: Statement;
  readonly directive: Directive;
  readonly profile: Profile;
  /** Distinct persons of the policy held whose signature holds. */
  readonly signers: readonly Person[];
  /** Roles that the policy held demands for this release, each by another person. */
  readonly demanded: readonly Role[];
  readonly isApproved: boolean;
  /**
   * Whether these people could have approved the settlement, too. A release for parameters takes fewer people; that its
   * profile kept the settlement which others had approved before, it does not prove.
   */
  readonly isSettlementApproved: boolean;
  /** Keys that signed and that the policy held does not know, such as of people who have left. */
  readonly unknownKeys: readonly string[];
  /** What the terminal said when it had taken the profile; undefined where that was not kept. */
  readonly report: Report | undefined;
  /** Whether the terminal still has the device key that the approvers named. */
  readonly isKeyCurrent: boolean;
}

/** @throws TillsyncError ATTESTATION_INVALID with the reason */
export function verifyEvidence(
  attestation: Attestation,
  given: AttestedEvidence,
  trust: AttestationTrust,
): VerifiedEvidence {
  const statement = read("statement", () => parseStatement(given.statement));
  verifyStatement(attestation, statement);
  const path = given.path.map((hash) => Buffer.from(hash, "hex"));
  const isLeaf = isIncluded(toLeafHash(given.directive), given.index, statement.size, path, statement.root);
  demand(isLeaf, "directive: not in the release");
  const directive = read("directive", () => parseDirective(given.directive));
  const profile = read("profile", () => parseProfile(directive.profile));
  verifyProfile(attestation, directive, profile);
  demand(statement.merchant === "" || statement.merchant === profile.merchant.number, "statement.merchant");
  const certificate = verifyCertificate(attestation, given, directive, trust);
  const approval = verifySigners(attestation, given, statement, trust.policy);
  return {
    ...{ statement, directive, profile, ...approval },
    report: given.report === null ? undefined : verifyReport(attestation, given, given.report, certificate),
    isKeyCurrent: toHex(directive.deviceKey) === attestation.terminal.deviceKey,
  };
}

function verifyStatement({ approval }: Attestation, statement: Statement): void {
  const { releaseId, purpose, created, expires, reason } = statement;
  demand(approval?.release === toHex(releaseId), "approval.release");
  demand(approval?.purpose === purpose, "approval.purpose");
  demand(approval?.created === created && approval?.expires === expires, "approval.created");
  demand(isEqual(toDigest(toUtf8(approval?.reason ?? "")), reason), "approval.reason: not what was signed");
}

function verifyProfile({ tusn, runs }: Attestation, directive: Directive, profile: Profile): void {
  demand(directive.tusn === tusn, "directive: of another terminal");
  demand(runs?.profile === toHex(toDigest(directive.profile)), "runs.profile: not the one that was approved");
  demand(runs?.sequence === directive.sequence, "runs.sequence");
  const { merchant, acquiring, binding, number } = profile;
  demand(runs?.number === number, "runs.number");
  demand(runs?.merchant === merchant.number && runs?.merchantName === merchant.name, "runs.merchant");
  demand(runs?.terminalNo === acquiring.terminalNo && runs?.acquirer === acquiring.acquirer, "runs.terminalNo");
  const isSettlement = runs?.kind === binding.kind && runs?.bank === binding.bank;
  demand(isSettlement && runs?.settlement === toMasked(binding), "runs.settlement");
}

/** The certificate names this terminal, has the key that the approvers named, and is by the authority that is told. */
function verifyCertificate(
  { tusn, authority: told, certificates }: Attestation,
  given: AttestedEvidence,
  { deviceKey }: Directive,
  { authority: pinned }: AttestationTrust,
): X509Certificate {
  const certificate = read("certificate", () => new X509Certificate(given.certificate));
  const authority = read("authority", () => new X509Certificate(given.authority));
  demand(read("certificate", () => toTusn(certificate)) === tusn, "certificate: of another terminal");
  const key = read("certificate", () => checkRsaKey(certificate.publicKey));
  demand(isEqual(toDeviceKey(key), deviceKey), "certificate: not the device key that was approved");
  const isIssued = certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  demand(isIssued, "certificate: not by the authority");
  demand(toHex(toDigest(authority.raw)) === told.fingerprint, "authority");
  const fingerprint = toHex(toDigest(certificate.raw));
  demand(
    certificates.some((row) => row.fingerprint === fingerprint),
    "certificate: not in the list",
  );
  if (pinned !== undefined) {
    const isPinned = isEqual(read("pinned authority", () => new X509Certificate(pinned)).raw, authority.raw);
    demand(isPinned, "authority: not the one that is pinned");
  }
  return certificate;
}

function verifySigners(
  { approval, trust }: Attestation,
  { statement: bytes, signatures: given }: AttestedEvidence,
  { purpose }: Statement,
  policy: Policy,
): Pick<VerifiedEvidence, "signers" | "demanded" | "isApproved" | "isSettlementApproved" | "unknownKeys"> {
  const told = (approval?.signers ?? []).map(({ keyId }) => keyId);
  demand(told.join() === given.map(({ keyId }) => keyId).join(), "approval.signers");
  const signatures = given.map(toSignature);
  const signers = toSigners(policy, bytes, signatures);
  const isApproved = hasApproval(policy, purpose, bytes, signatures);
  const known = policy.persons.flatMap(({ keys }) => keys.map(({ id }) => id));
  // By the very policy that the service judged by, it has to come to the same.
  if (trust.policy === policy.version) {
    demand(approval?.isApprovedToday === isApproved, "approval.isApprovedToday: the policy says otherwise");
    for (const signer of approval?.signers ?? []) {
      const person = policy.persons.find(({ keys }) => keys.some(({ id }) => id === signer.keyId));
      const own = signatures.filter(({ keyId }) => toHex(keyId) === signer.keyId);
      const holds = toSigners(policy, bytes, own).length > 0;
      const isSame = signer.person === (person?.id ?? "") && signer.name === (person?.name ?? "");
      const isRoles = signer.roles.join() === (person?.roles ?? []).join();
      demand(isSame && isRoles && signer.holds === holds, "approval.signers: the policy says otherwise");
    }
  }
  const demanded = policy.thresholds[purpose];
  const unknownKeys = told.filter((keyId) => !known.includes(keyId));
  const isSettlementApproved = hasApproval(policy, "binding", bytes, signatures);
  return { signers, demanded, isApproved, isSettlementApproved, unknownKeys };
}

function verifyReport(
  { tusn, runs }: Attestation,
  { directive }: AttestedEvidence,
  { payload, signature }: NonNullable<AttestedEvidence["report"]>,
  certificate: X509Certificate,
): Report {
  read("report: not signed by the terminal", () =>
    verifyMessage(certificate.publicKey, PAYLOAD_TYPES.report, payload, signature),
  );
  const report = read("report", () => parseReport(payload));
  demand(report.tusn === tusn, "report: of another terminal");
  demand(report.kind === "committed", "report: does not say that the profile was taken");
  demand(isEqual(report.directive, toDigest(directive)), "report: of another directive");
  demand(toHex(report.current) === runs?.profile, "report: of another profile");
  return report;
}

function hasApproval(
  policy: Policy,
  purpose: Statement["purpose"],
  bytes: Uint8Array,
  signatures: Signature[],
): boolean {
  try {
    verifyApproval(policy, purpose, bytes, signatures);
    return true;
  } catch (error) {
    if (error instanceof TillsyncError && error.code === "STATEMENT_UNSIGNED") return false;
    throw error;
  }
}

function toSignature({ keyId, value }: AttestedEvidence["signatures"][number]): Signature {
  return { keyId: Buffer.from(keyId, "hex"), value: Buffer.from(value, "hex") };
}

/** What a part's own parser refuses is told by the part's name. */
function read<T>(reason: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new TillsyncError("ATTESTATION_INVALID", { reason }, cause);
  }
}
