import type { Hello } from "../../../proto/terminal-messages.ts";
import type { Reconciliation } from "../../domain/reconcile.ts";
import { toSettled } from "../../domain/restore.ts";
import type { ReportedRow, TerminalRow } from "../../store/schema.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Records } from "./records.ts";

interface Spoken {
  /** As it was before the hello. */
  readonly terminal: TerminalRow;
  readonly hello: Hello;
  readonly reconciliation: Reconciliation;
  readonly known: ReportedRow | undefined;
  readonly now: number;
}

/**
 * A terminal's hello after a restore tells what it was last given. Its next sequence is above that by a gap: what was
 * issued after the backup, and is still on its way, must never meet another directive of the same number.
 *
 * It settles nothing where the terminal holds newer trust than the service: who may approve was restored too old, and a
 * person has to bring that up to date first; nor where its sequence is not to be believed.
 */
export function settleRestored(records: Records, { terminal, hello, reconciliation, known, now }: Spoken): void {
  const { tusn } = hello;
  if (!records.isUnsettled(tusn) || reconciliation.isTrustAhead) return;
  const accepted = Math.max(hello.sequence, known?.sequence ?? 0);
  const settled = toSettled(terminal.issuedSequence, accepted);
  if (settled === undefined) return;
  const { issuedSequence, lost, isBeyondGap } = settled;
  records.setIssuedSequence(terminal, issuedSequence);
  records.settle(tusn);
  const detail = { restored: terminal.issuedSequence, accepted, issued: issuedSequence };
  records.addEntry(toEntry(now, "restore.settled", tusn, { actor: tusn, detail }));
  if (isBeyondGap) records.addEntry(toEntry(now, "alarm.restore_gap", tusn, { actor: tusn, detail: { lost } }));
}
