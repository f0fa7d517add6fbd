import { checkForm } from "../../../proto/identifiers/form.ts";

/**
 * Merchant category code, ISO 18245: 4 digits.
 * @throws TillsyncError MCC_INVALID
 */
export function parseMcc(text: string): string {
  checkForm(text, [4], /^\d*$/, "MCC_INVALID");
  return text;
}
