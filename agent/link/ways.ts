/** How a terminal reaches its service: a connection to the broker, or requests again and again. */
export const WAYS = ["mqtt", "poll"] as const;
export type Way = (typeof WAYS)[number];

/** A way that could not be had so often, one time after the other, gives place to the next one. */
export const MAX_ATTEMPTS = 3;
/** While the second way serves, the first one is tried after this, doubling up to that. */
export const PROBE_BASE_MS = 60_000;
export const PROBE_CAP_MS = 3_600_000;
const MAX_DOUBLINGS = 16;

/** Which of the ways that a terminal has is its turn. The first one is preferred. */
export class Ways {
  readonly #ways: readonly Way[];
  #at = 0;
  #attempts = 0;
  #probes = 0;

  constructor(ways: readonly Way[]) {
    this.#ways = ways;
  }

  get now(): Way {
    return this.#ways[this.#at] ?? "mqtt";
  }

  /** The one that is to be tried beside the present one; undefined where the present one is the preferred one. */
  get preferred(): Way | undefined {
    return this.#at === 0 ? undefined : this.#ways[0];
  }

  /** The present way could not be had, or not for long. */
  failed(): void {
    this.#attempts += 1;
    if (this.#attempts < MAX_ATTEMPTS) return;
    this.#at = (this.#at + 1) % this.#ways.length;
    this.#attempts = 0;
  }

  /** The present way serves well. */
  had(): void {
    this.#attempts = 0;
    if (this.#at === 0) this.#probes = 0;
  }

  /** The preferred way was had again. */
  prefer(): void {
    this.#at = 0;
    this.#attempts = 0;
  }

  /**
   * Until the preferred way is to be tried again, in milliseconds: longer each time until it has served well.
   *
   * @param random evenly drawn from [0, 1)
   */
  toProbePause(random: number): number {
    const atMostMs = Math.min(PROBE_CAP_MS, PROBE_BASE_MS * 2 ** Math.min(this.#probes, MAX_DOUBLINGS));
    this.#probes += 1;
    return Math.round(atMostMs * (0.5 + random / 2));
  }
}
