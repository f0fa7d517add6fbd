/** What a BIN says of a card. 准贷记卡 are credit cards by law (银行卡业务管理办法, article 6). */
export const CARD_CLASSES = ["debit", "credit", "semi_credit", "prepaid"] as const;
export type KnownCardClass = (typeof CARD_CLASSES)[number];
/** `mixed` where the digits at hand belong to BINs of several classes; `unknown` where they are in no table. */
export type CardClass = KnownCardClass | "mixed" | "unknown";

/** Digits that BINs in use have; the records keep six of a card, whatever its BIN has. */
export const MIN_BIN_DIGITS = 3;
export const MAX_BIN_DIGITS = 10;

/** One row of a table of BINs. */
export interface Bin {
  readonly bin: string;
  /** The bank's name or code, as the table has it. */
  readonly issuer: string;
  readonly cardClass: KnownCardClass;
}

/**
 * What the tables say of a card by its first digits. The longest BIN that the digits begin with counts, and every
 * longer one that begins with them, for it may be the card's. Where only longer ones do, the card may as well be none
 * of them.
 *
 * @param tables the first of them that has a BIN speaks for it
 */
export function classifyCard(digits: string, ...tables: readonly (readonly Bin[])[]): CardClass {
  const known = new Map<string, Bin>();
  for (const row of tables.flat()) {
    const isNear = row.bin.startsWith(digits) || digits.startsWith(row.bin);
    if (isNear && !known.has(row.bin)) known.set(row.bin, row);
  }
  const rows = [...known.values()];
  const covering = rows
    .filter(({ bin }) => bin.length <= digits.length)
    .toSorted((a, b) => b.bin.length - a.bin.length)
    .slice(0, 1);
  const classes = new Set(
    [...covering, ...rows.filter(({ bin }) => bin.length > digits.length)].map(({ cardClass }) => cardClass),
  );
  const [only = "unknown"] = classes;
  if (classes.size === 0) return only;
  return classes.size === 1 && covering.length === 1 ? only : "mixed";
}
