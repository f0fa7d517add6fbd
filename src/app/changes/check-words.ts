import { MAX_BANK_NAME, MAX_HOLDER_NAME, parseName } from "../../../proto/identifiers/name.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { type ChangeContent, toContentText } from "../../domain/changes/content.ts";
import { type Contact, parseEmail, parsePhone } from "../../domain/records/contact.ts";

/**
 * Nothing is kept, not even as a draft, in whose words a card number could stand, or what must never be kept (PCI DSS
 * 3.3.1). All else is judged with the preview.
 *
 * @throws TillsyncError NAME_INVALID, PHONE_INVALID, EMAIL_INVALID, SENSITIVE_DATA
 */
export function checkWords(content: ChangeContent): void {
  const { patch = {}, settlement } = content;
  checkNotSensitive(toContentText(content));
  for (const text of [patch.name, patch.shortName, patch.principal]) checkName(text);
  for (const contact of patch.contacts ?? []) checkContact(contact);
  checkName(settlement?.bank, MAX_BANK_NAME);
  checkName(settlement?.holder);
}

function checkName(text = "", max = MAX_HOLDER_NAME): void {
  if (text !== "") parseName(text, max);
}

function checkContact({ name, phone, email }: Contact): void {
  checkName(name);
  if (phone !== "") parsePhone(phone);
  if (email !== "") parseEmail(email);
}
