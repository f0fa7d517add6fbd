import type { Bin, KnownCardClass } from "../../domain/records/bins.ts";

/** Kinds of the package: 储蓄卡, 信用卡, 准贷记卡, 预付费卡. */
const CLASSES: Readonly<Record<string, KnownCardClass>> = {
  DC: "debit",
  CC: "credit",
  SCC: "semi_credit",
  PC: "prepaid",
};

/** The table that comes with Tillsync (docs/adr/0025): some 1,700 BINs of mainland banks, each with the bank's name. */
export async function readBinTable(): Promise<readonly Bin[]> {
  // Only what judges a card needs it. It is CommonJS, of which a bundle that loads it so has the default export alone.
  const { default: table } = await import("bankcard");
  return table.cards.flatMap(({ cardBin, bankName, cardType }) => {
    const cardClass = CLASSES[cardType];
    return cardClass === undefined ? [] : [{ bin: cardBin, issuer: bankName, cardClass }];
  });
}
