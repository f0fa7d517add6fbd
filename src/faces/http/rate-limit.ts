import { TillsyncError } from "../../../proto/errors.ts";
import { toNetwork } from "../../domain/network.ts";

/** A bucket of `burst` tokens that fills again by `perMinute`. */
export interface Rate {
  readonly burst: number;
  readonly perMinute: number;
}

/** How much somebody may ask, by whatever name he is known. */
export interface RateLimit {
  /**
   * Takes tokens out of the bucket of that name. What it returns puts them back, for a request that is not to count.
   *
   * @throws TillsyncError RATE_LIMITED with the `seconds` until there are as many; nothing is taken then
   */
  take(name: string, cost?: number): () => void;
}

interface Bucket {
  /** Whole ones, so that no rounding adds up. */
  tokens: number;
  /** When `tokens` was right to the moment, in seconds. */
  at: number;
}

/** Names that have a bucket of their own: more than the /64s of a /48, the most that is given to one subscriber. */
export const MAX_NAMES = 70_000;
const MINUTE_S = 60;
/** Between two searches for buckets that can go: they go through all of them. */
const SWEEP_S = 1;

/**
 * One bucket for each name, in bounded memory. A bucket goes only when it is full again, so that nobody gets a full one
 * by making it go. While there is no room, all other names share one bucket: ever new names gain nothing either.
 *
 * @param now seconds
 */
export function createRateLimit({ burst, perMinute }: Rate, now: () => number): RateLimit {
  const buckets = new Map<string, Bucket>();
  const shared: Bucket = { tokens: burst, at: now() };
  let sweptAt = Number.NEGATIVE_INFINITY;

  function fill(bucket: Bucket): void {
    const at = now();
    // A clock that was set back fills nothing.
    bucket.at = Math.min(bucket.at, at);
    const more = Math.floor(((at - bucket.at) * perMinute) / MINUTE_S);
    const isFull = bucket.tokens + more >= burst;
    bucket.tokens = isFull ? burst : bucket.tokens + more;
    bucket.at = isFull ? at : bucket.at + (more * MINUTE_S) / perMinute;
  }

  function sweep(): void {
    if (Math.abs(now() - sweptAt) < SWEEP_S) return;
    sweptAt = now();
    for (const [name, bucket] of buckets) {
      fill(bucket);
      if (bucket.tokens >= burst) buckets.delete(name);
    }
  }

  function findBucket(name: string): Bucket {
    const held = buckets.get(name);
    if (held !== undefined) return held;
    if (buckets.size >= MAX_NAMES) sweep();
    if (buckets.size >= MAX_NAMES) return shared;
    const bucket = { tokens: burst, at: now() };
    buckets.set(name, bucket);
    return bucket;
  }

  return {
    take: (name, cost = 1) => {
      const bucket = findBucket(name);
      fill(bucket);
      if (bucket.tokens < cost) {
        const waitS = ((cost - bucket.tokens) * MINUTE_S) / perMinute - (now() - bucket.at);
        throw new TillsyncError("RATE_LIMITED", { seconds: Math.ceil(waitS) });
      }
      bucket.tokens -= cost;
      return () => {
        bucket.tokens = Math.min(burst, bucket.tokens + cost);
      };
    },
  };
}

/** The name that an address is counted under: an IPv4 address itself, or the /64 of an IPv6 address. */
export function toAddressName(address: string): string {
  return toNetwork(address, 32);
}
