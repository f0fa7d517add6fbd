/** PCI DSS 8.2.8. */
export const IDLE_S = 15 * 60;
/** However busy it is. */
export const SESSION_S = 12 * 3_600;
/** A request is noted once in this time: a session may end that much sooner for it, never later. */
export const SEEN_EVERY_S = 30;
/** Of one account at once; the one heard of longest ago gives way. */
export const MAX_SESSIONS = 8;

/** Times in seconds. */
export interface SessionTimes {
  readonly createdAt: number;
  readonly lastSeen: number;
}

export function isOver({ createdAt, lastSeen }: SessionTimes, now: number): boolean {
  return now - lastSeen >= IDLE_S || now - createdAt >= SESSION_S;
}

/** Whether a request at this time is worth a note. */
export function isNews({ lastSeen }: SessionTimes, now: number): boolean {
  return now - lastSeen >= SEEN_EVERY_S;
}
