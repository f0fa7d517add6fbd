/** Whose business a merchant is (clause of GB 32100-2015 in `toOwnerKind`). */
export const OWNER_KINDS = ["enterprise", "sole_trader", "micro"] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

/**
 * Department of registration and kind of organisation, the first two characters of a USCC (GB 32100-2015, clause 4.2):
 * 9 is the business registry, 92 there a sole trader (个体工商户).
 */
const SOLE_TRADER = "92";

/**
 * What a merchant's USCC tells of its owner. A micro-merchant (小微商户) has none; every other organisation with a code,
 * from a company (91) to a school (12) or an association (51), settles in its own name and counts as an enterprise.
 */
export function toOwnerKind(uscc: string): OwnerKind {
  if (uscc === "") return "micro";
  return uscc.startsWith(SOLE_TRADER) ? "sole_trader" : "enterprise";
}
