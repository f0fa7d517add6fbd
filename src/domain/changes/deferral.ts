import type { Phase } from "../../../proto/terminal-messages.ts";

/**
 * Why a terminal would take a change later than the others: it has never been heard of, or not for long; it said last
 * that it is busy (an open batch, a transaction, its hours, paper or power), that a reversal of its is owed, that another
 * update is under way on it, or that it stands still until a person comes.
 */
export const DEFERRALS = ["unheard", "silent", "busy", "reversal_owed", "under_way", "stopped"] as const;
export type Deferral = (typeof DEFERRALS)[number];

/** What a terminal said of itself last. */
export interface LastHeard {
  /** Null before its first hello. */
  readonly phase: Phase | null;
  /** Seconds. */
  readonly lastSeen: number;
}

/** Whoever polls rarely is heard of within this all the same. */
export const SILENT_AFTER_S = 86_400;

/** Undefined where nothing is known that would hold it up. @param heard undefined where it was never heard of */
export function findDeferral(heard: LastHeard | undefined, now: number): Deferral | undefined {
  if (heard === undefined) return "unheard";
  if (now - heard.lastSeen > SILENT_AFTER_S) return "silent";
  switch (heard.phase) {
    case "waiting":
      return "busy";
    case "reversing":
      return "reversal_owed";
    case "verified":
    case "applying":
    case "testing":
    case "rolling_back":
      return "under_way";
    case "suspended":
    case "broken":
      return "stopped";
    default:
      return undefined;
  }
}
