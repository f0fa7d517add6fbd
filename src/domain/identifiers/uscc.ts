import { checkForm, checkRule } from "../../../proto/identifiers/form.ts";

/** Characters of a USCC in the order of their values: no I, O, S, V or Z. */
export const USCC_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/** Check character of GB 32100-2015 over the 17 characters before it. It tells every change of one character. */
export function toUsccCheck(characters: string): string {
  let sum = 0;
  let weight = 1;
  for (const character of characters) {
    sum += USCC_CHARACTERS.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return USCC_CHARACTERS.charAt((31 - (sum % 31)) % 31);
}

/** Whether the text is a unified social credit code (统一社会信用代码). */
export function isUscc(text: string): boolean {
  return /^[0-9A-HJ-NPQRTUWXY]{18}$/.test(text) && toUsccCheck(text.slice(0, 17)) === text.slice(17);
}

/**
 * Unified social credit code, 18 characters.
 * @throws TillsyncError USCC_INVALID
 */
export function parseUscc(text: string): string {
  checkForm(text, [18], /^[0-9A-HJ-NPQRTUWXY]*$/, "USCC_INVALID");
  checkRule(isUscc(text), "USCC_INVALID", "check");
  return text;
}
