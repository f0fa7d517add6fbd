import { toDigest } from "../../../proto/bytes.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { DeploymentState } from "../../domain/deployment.ts";
import { stepLife } from "../../domain/life.ts";
import type { Verdict } from "../../domain/verdict.ts";
import { revokeCertificates } from "../../store/certificates.ts";
import { findInStates, setProgress } from "../../store/deployments.ts";
import { closeTokens, findEnrolment, putEnrolment } from "../../store/enrolments.ts";
import { appendEntries } from "../../store/ledger.ts";
import { clearOutbox } from "../../store/outbox.ts";
import { clearDevice, forgetReported, setReportsAside } from "../../store/parting.ts";
import { findProofs, putProofs } from "../../store/proofs.ts";
import type { DeploymentRow, TerminalRow } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import { addVerdict } from "../../store/verdicts.ts";
import { toStepped } from "../deployment-steps.ts";
import { noteHappenings } from "../identity/history.ts";
import { type LedgerKind, toEntry } from "../ledger-entries.ts";

export interface Parting {
  /** Who decided it. */
  readonly actor: string;
  /** Number of the merchant that it goes to; empty where it stays. */
  readonly merchant: string;
  readonly reason: string;
}

const WAITING: readonly DeploymentState[] = ["pending", "sent"];
const UNDER_WAY: readonly DeploymentState[] = ["verified", "applied"];

/**
 * Parts a terminal from its device key: its certificates are revoked, what was waiting for it is given up, what it said and
 * was proven to be counts no more, and its tokens are closed. It may then enrol with another key, and starts afresh, but for
 * the highest sequence that was ever issued to it. All in the caller's transaction.
 *
 * @throws TillsyncError STATE_CONFLICT for a terminal that is out of service for good
 */
export async function part(tx: Tx, now: number, terminal: TerminalRow, parting: Parting): Promise<void> {
  const { tusn, deviceKey, merchantNumber } = terminal;
  const { actor, reason } = parting;
  const merchant = parting.merchant === "" ? merchantNumber : parting.merchant;
  const verdict = toUnprovenVerdict(terminal.verdict);
  const provenAt = verdict === "format-only" ? null : terminal.provenAt;
  const { life, lifeBefore } = stepLife(terminal, "unbound");
  const revoked = await revokeCertificates(tx, tusn, now, "unbound");
  await giveUpDirectives(tx, now, tusn, actor);
  await clearOutbox(tx, tusn);
  await setReportsAside(tx, tusn);
  await forgetReported(tx, tusn);
  await clearDevice(tx, tusn, { merchantNumber: merchant, life, lifeBefore, verdict, provenAt });
  if (verdict !== terminal.verdict) {
    const evidence = JSON.stringify({ why: "unbound" });
    await addVerdict(tx, { tusn, verdict, source: "operator", evidence, evidenceDigest: null, actor, at: now });
  }
  await closeTokens(tx, [tusn], now, "withdrawn");
  await forgetAsking(tx, tusn);
  const digest = deviceKey === null ? {} : { digest: toDigest(deviceKey) };
  const moved = merchant === merchantNumber ? {} : { from: merchantNumber, to: merchant };
  await noteHappenings(tx, now, [
    { tusn, kind: "revoked", actor, ...digest, detail: { certificates: revoked, why: "unbound" } },
    { tusn, kind: "unbound", actor, ...digest, detail: { reason, ...moved } },
  ]);
}

/** What proved the TUSN, proved it of the device that had the key. That it is not genuine stays true. */
function toUnprovenVerdict(verdict: Verdict): Verdict {
  return verdict === "mismatch" || verdict === "revoked" ? verdict : "format-only";
}

async function giveUpDirectives(tx: Tx, now: number, tusn: Tusn, actor: string): Promise<void> {
  const waiting = await findInStates(tx, [tusn], WAITING);
  const lost = await findInStates(tx, [tusn], UNDER_WAY);
  const kept = await findInStates(tx, [tusn], ["reserved"]);
  await setProgress(tx, [
    ...toStepped(waiting, "superseded", now),
    ...toStepped(lost, "lost", now),
    ...toStepped(kept, "lapsed", now),
  ]);
  const toEntries = (rows: readonly DeploymentRow[], kind: LedgerKind) =>
    rows.map(({ directiveDigest: digest, sequence }) =>
      toEntry(now, kind, tusn, { actor, digest, detail: { sequence } }),
    );
  await appendEntries(tx, [
    ...toEntries(waiting, "deployment.superseded"),
    ...toEntries(lost, "deployment.lost"),
    ...toEntries(kept, "deployment.lapsed"),
  ]);
}

/**
 * Forgets who asked to be enrolled, and plans no proof. A lock stays: who guessed tokens or cryptograms is not known.
 */
export async function forgetAsking(tx: Tx, tusn: Tusn): Promise<void> {
  const enrolment = await findEnrolment(tx, tusn);
  const nothing = { factor: "", token: null, deviceKey: null, requestedAt: null, admittedBy: "", admittedAt: null };
  if (enrolment !== undefined) await putEnrolment(tx, { ...enrolment, ...nothing, factorExpiresAt: null });
  const [proof] = await findProofs(tx, [tusn]);
  if (proof !== undefined)
    await putProofs(tx, [{ ...proof, dueAt: null, challenge: null, factor: "", expiresAt: null }]);
}
