// When acquirers are asked for their records again; seconds.

/** One that answered. */
export const ASK_AGAIN_S = 86_400;
/** After the first failure; twice as long after each further one, never longer than ASK_AGAIN_S. */
export const FIRST_RETRY_S = 600;
const MAX_DOUBLINGS = 16;

/** @param failures questions in a row that failed; 0 where the last was answered */
export function toDueAt(now: number, failures: number): number {
  if (failures === 0) return now + ASK_AGAIN_S;
  return now + Math.min(FIRST_RETRY_S * 2 ** Math.min(failures - 1, MAX_DOUBLINGS), ASK_AGAIN_S);
}
