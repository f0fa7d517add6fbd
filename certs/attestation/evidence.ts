import { toDigest, toHex } from "../../proto/bytes.ts";
import { type Directive, parseDirective } from "../../proto/directive.ts";
import { type Profile, parseProfile } from "../../proto/profile.ts";
import type { Statement } from "../../proto/statement.ts";
import type { Report } from "../../proto/terminal-messages.ts";
import type { Policy } from "../trust/policy.ts";
import type { Attestation, AttestedEvidence } from "./format.ts";
import { toMasked } from "./masked.ts";
import {
  type ProvenSigners,
  readPart,
  verifyDevice,
  verifyLeaf,
  verifyReport,
  verifySigners,
  verifyStatement,
} from "./proven.ts";
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
export interface VerifiedEvidence extends ProvenSigners {
  readonly statement: Statement;
  readonly directive: Directive;
  readonly profile: Profile;
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
  const { approval, tusn, authority: told, certificates, runs, terminal } = attestation;
  const statement = verifyStatement(given.statement, approval);
  verifyLeaf(given.directive, given.index, given.path, statement);
  const directive = readPart("directive", () => parseDirective(given.directive));
  const profile = readPart("profile", () => parseProfile(directive.profile));
  verifyProfile(attestation, directive, profile);
  demand(statement.merchant === "" || statement.merchant === profile.merchant.number, "statement.merchant");
  const { certificate, authority } = verifyDevice({ ...given, tusn }, directive.deviceKey, trust.authority);
  demand(toHex(toDigest(authority.raw)) === told.fingerprint, "authority");
  const fingerprint = toHex(toDigest(certificate.raw));
  demand(
    certificates.some((row) => row.fingerprint === fingerprint),
    "certificate: not in the list",
  );
  const judged = { policy: attestation.trust.policy, approval };
  const signers = verifySigners(judged, given.statement, given.signatures, statement.purpose, trust.policy);
  const report = given.report === null ? undefined : verifyReport(tusn, given.directive, given.report, certificate);
  if (report !== undefined) {
    demand(report.kind === "committed", "report: does not say that the profile was taken");
    demand(toHex(report.current) === runs?.profile, "report: of another profile");
  }
  const isKeyCurrent = toHex(directive.deviceKey) === terminal.deviceKey;
  return { statement, directive, profile, ...signers, report, isKeyCurrent };
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
