import { isEqual } from "../../proto/bytes.ts";
import type { CloneSign } from "./life.ts";

// What shows that two devices use one identity. A terminal alone never says two things under one device counter and
// never goes back (clause 2.4), and takes a while to notice that a line is dead before it comes again. All times in
// seconds.

/** Digests kept of a terminal's last hellos. What is older cannot be told from the hello of a state that was put back. */
export const MAX_HEARD = 64;
/** So many hellos under old counters, none of them ever heard before, within this time are no accident. */
export const MAX_BEHIND = 2;
export const BEHIND_WINDOW_S = 86_400;

/**
 * A terminal alone that takes the place of its own connection, dead and not yet known to be, needs this long at least:
 * it has to notice, or to start anew, and to connect.
 */
export const ORDINARY_PAUSE_S = 10;
/** Take-overs within this time that no terminal alone can bring about. Two agents that take turns do so in half of it. */
export const MAX_TAKE_OVERS = 7;
export const TAKE_OVER_WINDOW_S = 60;
/** The same between two networks, back and forth: fewer are enough. */
export const MAX_ALTERNATIONS = 4;
export const ALTERNATION_WINDOW_S = 30;

/** What is known of a terminal's counters when a message comes. */
export interface KnownCounters {
  /** Highest counter of all that it said; undefined before its first word. */
  readonly highest: number | undefined;
  /** Digests of what it said before under the counter that the message has. */
  readonly prior: readonly Uint8Array[];
}

export interface CounterFinding {
  /** Above all that was known: what it tells is news. */
  readonly isNews: boolean;
  /** Something else was said under this very counter. */
  readonly isFork: boolean;
  /** Under an old counter, and never heard before. */
  readonly isBehind: boolean;
}

/** What a signed message tells by its counter. The very bytes of before are no sign of anything: a broker may repeat them. */
export function judgeCounter(counter: number, digest: Uint8Array, { highest, prior }: KnownCounters): CounterFinding {
  const isHeard = prior.some((one) => isEqual(one, digest));
  const isFork = prior.some((one) => !isEqual(one, digest));
  return {
    isNews: highest === undefined || counter > highest,
    isFork,
    isBehind: highest !== undefined && counter < highest && !isHeard && !isFork,
  };
}

/** Whether hellos that were behind at these moments, each under another counter, are too many at `now`. */
export function isBehindTooOften(moments: readonly number[], now: number): boolean {
  return moments.filter((at) => isWithin(at, now, BEHIND_WINDOW_S)).length >= MAX_BEHIND;
}

/** A connection took the place of one that was open still. */
export interface TakeOver {
  readonly at: number;
  /** Networks of the connection before and of the one after, as `toNetwork` (network.ts) names them. */
  readonly from: string;
  readonly to: string;
}

/** What a terminal's last take-overs show, oldest first, the last of them just now. */
export function judgeTakeOvers(takeOvers: readonly TakeOver[]): CloneSign | undefined {
  const now = takeOvers.at(-1)?.at ?? 0;
  const last = takeOvers.slice(-MAX_ALTERNATIONS);
  const areQuick = last.length === MAX_ALTERNATIONS && last.every(({ at }) => isWithin(at, now, ALTERNATION_WINDOW_S));
  if (areQuick && isBackAndForth(last)) return "two_places";
  const recent = takeOvers.filter(({ at }) => isWithin(at, now, TAKE_OVER_WINDOW_S));
  return recent.length >= MAX_TAKE_OVERS ? "taken_over" : undefined;
}

function isBackAndForth(takeOvers: readonly TakeOver[]): boolean {
  return takeOvers.every(({ from, to }, index) => {
    const before = takeOvers[index - 1];
    return from !== to && (before === undefined || (before.to === from && before.from === to));
  });
}

/** A moment that is still to come, because the clock was put back, says nothing. */
function isWithin(at: number, now: number, windowS: number): boolean {
  return at <= now && now - at < windowS;
}
