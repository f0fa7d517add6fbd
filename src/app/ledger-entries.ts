import { type LedgerEntry, MAX_LEDGER_DETAIL_CHARACTERS } from "../../proto/ledger-entry.ts";
import { toRedacted } from "../../proto/redaction.ts";
import type { ReportKind } from "../../proto/terminal-messages.ts";

/** Every kind of entry that the service writes (clause 7). An alarm is for a person to look into. */
export type LedgerKind =
  | "fleet.imported"
  | "terminal.enrolled"
  | "release.published"
  | "release.left_out"
  | "deployment.superseded"
  | "deployment.expired"
  | "deployment.concluded"
  | "deployment.lost"
  | `report.${ReportKind}`
  | "alarm.report_conflict"
  | "alarm.record_altered"
  | "alarm.sequence_ahead"
  | "alarm.sequence_behind"
  | "alarm.counter_behind"
  | "alarm.outcome_overdue";

const NO_DIGEST = new Uint8Array(0);
const SERVICE = "service";

export interface EntryFields {
  /** Person or TUSN that acted; the service where absent. */
  readonly actor?: string;
  /** Of what was decided or reported. */
  readonly digest?: Uint8Array;
  /** Facts beside it: no card number, no key. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/** An entry about `subject`, a release id, TUSN or merchant number. */
export function toEntry(at: number, kind: LedgerKind, subject: string, fields: EntryFields = {}): LedgerEntry {
  const { actor = SERVICE, digest = NO_DIGEST, detail = {} } = fields;
  return { at, kind, actor, subject, digest, detail: toDetailText(detail) };
}

function toDetailText(detail: NonNullable<EntryFields["detail"]>): string {
  const names = Object.keys(detail).sort();
  const text = toRedacted(JSON.stringify(Object.fromEntries(names.map((name) => [name, detail[name]]))));
  // Cut text is no JSON any more, but an entry must never fail over the length of a remark.
  return text.slice(0, MAX_LEDGER_DETAIL_CHARACTERS);
}
