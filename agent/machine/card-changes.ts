import { MOST } from "../../certs/trust/policy.ts";

// How often the settlement card of a terminal changed lately (clause 6.4).

const DAY_S = 86_400;
/** As many as any policy can allow in a day: older ones decide nothing. */
export const MAX_CARD_CHANGES = MOST.cardChangesPerDay;

/** The times with one more; undefined where the directive that ended was no such change. */
export function addCardChange(times: readonly number[], at: number | undefined): readonly number[] {
  return at === undefined ? times : [...times, at].slice(-MAX_CARD_CHANGES);
}

/**
 * How many lie within a day of `second`, on either side. One that lies ahead was taken under a clock that was ahead, or
 * the clock is behind now: it counts, for what was fresh then cannot be a day ahead of what is proven now. One that is
 * ahead by a day and more was taken at a time that a stolen key had signed, and must not lock the terminal for years.
 */
export function countCardChanges(times: readonly number[], second: number): number {
  return times.filter((at) => Math.abs(second - at) < DAY_S).length;
}
