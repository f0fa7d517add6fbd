import { checkForm } from "../../../proto/identifiers/form.ts";

/**
 * Terminal number, ISO 8583 field 41: 8 letters and digits; no check digit.
 * @throws TillsyncError TERMINAL_NUMBER_INVALID
 */
export function parseTerminalNumber(text: string): string {
  checkForm(text, [8], /^[0-9A-Za-z]*$/, "TERMINAL_NUMBER_INVALID");
  return text;
}
