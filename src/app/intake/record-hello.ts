import { TillsyncError } from "../../../proto/errors.ts";
import type { Hello } from "../../../proto/terminal-messages.ts";
import { step } from "../../domain/deployment.ts";
import { isLost, type Reconciliation, reconcile } from "../../domain/reconcile.ts";
import { MAX_SEQUENCE_STEP } from "../../domain/release-check.ts";
import { toDueAt } from "../../domain/validity.ts";
import type { DeploymentRow, ReportedRow, TerminalRow } from "../../store/schema.ts";
import { toEntry } from "../ledger-entries.ts";
import { toOptional } from "./record-report.ts";
import type { Records } from "./records.ts";

const NO_DIGEST = new Uint8Array(0);
/** Says in a deployment that a hello told its end, because the report was lost. */
const TOLD_BY_HELLO = "told by hello";

/**
 * Takes what a terminal says of itself on connect into the records, and brings deployment and outbox into line with it.
 *
 * @throws TillsyncError NOT_FOUND; REPORT_INVALID where its counter is not above the last: the hello of another
 *   day, or of a terminal whose state was put back; an alarm entry is made then
 */
export function recordHello(records: Records, hello: Hello, timestampVersion: number, now: number): Reconciliation {
  const terminal = records.terminal(hello.tusn);
  if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: hello.tusn });
  const known = records.reported(hello.tusn);
  if (known !== undefined && hello.counter <= known.counter) {
    raiseCounterAlarm(records, hello, known, now);
    throw new TillsyncError("REPORT_INVALID", { terminal: hello.tusn, counter: hello.counter, above: known.counter });
  }
  closeLost(records, hello, now);
  const [deployment] = records.openDeployments(hello.tusn);
  const reconciliation = reconcile(hello, {
    timestampVersion,
    issuedSequence: terminal.issuedSequence,
    reportedSequence: known?.sequence ?? 0,
    ...(deployment === undefined ? {} : { open: { ...deployment, baseDigest: deployment.baseDigest ?? NO_DIGEST } }),
  });
  records.setReported({
    tusn: hello.tusn,
    counter: hello.counter,
    sequence: hello.sequence,
    currentDigest: toOptional(hello.current),
    previousDigest: toOptional(hello.previous),
    phase: hello.phase,
    stale: hello.stale ? 1 : 0,
    agentVersion: hello.agentVersion,
    lastSeen: now,
  });
  raiseAlarms(records, terminal, hello, reconciliation, known, now);
  if (deployment !== undefined) carryOut(records, deployment, reconciliation, now);
  return reconciliation;
}

function raiseAlarms(
  records: Records,
  terminal: TerminalRow,
  hello: Hello,
  { isAhead, isBehind }: Reconciliation,
  known: ReportedRow | undefined,
  now: number,
): void {
  const detail = { issued: terminal.issuedSequence, sequence: hello.sequence };
  // Believed within bounds only: no terminal may use up its own sequences by what it says.
  const isCredible = hello.sequence <= terminal.issuedSequence + MAX_SEQUENCE_STEP;
  // So that the next directive is above it.
  if (isAhead && isCredible) records.setIssuedSequence(terminal, hello.sequence);
  // What is not believed is ahead at the next hello still; the alarm is raised once.
  if (isAhead && (isCredible || hello.sequence !== known?.sequence)) {
    records.addEntry(toEntry(now, "alarm.sequence_ahead", hello.tusn, { actor: hello.tusn, detail }));
  }
  if (isBehind) records.addEntry(toEntry(now, "alarm.sequence_behind", hello.tusn, { actor: hello.tusn, detail }));
}

/** An old hello, or a terminal that runs on an old copy of its state: once per counter, so that replays fill no ledger. */
function raiseCounterAlarm(records: Records, { tusn, counter }: Hello, known: ReportedRow, now: number): void {
  // The newest hello itself, once more, is a delivery repeated.
  if (counter === known.counter || !records.addUsedCounter({ tusn, counter })) return;
  const detail = { counter, known: known.counter };
  records.addEntry(toEntry(now, "alarm.counter_behind", tusn, { actor: tusn, detail }));
}

/** Gives up what the terminal once took and cannot remember: no report of it will come, and others could wait for ever. */
function closeLost(records: Records, hello: Hello, now: number): void {
  for (const deployment of records.openDeployments(hello.tusn).filter((row) => isLost(hello, row))) {
    const { tusn, sequence, directiveDigest: digest } = deployment;
    const { state } = step(deployment.state, "lost");
    records.setDeployment({ ...deployment, state, code: "TERMINAL_LOST_STATE", detail: "", updatedAt: now });
    const detail = { code: "TERMINAL_LOST_STATE", sequence, told: hello.sequence };
    records.addEntry(toEntry(now, "deployment.lost", tusn, { actor: tusn, digest, detail }));
  }
}

function carryOut(records: Records, deployment: DeploymentRow, reconciliation: Reconciliation, now: number): void {
  const { tusn, sequence, directiveDigest: digest, notBefore } = deployment;
  const { sendDirective, conclude } = reconciliation;
  if (sendDirective) {
    const { state, changed } = step(deployment.state, "resend");
    if (changed) records.setDeployment({ ...deployment, state, updatedAt: now });
    records.offer({ tusn, sequence, dueAt: toDueAt(notBefore, now), sends: 0 });
  }
  if (conclude !== undefined) {
    const { state } = step(deployment.state, conclude);
    records.setDeployment({ ...deployment, state, code: "", detail: TOLD_BY_HELLO, updatedAt: now });
    records.addEntry(toEntry(now, "deployment.concluded", tusn, { actor: tusn, digest, detail: { sequence, state } }));
  }
}
