import { isEqual, toDigest } from "../../../proto/bytes.ts";
import type { Hello } from "../../../proto/terminal-messages.ts";
import type { Reconciliation } from "../../domain/reconcile.ts";
import { MAX_SEQUENCE_STEP } from "../../domain/release-check.ts";
import type { ReportedRow, TerminalRow } from "../../store/schema.ts";
import { type LedgerKind, toEntry } from "../ledger-entries.ts";
import type { Records } from "./records.ts";
import type { VerifiedHello } from "./verified-message.ts";

// What in a hello is for a person to look into. A terminal can say the same again and again: none of it may fill the
// ledger.

/** A terminal that is stale for longer than this, though it was sent trust metadata, does not take it. */
export const STALE_GRACE_S = 300;
/** An alarm that a terminal could raise with every hello is raised again after this at the earliest. */
export const ALARM_PAUSE_S = 86_400;

interface Spoken {
  readonly terminal: TerminalRow;
  readonly message: VerifiedHello;
  readonly reconciliation: Reconciliation;
  readonly known: ReportedRow | undefined;
  readonly now: number;
}

/** Raises what there is to raise; gives when, for those alarms that pause. */
export function raiseAlarms(records: Records, spoken: Spoken): Partial<ReportedRow> {
  raiseSequenceAlarms(records, spoken);
  raiseTrustAlarm(records, spoken);
  noteCardKey(records, spoken);
  return { ...raiseStaleAlarm(records, spoken), ...raiseCardKeyAlarm(records, spoken) };
}

/**
 * An old hello, or a terminal that runs on an old copy of its state: once per counter, so that replays fill no ledger.
 *
 * @param behindAt when it came, where it was never heard before; else null
 * @returns whether the alarm was raised
 */
export function raiseCounterAlarm(
  records: Records,
  { tusn, counter }: Hello,
  known: ReportedRow,
  now: number,
  behindAt: number | null,
): boolean {
  // The newest hello itself, once more, is a delivery repeated.
  if (counter === known.counter || !records.addUsedCounter({ tusn, counter, behindAt })) return false;
  const detail = { counter, known: known.counter };
  records.addEntry(toEntry(now, "alarm.counter_behind", tusn, { actor: tusn, detail }));
  return true;
}

function raiseSequenceAlarms(records: Records, { terminal, message, reconciliation, known, now }: Spoken): void {
  const { hello } = message;
  const { isAhead, isBehind } = reconciliation;
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

/** Once for the versions that it tells. */
function raiseTrustAlarm(records: Records, { message, reconciliation, known, now }: Spoken): void {
  const { tusn, timestampVersion, rootVersion } = message.hello;
  const isTold = known?.timestampVersion === timestampVersion && known.rootVersion === rootVersion;
  if (!reconciliation.isTrustAhead || isTold) return;
  const detail = { timestamp: timestampVersion, root: rootVersion };
  records.addEntry(toEntry(now, "alarm.trust_ahead", tusn, { actor: tusn, detail }));
}

function raiseStaleAlarm(records: Records, { message, known, now }: Spoken): Partial<ReportedRow> {
  const { tusn, stale, timestampVersion } = message.hello;
  const since = known?.staleSince ?? null;
  if (!stale || since === null || now - since < STALE_GRACE_S || !isDue(known?.staleAlarmAt, now)) return {};
  const detail = { since, timestamp: timestampVersion };
  records.addEntry(toEntry(now, "alarm.trust_stale", tusn, { actor: tusn, detail }));
  return { staleAlarmAt: now };
}

function raiseCardKeyAlarm(records: Records, { message, known, now }: Spoken): Partial<ReportedRow> {
  const { isCardKeyProven, hello } = message;
  if (isCardKeyProven || !isDue(known?.cardKeyAlarmAt, now)) return {};
  const kind: LedgerKind = "alarm.card_key_unproven";
  records.addEntry(toEntry(now, kind, hello.tusn, { actor: hello.tusn, digest: toDigest(hello.cardKey) }));
  return { cardKeyAlarmAt: now };
}

/** A card key decides who can read a number: that there is another one is worth an entry. */
function noteCardKey(records: Records, { message, known, now }: Spoken): void {
  const { isCardKeyProven, hello } = message;
  const { tusn, cardKey } = hello;
  const isNew = cardKey.length > 0 && !isEqual(cardKey, known?.cardKey ?? new Uint8Array(0));
  if (!isCardKeyProven || !isNew) return;
  records.addEntry(toEntry(now, "terminal.card_key", tusn, { actor: tusn, digest: toDigest(cardKey) }));
}

function isDue(last: number | null | undefined, now: number): boolean {
  return last === null || last === undefined || now - last >= ALARM_PAUSE_S;
}
