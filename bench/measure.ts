/** Middle of a list; the upper one of two. */
export function toMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs `work` `rounds` times after one warm-up and gives the median of the seconds it took. */
export async function toMedianSeconds(rounds: number, work: () => void | Promise<void>): Promise<number> {
  await work();
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await work();
    seconds.push((performance.now() - started) / 1_000);
  }
  return toMedian(seconds);
}

/** Three significant digits. */
export function toRounded(value: number): number {
  return Number(value.toPrecision(3));
}
