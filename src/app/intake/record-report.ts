import { isEqual, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import type { Report } from "../../../proto/terminal-messages.ts";
import { isHeldBack, step } from "../../domain/deployment.ts";
import type { ReportedRow } from "../../store/schema.ts";
import { toEntry } from "../ledger-entries.ts";
import { type FindSides, judgeSaid } from "./counters.ts";
import { isAnotherWay, lapseReserves } from "./lapse-reserves.ts";
import type { Records } from "./records.ts";
import { toOptional } from "./reported-row.ts";
import type { VerifiedReport } from "./verified-message.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * Takes one report into the records. Every report that its terminal signed is stored, with a ledger entry, even where it
 * changes nothing: a refusal of bytes that we never sent is news of an attack.
 * The same report again changes nothing.
 *
 * @throws TillsyncError REPORT_INVALID where the counter was used for another report; an alarm entry is made then, once
 */
export function recordReport(records: Records, message: VerifiedReport, findSides: FindSides, now: number): void {
  const { report, digest, payload, signature } = message;
  const { tusn, counter, kind, directive: directiveDigest } = report;
  const stored = records.report(tusn, counter);
  if (stored !== undefined && isEqual(stored.digest, digest)) return;
  judgeSaid(records, { tusn, kind: "report", counter, digest }, findSides);
  if (stored !== undefined) {
    // A terminal sends it again and again, because it never gets a receipt.
    if (records.addUsedCounter({ tusn, counter, behindAt: null })) {
      records.addEntry(toEntry(now, "alarm.report_conflict", tusn, { actor: tusn, digest, detail: { counter } }));
    }
    throw new TillsyncError("REPORT_INVALID", { terminal: tusn, counter });
  }
  const row = { tusn, counter, digest, signature, kind, directiveDigest, receivedAt: now };
  records.addReport({ ...row, payload: holdsCardNumber(report) ? NO_BYTES : payload });
  setReported(records, report, now);
  const isUnordered = isOfHeldBack(records, report);
  const standing = recordProgress(records, report, now);
  const detail = { code: report.code, counter, directive: toHex(directiveDigest), standing };
  const fields = { actor: tusn, digest, detail };
  records.addEntry(toEntry(now, `report.${kind}`, tusn, fields));
  if (isAlarming(standing, kind)) records.addEntry(toEntry(now, "alarm.report_conflict", tusn, fields));
  if (isUnordered) records.addEntry(toEntry(now, "alarm.reserve_unordered", tusn, fields));
}

/** Agents cut card numbers out of what they tell; what comes from another hand is counted, but not kept. */
function holdsCardNumber({ detail }: Report): boolean {
  return toRedacted(detail) !== detail;
}

/** Somebody showed the terminal a way back that no operator ordered. */
function isOfHeldBack(records: Records, { directive, tusn }: Report): boolean {
  const deployment = records.deployment(directive);
  return deployment?.tusn === tusn && isHeldBack(deployment.state);
}

/** What the report was to the record. */
type Standing = "progress" | "repeat" | "unknown_directive" | "wrong_nonce" | "contradiction";

/** A refusal of what we never sent is the gate at work; that it was taken would be another matter. */
function isAlarming(standing: Standing, kind: Report["kind"]): boolean {
  if (standing === "progress" || standing === "repeat") return false;
  return standing === "contradiction" || kind !== "refused";
}

function recordProgress(records: Records, report: Report, now: number): Standing {
  const deployment = records.deployment(report.directive);
  if (deployment === undefined || deployment.tusn !== report.tusn) return "unknown_directive";
  // Not our delivery, though our directive: what the terminal holds is believed, but it answers nothing that we asked.
  if (!isEqual(report.nonce, deployment.nonce)) return "wrong_nonce";
  try {
    const { state, changed } = step(deployment.state, report.kind);
    if (!changed) return "repeat";
    const detail = toRedacted(report.detail);
    records.setDeployment({ ...deployment, state, code: report.code, detail, updatedAt: now });
    // Its own only: an older directive that ends so late leaves the newer change and its way back as they are.
    const ownReserve = deployment.sequence + 1;
    if (isAnotherWay(state)) lapseReserves(records, deployment.tusn, now, ({ sequence }) => sequence === ownReserve);
    return "progress";
  } catch (error) {
    if (!isConflict(error)) throw error;
    return "contradiction";
  }
}

/** Only news of a higher counter tells what a terminal holds: reports may come late. */
function setReported(records: Records, report: Report, now: number): void {
  const known = records.reported(report.tusn);
  if (known !== undefined && report.counter <= known.counter) return;
  const row: ReportedRow = {
    phase: null,
    busy: null,
    stale: null,
    agentVersion: null,
    timestampVersion: null,
    rootVersion: null,
    cardKey: null,
    cardKeyProof: null,
    staleSince: null,
    staleAlarmAt: null,
    cardKeyAlarmAt: null,
    ...known,
    tusn: report.tusn,
    counter: report.counter,
    sequence: Math.max(report.sequence, known?.sequence ?? 0),
    currentDigest: toOptional(report.current),
    previousDigest: toOptional(report.previous),
    lastSeen: now,
  };
  records.setReported(row);
}

function isConflict(error: unknown): boolean {
  return error instanceof TillsyncError && error.code === "STATE_CONFLICT";
}
