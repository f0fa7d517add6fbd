import type { Binding } from "../../proto/profile.ts";

/** Stars between what of a number may be shown (PCI DSS 3.4.1). */
const STARS = "******";

/** A settlement's number as BIN, stars and last four; of an account only the last four. */
export function toMasked({ bin, last4 }: Pick<Binding, "bin" | "last4">): string {
  return `${bin}${STARS}${last4}`;
}
