import type { ChangeReceipt } from "../../../certs/receipt/format.ts";

/** A file name that tells which receipt it is. */
export function toReceiptName({ change, outcome }: ChangeReceipt, ending: "json" | "pdf" | "trust"): string {
  return `receipt-${change}-${outcome}.${ending}`;
}
