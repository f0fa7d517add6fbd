import { checkForm, checkRule } from "./form.ts";
import { toMod1110 } from "./iso7064.ts";

/**
 * CNAPS bank code (支付系统行号): bank 3, region 4, branch 4, ISO 7064 MOD 11,10 check digit.
 * @throws TillsyncError CNAPS_INVALID
 */
export function parseCnaps(text: string): string {
  checkForm(text, [12], /^\d*$/, "CNAPS_INVALID");
  checkRule(toMod1110(text.slice(0, 11)) === text.slice(11), "CNAPS_INVALID", "check");
  return text;
}
