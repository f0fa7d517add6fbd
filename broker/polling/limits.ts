/** What terminals that poll may cost. Times in milliseconds. */
export interface PollingLimits {
  /** Terminals that poll at once. */
  readonly terminals: number;
  /** Longest time that a terminal is asked to wait, and while something is under way, in seconds. */
  readonly pollS: number;
  readonly activePollS: number;
  /** Something is under way for so long after the last message of the terminal, or directive or challenge to it. */
  readonly activeMs: number;
  /** How much later than it was asked to a terminal may ask before it counts as gone. */
  readonly graceMs: number;
  /** For the answer whether a terminal is admitted. */
  readonly admitMs: number;
  /** For storing all messages of one upload; below what a terminal waits for an answer. */
  readonly receiveMs: number;
}

/**
 * A challenge is good for 60 s and an answer takes a poll and an upload: a terminal that is asked to wait for longer than
 * this would never prove its TUSN.
 */
export const MAX_POLL_S = 45;

export const POLLING_LIMITS: PollingLimits = {
  terminals: 10_000,
  pollS: 30,
  activePollS: 4,
  activeMs: 60_000,
  graceMs: 30_000,
  admitMs: 5_000,
  receiveMs: 10_000,
};

/** When the terminal is to ask again, in seconds: drawn evenly from the upper half of what is allowed. */
export function toNextPoll(atMostS: number, random: number): number {
  return Math.max(1, Math.ceil(atMostS * (0.5 + random / 2)));
}
