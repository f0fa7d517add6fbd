import { X509Certificate } from "node:crypto";
import { isEqual, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import type { Signature } from "../../proto/delivery.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { parseStatement, type Statement } from "../../proto/statement.ts";
import { parseReport, type Report } from "../../proto/terminal-messages.ts";
import { isIncluded, toLeafHash } from "../../proto/tree.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { toSigners, verifyApproval, verifyMessage } from "../signatures.ts";
import type { Person, Policy, Role } from "../trust/policy.ts";
import { toDeviceKey, toTusn } from "../x509/identity.ts";
import { checkRsaKey } from "../x509/rsa-key.ts";
import type { AttestedApproval } from "./format.ts";
import { demand } from "./shape.ts";

// What signed documents bring along that others than the service signed: each check proves one thing, and believes
// nobody.

/** A signature as documents tell it. */
export interface ToldSignature {
  readonly keyId: string;
  readonly value: string;
}

/** Who signed a release, by the policy held. */
export interface ProvenSigners {
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
}

/** @throws TillsyncError ATTESTATION_INVALID unless the approval that is told is about this very statement */
export function verifyStatement(bytes: Uint8Array, approval: AttestedApproval | null): Statement {
  const statement = readPart("statement", () => parseStatement(bytes));
  const { releaseId, purpose, created, expires, reason } = statement;
  demand(approval?.release === toHex(releaseId), "approval.release");
  demand(approval?.purpose === purpose, "approval.purpose");
  demand(approval?.created === created && approval?.expires === expires, "approval.created");
  demand(isEqual(toDigest(toUtf8(approval?.reason ?? "")), reason), "approval.reason: not what was signed");
  return statement;
}

/** @throws TillsyncError ATTESTATION_INVALID unless the directive is that leaf of the release. @param path hexadecimal */
export function verifyLeaf(directive: Uint8Array, index: number, path: readonly string[], statement: Statement): void {
  const hashes = path.map((hash) => Buffer.from(hash, "hex"));
  const isLeaf = isIncluded(toLeafHash(directive), index, statement.size, hashes, statement.root);
  demand(isLeaf, "directive: not in the release");
}

/**
 * The certificate names this terminal, has the key that the approvers named, and is by the authority.
 *
 * @param pinned the authority in PEM that whoever checks holds; undefined where he holds none
 * @throws TillsyncError ATTESTATION_INVALID
 */
export function verifyDevice(
  told: { readonly tusn: string; readonly certificate: Uint8Array; readonly authority: Uint8Array },
  deviceKey: Uint8Array,
  pinned: string | undefined,
): { readonly certificate: X509Certificate; readonly authority: X509Certificate } {
  const certificate = readPart("certificate", () => new X509Certificate(told.certificate));
  const authority = readPart("authority", () => new X509Certificate(told.authority));
  demand(readPart("certificate", () => toTusn(certificate)) === told.tusn, "certificate: of another terminal");
  const key = readPart("certificate", () => checkRsaKey(certificate.publicKey));
  demand(isEqual(toDeviceKey(key), deviceKey), "certificate: not the device key that was approved");
  const isIssued = certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  demand(isIssued, "certificate: not by the authority");
  if (pinned !== undefined) {
    const isPinned = isEqual(readPart("pinned authority", () => new X509Certificate(pinned)).raw, authority.raw);
    demand(isPinned, "authority: not the one that is pinned");
  }
  return { certificate, authority };
}

/**
 * Who signed the statement. By the very policy version that the service judged by, it has to have come to the same.
 *
 * @param told the version of the policy that the service judged by, and what it says of the signers
 * @throws TillsyncError ATTESTATION_INVALID
 */
export function verifySigners(
  told: { readonly policy: number; readonly approval: AttestedApproval | null },
  bytes: Uint8Array,
  given: readonly ToldSignature[],
  purpose: Statement["purpose"],
  policy: Policy,
): ProvenSigners {
  const keyIds = (told.approval?.signers ?? []).map(({ keyId }) => keyId);
  demand(keyIds.join() === given.map(({ keyId }) => keyId).join(), "approval.signers");
  const signatures = given.map(toSignature);
  const isApproved = hasApproval(policy, purpose, bytes, signatures);
  if (told.policy === policy.version) {
    demand(told.approval?.isApprovedToday === isApproved, "approval.isApprovedToday: the policy says otherwise");
    for (const signer of told.approval?.signers ?? []) {
      const person = policy.persons.find(({ keys }) => keys.some(({ id }) => id === signer.keyId));
      const own = signatures.filter(({ keyId }) => toHex(keyId) === signer.keyId);
      const holds = toSigners(policy, bytes, own).length > 0;
      const isSame = signer.person === (person?.id ?? "") && signer.name === (person?.name ?? "");
      const isRoles = signer.roles.join() === (person?.roles ?? []).join();
      demand(isSame && isRoles && signer.holds === holds, "approval.signers: the policy says otherwise");
    }
  }
  const known = policy.persons.flatMap(({ keys }) => keys.map(({ id }) => id));
  return {
    signers: toSigners(policy, bytes, signatures),
    demanded: policy.thresholds[purpose],
    isApproved,
    isSettlementApproved: hasApproval(policy, "binding", bytes, signatures),
    unknownKeys: keyIds.filter((keyId) => !known.includes(keyId)),
  };
}

/**
 * What the terminal itself said about a directive, signed with the device key.
 *
 * @throws TillsyncError ATTESTATION_INVALID
 */
export function verifyReport(
  tusn: Tusn | string,
  directive: Uint8Array,
  { payload, signature }: { readonly payload: Uint8Array; readonly signature: Uint8Array },
  certificate: X509Certificate,
): Report {
  readPart("report: not signed by the terminal", () =>
    verifyMessage(certificate.publicKey, PAYLOAD_TYPES.report, payload, signature),
  );
  const report = readPart("report", () => parseReport(payload));
  demand(report.tusn === tusn, "report: of another terminal");
  demand(isEqual(report.directive, toDigest(directive)), "report: of another directive");
  return report;
}

/** What a part's own parser refuses is told by the part's name. */
export function readPart<T>(reason: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new TillsyncError("ATTESTATION_INVALID", { reason }, cause);
  }
}

/** Whether those who signed are enough for a release of that purpose, whatever its statement says that it is for. */
export function isApprovedAs(
  policy: Policy,
  purpose: Statement["purpose"],
  bytes: Uint8Array,
  given: readonly ToldSignature[],
): boolean {
  return hasApproval(policy, purpose, bytes, given.map(toSignature));
}

function hasApproval(
  policy: Policy,
  purpose: Statement["purpose"],
  bytes: Uint8Array,
  signatures: readonly Signature[],
): boolean {
  try {
    verifyApproval(policy, purpose, bytes, signatures);
    return true;
  } catch (error) {
    if (error instanceof TillsyncError && error.code === "STATEMENT_UNSIGNED") return false;
    throw error;
  }
}

function toSignature({ keyId, value }: ToldSignature): Signature {
  return { keyId: Buffer.from(keyId, "hex"), value: Buffer.from(value, "hex") };
}
