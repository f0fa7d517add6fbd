/** A source of repeatable chance: the same seed gives the same numbers on every machine. */
export interface Random {
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number;
  /** One of the choices. */
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** So many decimal digits. */
  digits(count: number): string;
}

/** Marsaglia's xorshift with 32 bits of state (period 2^32 - 1). For samples only; nothing secret may come from it. */
export function openRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  const below = (bound: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  return {
    below,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
    digits: (count) => Array.from({ length: count }, () => below(10)).join(""),
  };
}
