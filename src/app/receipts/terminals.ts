import {
  MAX_PROVEN_TERMINALS,
  MAX_RECEIPT_TERMINALS,
  type ReceiptProof,
  type ReceiptTerminal,
} from "../../../certs/receipt/format.ts";
import { isTerminalsWord, toTest } from "../../../certs/receipt/terminals.ts";
import { isEqual, toHex } from "../../../proto/bytes.ts";
import { parseDirective } from "../../../proto/directive.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { listCertificatesOf } from "../../store/certificates.ts";
import { toHashes } from "../../store/ledger.ts";
import { findReportsAbout } from "../../store/reports.ts";
import type { CertificateRow, DeploymentRow, ReportRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { toTold } from "../attestation/texts.ts";
import { readDeployments } from "../changes/progress.ts";

/** Ways back that nobody ordered are not told. */
const UNUSED: readonly string[] = ["reserved", "lapsed"];

/** What became of a release on each terminal, with what the terminal itself said. */
export async function readTerminals(
  db: Store,
  releaseId: Uint8Array | null,
): Promise<{ readonly terminals: readonly ReceiptTerminal[]; readonly count: number }> {
  const { ahead, back } = await readDeployments(db, releaseId);
  const rows = [...toSorted(ahead), ...toSorted(back.filter(({ state }) => !UNUSED.includes(state)))];
  const told = rows.slice(0, MAX_RECEIPT_TERMINALS);
  const proven = told.slice(0, MAX_PROVEN_TERMINALS);
  const tusns = [...new Set(proven.map(({ tusn }) => tusn))];
  const certificates = toGroups(await listCertificatesOf(db, tusns));
  const digests = new Set(proven.map(({ directiveDigest }) => toHex(directiveDigest)));
  const reports = toGroups(await findReportsAbout(db, tusns, digests));
  const ways = new Set(back);
  const terminals = told.map((row, at) => {
    const own = { certificates: certificates.get(row.tusn) ?? [], reports: reports.get(row.tusn) ?? [] };
    return toTerminal(row, ways.has(row), at < proven.length ? toProof(row, own) : null);
  });
  return { terminals, count: rows.length };
}

function toGroups<T extends { readonly tusn: Tusn }>(rows: readonly T[]): ReadonlyMap<Tusn, readonly T[]> {
  const groups = new Map<Tusn, T[]>();
  for (const row of rows) groups.set(row.tusn, [...(groups.get(row.tusn) ?? []), row]);
  return groups;
}

function toSorted(rows: readonly DeploymentRow[]): readonly DeploymentRow[] {
  return rows.toSorted((a, b) => (a.tusn < b.tusn ? -1 : 1));
}

function toTerminal(row: DeploymentRow, isWayBack: boolean, proof: ReceiptProof | null): ReceiptTerminal {
  const { tusn, sequence, state, code, detail, updatedAt } = row;
  return { tusn, sequence, isWayBack, state, code, detail: toTold(detail), test: toTest(row), at: updatedAt, proof };
}

/** Null where no certificate with the key that the directive names is on record. */
function toProof(
  row: DeploymentRow,
  {
    certificates,
    reports,
  }: { readonly certificates: readonly CertificateRow[]; readonly reports: readonly ReportRow[] },
): ReceiptProof | null {
  const { deviceKey } = parseDirective(row.directive);
  const certificate = certificates.findLast((one) => isEqual(one.deviceKey, deviceKey));
  if (certificate === undefined) return null;
  const report = !isTerminalsWord(row)
    ? undefined
    : reports.findLast(
        ({ kind, payload, directiveDigest }) =>
          kind === row.state && payload.length > 0 && isEqual(directiveDigest, row.directiveDigest),
      );
  return {
    directive: row.directive,
    index: row.leafIndex,
    path: toHashes(row.path).map(toHex),
    certificate: certificate.bytes,
    report: report === undefined ? null : { payload: report.payload, signature: report.signature },
  };
}
