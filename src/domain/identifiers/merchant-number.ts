import { checkForm } from "../../../proto/identifiers/form.ts";

/**
 * Merchant number, ISO 8583 field 42: acquirer 3, region 4, MCC 4, serial 4; no check digit.
 * @throws TillsyncError MERCHANT_NUMBER_INVALID
 */
export function parseMerchantNumber(text: string): string {
  checkForm(text, [15], /^\d*$/, "MERCHANT_NUMBER_INVALID");
  return text;
}
