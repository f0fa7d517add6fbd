/** Calls back once after so many milliseconds; the function given back calls it off. */
export type StartTimer = (ms: number, callback: () => void) => () => void;

/** Seconds since this process began, whatever is done to the clock. */
export const readUptime = (): number => performance.now() / 1_000;

export const startTimer: StartTimer = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};
