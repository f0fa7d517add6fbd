import { checkForm, checkRule } from "../../../proto/identifiers/form.ts";
import { toOrganisationCheck } from "./organisation-code.ts";
import { isResidentId } from "./resident-id.ts";
import { isUscc } from "./uscc.ts";

/**
 * Tax registration number (纳税人识别号), by its length: 18 is the USCC or, for a natural person, the resident identity
 * number; 15 is a region of 6 digits and an organisation code; 17 and 20 are old forms without a check.
 * @throws TillsyncError TAX_NUMBER_INVALID
 */
export function parseTaxNumber(text: string): string {
  checkForm(text, [15, 17, 18, 20], /^[0-9A-Z]*$/, "TAX_NUMBER_INVALID");
  if (text.length === 18) checkRule(isUscc(text) || isResidentId(text), "TAX_NUMBER_INVALID", "check");
  if (text.length === 15) {
    checkRule(/^\d{6}/.test(text), "TAX_NUMBER_INVALID", "alphabet");
    checkRule(toOrganisationCheck(text.slice(6, 14)) === text.slice(14), "TAX_NUMBER_INVALID", "check");
  }
  return text;
}
