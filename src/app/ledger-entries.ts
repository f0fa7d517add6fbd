import { DIGEST_BYTES } from "../../proto/bytes.ts";
import { type LedgerEntry, MAX_LEDGER_DETAIL_CHARACTERS } from "../../proto/ledger-entry.ts";
import { toRedacted } from "../../proto/redaction.ts";
import type { ReportKind } from "../../proto/terminal-messages.ts";
import type { HistoryKind } from "../domain/life.ts";
import type { ChangeEventRow } from "../store/changes-schema.ts";

/** Every kind of entry that the service writes (clause 7.2), but those of reports and of terminals' history. An alarm is for a person to look into. */
export const LEDGER_KINDS = [
  "fleet.imported",
  "merchant.changed",
  "merchant.reviewed",
  "bins.loaded",
  "terminal.card_key",
  "draft.submitted",
  "draft.signed",
  "draft.closed",
  "trust.changed",
  "release.published",
  "release.left_out",
  "release.rollback_ordered",
  "deployment.ordered",
  "deployment.lapsed",
  "deployment.superseded",
  "deployment.expired",
  "deployment.concluded",
  "deployment.lost",
  "alarm.report_conflict",
  "alarm.record_altered",
  "alarm.sequence_ahead",
  "alarm.sequence_behind",
  "alarm.counter_behind",
  "alarm.outcome_overdue",
  "alarm.not_approved",
  "alarm.reserve_unordered",
  "alarm.trust_ahead",
  "alarm.trust_stale",
  "alarm.trust_emergency",
  "alarm.card_key_unproven",
  "alarm.proof_locked",
  "alarm.enrolment_locked",
  "alarm.verdict_lost",
  "alarm.clone_suspected",
  "backup.made",
  "service.restored",
  "restore.settled",
  "restore.adopted",
  "alarm.restore_gap",
  "keys.added",
  "keys.rotated",
  "keys.removed",
  "auditor.added",
  "auditor.revoked",
  "auditor.looked",
  "acquirer.ordered",
  "acquirer.changed",
  "acquirer.step_done",
  "acquirer.resumed",
  "acquirer.judged",
  "alarm.acquirer_overdue",
  "alarm.acquirer_contradicted",
  "alarm.acquirer_indistinct",
  "alarm.acquirer_untold",
  "alarm.acquirer_held",
  "policy.loaded",
  "alarm.notice_undelivered",
  "notice.retried",
  "receipt.made",
  "receipt.retried",
  "alarm.receipt_unsound",
  "account.added",
  "account.role_changed",
  "account.scope_changed",
  "account.disabled",
  "account.enabled",
  "account.locked",
  "account.unlocked",
  "account.password_reset",
  "account.password_changed",
  "account.totp_enrolled",
  "account.totp_removed",
  "account.logged_in",
  "account.logged_out",
  "account.login_failed",
  "account.strangers",
  "account.key_added",
  "account.key_revoked",
] as const;
export type LedgerKind =
  | (typeof LEDGER_KINDS)[number]
  | `report.${ReportKind}`
  | `terminal.${HistoryKind}`
  | `change.${ChangeEventRow["event"]}`;

const NO_DIGEST = new Uint8Array(0);
const SERVICE = "service";
/** Stands for a name that could not be written into an entry. */
const UNREADABLE = "unreadable";

export interface EntryFields {
  /** Person or TUSN that acted; the service where absent. */
  readonly actor?: string;
  /** Of what was decided or reported. */
  readonly digest?: Uint8Array;
  /** Facts beside it: no card number, no key. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * An entry about `subject`, a release id, TUSN or merchant number. Names and digests come from rows that somebody may have
 * edited: what no entry can hold is left out, so that one bad row keeps no other from its entry.
 */
export function toEntry(at: number, kind: LedgerKind, subject: string, fields: EntryFields = {}): LedgerEntry {
  const { actor = SERVICE, digest = NO_DIGEST, detail = {} } = fields;
  return {
    ...{ at, kind, actor, detail: toDetailText(detail) },
    subject: /^[\x21-\x7e]{1,64}$/.test(subject) ? subject : UNREADABLE,
    digest: digest.length === DIGEST_BYTES ? digest : NO_DIGEST,
  };
}

function toDetailText(detail: NonNullable<EntryFields["detail"]>): string {
  const names = Object.keys(detail).sort();
  const text = toRedacted(JSON.stringify(Object.fromEntries(names.map((name) => [name, detail[name]]))));
  // Cut text is no JSON any more, but an entry must never fail over the length of a remark.
  return text.slice(0, MAX_LEDGER_DETAIL_CHARACTERS);
}
