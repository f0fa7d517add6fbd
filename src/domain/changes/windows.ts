/** Hours of some days of the week, in the merchant's time zone. */
export interface Hours {
  /** 1 is Monday, 7 is Sunday; none twice. */
  readonly days: readonly number[];
  /** Minutes since midnight; `until` is above `from` and at most 1,440. */
  readonly from: number;
  readonly until: number;
}

const MINUTE_S = 60;
/** Blackouts one after the other that are stepped over: a week of them, two a day and overlapping ones. */
const MAX_STEPS = 64;
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Whether there is such a time zone (an IANA name). */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/**
 * The first second from `at` on that lies in no blackout, or undefined where they leave none.
 *
 * @param at seconds
 */
export function findOpenTime(blackouts: readonly Hours[], timeZone: string, at: number): number | undefined {
  let time = at;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const { day, minute } = toLocal(time, timeZone);
    const closed = blackouts.filter(({ days, from, until }) => days.includes(day) && from <= minute && minute < until);
    if (closed.length === 0) return time;
    const until = Math.max(...closed.map((hours) => hours.until));
    // To the full minute in which the last of them ends: no zone's offset has seconds.
    time = time - (time % MINUTE_S) + (until - minute) * MINUTE_S;
  }
  return undefined;
}

function toLocal(at: number, timeZone: string): { readonly day: number; readonly minute: number } {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  });
  // Such as `Sun 11:30`, perhaps with a comma.
  const text = format.format(new Date(at * 1_000));
  const [hour, minute] = text.slice(-5).split(":").map(Number);
  return { day: DAYS.indexOf(text.slice(0, 3)) + 1, minute: Number(hour) * 60 + Number(minute) };
}
