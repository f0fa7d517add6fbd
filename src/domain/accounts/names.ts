import { isLine } from "../../../proto/check.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { isSensitiveText } from "../../../proto/sensitive.ts";

/** As persons of the trust policy are named. */
const NAME = /^[a-z0-9][a-z0-9.-]{0,31}$/;
const MAX_DISPLAY_CHARACTERS = 40;

/**
 * Whether an account, an API key or a person may be called so: lower-case letters, digits, dot and hyphen; no card
 * number.
 */
export function isAccountName(text: string): boolean {
  return NAME.test(text) && toRedacted(text) === text;
}

/** A line that people read, with nothing in it that must not be kept. */
export function isDisplayName(text: string): boolean {
  return isLine(text, MAX_DISPLAY_CHARACTERS) && !isSensitiveText(text) && toRedacted(text) === text;
}
