import { check } from "../../../proto/check.ts";
import { parseMerchantNumber } from "../../domain/identifiers/merchant-number.ts";

/** Merchants of one agent or key. */
export const MAX_SCOPE = 1_000;

/** In order, each once. @throws TillsyncError FIELD_INVALID for too many; MERCHANT_NUMBER_INVALID */
export function checkScope(merchants: readonly string[]): readonly string[] {
  check(merchants.length <= MAX_SCOPE, "merchants");
  return [...new Set(merchants.map(parseMerchantNumber))].toSorted();
}
