// How long to wait before somebody is asked again over HTTP. Pure; milliseconds.

export const MAX_ATTEMPTS = 3;
const FIRST_MS = 250;
const MOST_MS = 4_000;
/** What the other side may make us wait; longer, and the question fails instead. */
export const MAX_RETRY_AFTER_MS = 8_000;
const SECOND_MS = 1_000;

/**
 * Exponential with full jitter: anything between nothing and twice as much as before; never less than the other side asked
 * for. Undefined where the question is to fail.
 *
 * @param attempt how many there were, from 1
 * @param random within [0, 1)
 * @param retryAfterMs as `parseRetryAfter` gives it
 */
export function toDelay(attempt: number, random: number, retryAfterMs = 0): number | undefined {
  if (attempt >= MAX_ATTEMPTS || retryAfterMs > MAX_RETRY_AFTER_MS) return undefined;
  return retryAfterMs + Math.floor(random * Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1)));
}

/** The header Retry-After (RFC 9110, 10.2.3) as seconds or as a date; nothing where it is neither. `now` since 1970. */
export function parseRetryAfter(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND_MS;
  const at = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header) ? Date.parse(header) : now;
  return Number.isFinite(at) ? Math.max(0, at - now) : 0;
}
