import { MAX_SKEW_S, unsigned } from "./answer.ts";

/** Answers remembered; where there are more within MAX_SKEW_S, the oldest is forgotten. */
const MAX_SEEN = 10_000;

/**
 * Answers that were taken: WeChat Pay and Lakala sign an answer with its time and a nonce of its own, but not with the
 * question that it belongs to, so that an answer recorded a minute ago would pass for the next one.
 */
export class SeenAnswers {
  readonly #seen = new Map<string, number>();

  /**
   * @param at when it was signed, by the acquirer's clock in seconds
   * @param now by ours
   * @throws TillsyncError ACQUIRER_UNSIGNED where it is too old, too far ahead, or was taken before
   */
  take(nonce: string, at: number, now: number): void {
    if (!Number.isInteger(at) || Math.abs(now - at) > MAX_SKEW_S) throw unsigned("time");
    if (this.#seen.has(nonce)) throw unsigned("repeated");
    for (const [old, seenAt] of this.#seen) {
      if (now - seenAt <= 2 * MAX_SKEW_S && this.#seen.size < MAX_SEEN) break;
      this.#seen.delete(old);
    }
    this.#seen.set(nonce, now);
  }
}
