import { checkForm, checkRule } from "../../../proto/identifiers/form.ts";
import { toMod112 } from "../../../proto/identifiers/iso7064.ts";

/** Whether the text is a resident identity number (公民身份号码). */
export function isResidentId(text: string): boolean {
  return /^\d{17}[\dX]$/.test(text) && toMod112(text.slice(0, 17)) === text.slice(17);
}

/**
 * Resident identity number, GB 11643: 17 digits and an ISO 7064 MOD 11-2 check character.
 * @throws TillsyncError RESIDENT_ID_INVALID
 */
export function parseResidentId(text: string): string {
  checkForm(text, [18], /^\d{17}[\dX]$/, "RESIDENT_ID_INVALID");
  checkRule(isResidentId(text), "RESIDENT_ID_INVALID", "check");
  return text;
}
