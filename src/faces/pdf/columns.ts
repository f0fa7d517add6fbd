/** What a column would like to have, in points. */
export interface Wish {
  /** On one line. */
  readonly whole: number;
  /** So that no word is broken. */
  readonly word: number;
}

/**
 * Widths that fill `width` together: every column gets room for its words first, then for whole texts as far as that
 * goes round, and what is left is shared in proportion. No column that wants little pays for one that wants much.
 */
export function toColumnWidths(wishes: readonly Wish[], width: number): readonly number[] {
  const words = share(
    wishes.map(({ word }) => word),
    width,
  );
  const extra = share(
    wishes.map(({ whole }, column) => Math.max(0, whole - (words[column] ?? 0))),
    width - sum(words),
  );
  const widths = words.map((word, column) => word + (extra[column] ?? 0));
  const used = sum(widths);
  return widths.map((one) => (used === 0 ? width / widths.length : (one * width) / used));
}

/** To each what it wants, or the same for all who want more than there is. */
function share(wants: readonly number[], width: number): readonly number[] {
  let left = Math.max(0, width);
  const given = new Map<number, number>();
  const order = wants.map((_, column) => column).toSorted((a, b) => (wants[a] ?? 0) - (wants[b] ?? 0));
  for (const [place, column] of order.entries()) {
    const one = Math.min(wants[column] ?? 0, left / (order.length - place));
    given.set(column, one);
    left -= one;
  }
  return wants.map((_, column) => given.get(column) ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
