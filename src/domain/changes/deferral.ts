import { BUSY_REASONS, type BusyReason, type Phase } from "../../../proto/terminal-messages.ts";

/**
 * Why a terminal would take a change later than the others: it has never been heard of, or not for long; it said last
 * what keeps it busy (an open batch, its hours, paper or power), or just that something does; that a reversal of its is
 * owed, that another update is under way on it, or that it stands still until a person comes.
 */
export const DEFERRALS = [
  ...(["unheard", "silent", "busy", "reversal_owed", "under_way", "stopped"] as const),
  ...BUSY_REASONS,
] as const;
export type Deferral = (typeof DEFERRALS)[number];

/** What a terminal said of itself last. */
export interface LastHeard {
  /** Null before its first hello. */
  readonly phase: Phase | null;
  readonly busy: BusyReason | null;
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
      return heard.busy ?? "busy";
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
      return heard.busy ?? undefined;
  }
}
