import type { ReportedRow } from "../../store/schema.ts";
import type { VerifiedHello } from "./verified-message.ts";

/** What a hello tells, on top of what was known: the moments of alarms stay, and a card key that is proven only. */
export function toReported(
  { hello, isCardKeyProven }: VerifiedHello,
  known: ReportedRow | undefined,
  now: number,
): ReportedRow {
  const cardKey = isCardKeyProven ? toOptional(hello.cardKey) : (known?.cardKey ?? null);
  const proof = isCardKeyProven ? toOptional(hello.cardKeyProof) : (known?.cardKeyProof ?? null);
  return {
    tusn: hello.tusn,
    counter: hello.counter,
    sequence: hello.sequence,
    currentDigest: toOptional(hello.current),
    previousDigest: toOptional(hello.previous),
    phase: hello.phase,
    busy: hello.busy === "" ? null : hello.busy,
    stale: hello.stale ? 1 : 0,
    agentVersion: hello.agentVersion,
    timestampVersion: hello.timestampVersion,
    rootVersion: hello.rootVersion,
    cardKey,
    cardKeyProof: cardKey === null ? null : proof,
    staleSince: hello.stale ? (known?.staleSince ?? now) : null,
    staleAlarmAt: known?.staleAlarmAt ?? null,
    cardKeyAlarmAt: known?.cardKeyAlarmAt ?? null,
    lastSeen: now,
  };
}

/** Empty bytes as the records have them. */
export function toOptional(bytes: Uint8Array): Uint8Array | null {
  return bytes.length === 0 ? null : bytes;
}
