import { checkForm, checkRule } from "../../../proto/identifiers/form.ts";
import { toMod1110 } from "../../../proto/identifiers/iso7064.ts";
import { isUscc } from "./uscc.ts";

/**
 * Business licence number (营业执照注册号): 15 digits with an ISO 7064 MOD 11,10 check digit (GS 15-2006) or, since
 * the merging of certificates, the USCC.
 * @throws TillsyncError LICENCE_INVALID
 */
export function parseLicence(text: string): string {
  const isOld = text.length === 15;
  checkForm(text, [15, 18], isOld ? /^\d*$/ : /^[0-9A-HJ-NPQRTUWXY]*$/, "LICENCE_INVALID");
  checkRule(isOld ? toMod1110(text.slice(0, 14)) === text.slice(14) : isUscc(text), "LICENCE_INVALID", "check");
  return text;
}
