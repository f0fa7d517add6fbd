import { isLuhn } from "../luhn.ts";
import { checkForm, checkRule } from "./form.ts";

/** Digits of a card number that may be shown and kept (PCI DSS 3.4.1). */
export const BIN_DIGITS = 6;
export const LAST_DIGITS = 4;

const LENGTHS = [13, 14, 15, 16, 17, 18, 19];

/**
 * Card number (PAN), ISO/IEC 7812-1: 13 to 19 digits with a Luhn check digit.
 * The number must never reach an error, a log or the database: callers keep BIN and last four.
 * @throws TillsyncError CARD_NUMBER_INVALID
 */
export function parseCardNumber(text: string): string {
  checkForm(text, LENGTHS, /^\d*$/, "CARD_NUMBER_INVALID");
  checkRule(isLuhn(text), "CARD_NUMBER_INVALID", "check");
  return text;
}
