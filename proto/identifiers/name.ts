import { isLine } from "../check.ts";
import { toRedacted } from "../redaction.ts";
import { checkRule } from "./form.ts";

/** Longest names, in characters (code points); the protocol's bounds (clause 3). */
export const MAX_MERCHANT_NAME = 80;
export const MAX_SHORT_NAME = 40;
export const MAX_BANK_NAME = 60;
export const MAX_HOLDER_NAME = 80;
export const MAX_PLACE_NAME = 120;
export const MAX_MODEL_NAME = 40;

/**
 * A name that people read: 1 to `max` characters, NFC, without control, format or direction characters, so that what
 * an approver sees is what is there; and none that holds a card number, for names are stored and shown in full.
 *
 * @throws TillsyncError NAME_INVALID
 */
export function parseName(text: string, max: number): string {
  // A code point is at most two units, so a text beyond that is refused before it is walked.
  checkRule(text.length >= 1 && text.length <= 2 * max && [...text].length <= max, "NAME_INVALID", "length");
  checkRule(isLine(text, max), "NAME_INVALID", "alphabet");
  const plain = text.normalize("NFKC");
  checkRule(toRedacted(plain) === plain, "NAME_INVALID", "card_number");
  return text;
}
