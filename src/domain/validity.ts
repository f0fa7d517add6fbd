/** A directive is valid this much before it is sent, for terminals whose clock is behind. */
export const CLOCK_SLACK_S = 300;

/**
 * How long after a directive's time its outcome is waited for. A terminal may be switched off over a holiday; a test
 * transaction and its retries end within minutes.
 */
export const OUTCOME_GRACE_S = 14 * 86_400;

/**
 * When a directive may be sent, in seconds: a terminal whose clock is behind must not see it before its time, because it
 * would refuse it for good.
 */
export function toDueAt(notBefore: number, now: number): number {
  return Math.max(now, notBefore + CLOCK_SLACK_S);
}
