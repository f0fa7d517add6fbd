import { MAX_UINT32 } from "../../proto/bounds.ts";
import { MAX_SEQUENCE_STEP } from "./release-check.ts";

/**
 * Sequences that a terminal is never given after a restore: those that the service may have issued after the backup. Well
 * under `MAX_SEQUENCE_STEP` here and in the agent's gate, so that what comes after them is neither refused nor believed
 * to be a slip.
 */
export const RESTORE_GAP = 256;

/** Where a terminal's sequences go on after a restore. */
export interface Settled {
  /** All up to here count as issued. */
  readonly issuedSequence: number;
  /** Sequences that the terminal accepted and this database never issued. */
  readonly lost: number;
  /** So many are lost that more than the gap may be on their way, too. */
  readonly isBeyondGap: boolean;
}

/**
 * What a terminal's first hello after a restore settles.
 *
 * @param issued highest sequence that the restored database issued
 * @param accepted highest sequence that the terminal says it accepted
 * @returns undefined where what it says is not to be believed
 */
export function toSettled(issued: number, accepted: number): Settled | undefined {
  if (accepted > issued + MAX_SEQUENCE_STEP) return undefined;
  const lost = Math.max(0, accepted - issued);
  return {
    issuedSequence: Math.min(Math.max(issued, accepted) + RESTORE_GAP, MAX_UINT32),
    lost,
    isBeyondGap: lost > RESTORE_GAP,
  };
}

/** A timestamp as it was at the backup; times in seconds. */
export interface TimestampAtBackup {
  readonly version: number;
  readonly issued: number;
}

/** Timestamps beside the regular ones that may have been signed after a backup, such as those of ceremonies. */
export const TIMESTAMP_GAP = 1_000;

/**
 * A version above that of every timestamp that the service can have signed between the backup and `now`.
 *
 * @param everyS how often it signs one at most
 */
export function toTimestampVersion({ version, issued }: TimestampAtBackup, now: number, everyS: number): number {
  return version + Math.ceil(Math.max(0, now - issued) / everyS) + TIMESTAMP_GAP;
}
