import { checkRule } from "./form.ts";

/** Shorter ones would be told by their last four digits; longer ones fit no payment message. */
const MIN_DIGITS = 8;
const MAX_DIGITS = 32;

/**
 * Number of a corporate settlement account (对公账户). Not a card: digits without a check digit.
 * @throws TillsyncError ACCOUNT_NUMBER_INVALID
 */
export function parseAccountNumber(text: string): string {
  checkRule(text.length >= MIN_DIGITS && text.length <= MAX_DIGITS, "ACCOUNT_NUMBER_INVALID", "length");
  checkRule(/^\d*$/.test(text), "ACCOUNT_NUMBER_INVALID", "alphabet");
  return text;
}
