import type { Attestation, AttestedEvidence } from "../../../certs/attestation/format.ts";
import { toMasked } from "../../../certs/attestation/masked.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { isEqual, toDigest, toHex } from "../../../proto/bytes.ts";
import { parseDirective } from "../../../proto/directive.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseProfile } from "../../../proto/profile.ts";
import { parseStatement } from "../../../proto/statement.ts";
import { findInStates } from "../../store/deployments.ts";
import { toHashes } from "../../store/ledger.ts";
import { findReleases, findSignatures } from "../../store/releases.ts";
import { listReports } from "../../store/reports.ts";
import type { CertificateRow, DeploymentRow, ReportedRow, TerminalRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { type SignedStatement, toApproval } from "./approval.ts";
import { findCertificate } from "./texts.ts";

type Proven = Pick<Attestation, "runs" | "approval" | "evidence">;

const NOTHING: Proven = { runs: null, approval: null, evidence: null };
/** Signatures of one release that are told. */
const MAX_TOLD = 16;

export interface RunsSources {
  readonly terminal: TerminalRow;
  readonly reported: ReportedRow | undefined;
  readonly certificates: readonly CertificateRow[];
  readonly policy: Policy;
  /** PEM. */
  readonly authority: string;
}

/**
 * What a terminal runs, who approved it and what proves that. Records that somebody has edited so that they cannot be read
 * come to nothing.
 */
export async function readRuns(db: Store, sources: RunsSources): Promise<Proven> {
  const { terminal, reported, policy } = sources;
  const digest = reported?.currentDigest ?? null;
  const committed = await findInStates(db, [terminal.tusn], ["committed"]);
  const deployment = committed
    .filter((row) => digest !== null && isEqual(row.profileDigest, digest))
    .toSorted((a, b) => b.sequence - a.sequence)[0];
  if (deployment === undefined) return NOTHING;
  const [release] = await findReleases(db, [deployment.releaseId]);
  if (release === undefined) return NOTHING;
  const rows = await findSignatures(db, [deployment.releaseId]);
  const signatures = rows.slice(0, MAX_TOLD).map(({ keyId, value }) => ({ keyId, value }));
  try {
    const statement = parseStatement(release.statement);
    const signed = { statement, bytes: release.statement, signatures };
    const { reason, publishedAt } = release;
    return {
      runs: toRuns(deployment),
      approval: toApproval(signed, policy, { reason, publishedAt }),
      evidence: await readEvidence(db, sources, deployment, signed),
    };
  } catch (error) {
    if (error instanceof TillsyncError && error.code !== "STORE_FAILED") return NOTHING;
    throw error;
  }
}

function toRuns({ directive: bytes }: DeploymentRow): Attestation["runs"] {
  const directive = parseDirective(bytes);
  const { number, merchant, acquiring, binding } = parseProfile(directive.profile);
  return {
    profile: toHex(toDigest(directive.profile)),
    number,
    sequence: directive.sequence,
    merchant: merchant.number,
    merchantName: merchant.name,
    terminalNo: acquiring.terminalNo,
    acquirer: acquiring.acquirer,
    kind: binding.kind,
    bank: binding.bank,
    settlement: toMasked(binding),
  };
}

/** Null where no certificate with the key that the directive names is on record. */
async function readEvidence(
  db: Store,
  { terminal, certificates, authority }: RunsSources,
  deployment: DeploymentRow,
  { bytes, signatures }: SignedStatement,
): Promise<AttestedEvidence | null> {
  const { deviceKey } = parseDirective(deployment.directive);
  const own = certificates.filter((row) => isEqual(row.deviceKey, deviceKey));
  const { certificateFingerprint: current } = terminal;
  const certificate = own.find((row) => current !== null && isEqual(row.fingerprint, current)) ?? own.at(-1);
  const issuer = findCertificate(authority);
  if (certificate === undefined || issuer === undefined) return null;
  const reports = await listReports(db, terminal.tusn);
  const report = reports.find(
    ({ kind, payload, directiveDigest }) =>
      kind === "committed" && payload.length > 0 && isEqual(directiveDigest, deployment.directiveDigest),
  );
  return {
    statement: bytes,
    signatures: signatures.map(({ keyId, value }) => ({ keyId: toHex(keyId), value: toHex(value) })),
    directive: deployment.directive,
    index: deployment.leafIndex,
    path: toHashes(deployment.path).map(toHex),
    certificate: certificate.bytes,
    authority: issuer.raw,
    report: report === undefined ? null : { payload: report.payload, signature: report.signature },
  };
}
