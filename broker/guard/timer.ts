/** Calls back once after `ms` unless the returned function is called before. */
export type StartTimer = (ms: number, onElapsed: () => void) => () => void;

/** The machine's clock. */
export const startTimer: StartTimer = (ms, onElapsed) => {
  const timer = setTimeout(onElapsed, ms);
  return () => clearTimeout(timer);
};
