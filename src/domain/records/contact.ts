import { TillsyncError } from "../../../proto/errors.ts";
import { checkRule } from "../../../proto/identifiers/form.ts";
import { MAX_HOLDER_NAME, parseName } from "../../../proto/identifiers/name.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { findFaults, type RecordFault, type RecordField, toFault } from "./fault.ts";

/** Who a contact is to the merchant. */
export const CONTACT_ROLES = ["owner", "finance", "sales", "shop"] as const;
export type ContactRole = (typeof CONTACT_ROLES)[number];

/** A person to be told of changes. Of phone and e-mail one may be empty, never both. */
export interface Contact {
  readonly role: ContactRole;
  readonly name: string;
  /** A mainland number: 11 digits of a mobile, `0591-87654321` or `0591-87654321-12`, `400-123-4567`. */
  readonly phone: string;
  readonly email: string;
}

/** Contacts of one merchant. */
export const MAX_CONTACTS = 8;
const MAX_PHONE_CHARACTERS = 20;
/** A path of RFC 5321, clause 4.5.3.1.3, without its brackets. */
const MAX_EMAIL_CHARACTERS = 254;

/** Mobile; area code, 7 or 8 digits and an extension; 400 and 800 numbers. No form holds a card number. */
const PHONES: readonly RegExp[] = [
  /^1[3-9]\d{9}$/,
  /^0(?:10|2\d|[3-9]\d{2})-?[2-8]\d{6,7}(?:-\d{1,4})?$/,
  /^[48]00-?\d{3}-?\d{4}$/,
];
/** A dot-atom of at most 64 characters, and two labels or more of letters, digits and hyphens. */
const EMAIL =
  /^(?=[^@]{1,64}@)[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.)+[A-Za-z]{2,63}$/;

/** @throws TillsyncError PHONE_INVALID */
export function parsePhone(text: string): string {
  checkRule(text.length <= MAX_PHONE_CHARACTERS, "PHONE_INVALID", "length");
  if (!PHONES.some((form) => form.test(text))) throw new TillsyncError("PHONE_INVALID", { reason: "form" });
  return text;
}

/**
 * An address that mail can be sent to without quoting; ASCII, so that nothing in it only looks like another.
 *
 * @throws TillsyncError EMAIL_INVALID
 */
export function parseEmail(text: string): string {
  checkRule(text.length <= MAX_EMAIL_CHARACTERS, "EMAIL_INVALID", "length");
  if (!EMAIL.test(text)) throw new TillsyncError("EMAIL_INVALID", { reason: "form" });
  checkRule(toRedacted(text) === text, "EMAIL_INVALID", "card_number");
  return text;
}

/** Every fault of a merchant's contacts. */
export function findContactFaults(contacts: readonly Contact[]): readonly RecordFault[] {
  if (contacts.length > MAX_CONTACTS) return [toFault("contacts", "FIELD_INVALID", "too_many")];
  const seen = new Set(contacts.map((contact) => JSON.stringify(toContact(contact))));
  return [
    ...contacts.flatMap(findFaultsOf),
    ...(seen.size < contacts.length ? [toFault("contacts", "FIELD_INVALID", "repeated")] : []),
  ];
}

function findFaultsOf({ role, name, phone, email }: Contact, index: number): readonly RecordFault[] {
  const at = (member: keyof Contact): RecordField => `contacts.${index}.${member}`;
  return [
    ...(CONTACT_ROLES.includes(role) ? [] : [toFault(at("role"), "FIELD_INVALID", "choice")]),
    ...findFaults(at("name"), () => {
      parseName(name, MAX_HOLDER_NAME);
      checkNotSensitive(name);
    }),
    ...(phone === "" && email === "" ? [toFault(at("phone"), "FIELD_INVALID", "unreachable")] : []),
    ...(phone === "" ? [] : findFaults(at("phone"), () => parsePhone(phone))),
    ...(email === "" ? [] : findFaults(at("email"), () => parseEmail(email))),
  ];
}

/** Its members alone and in their order, whatever else was there. */
export function toContact({ role, name, phone, email }: Contact): Contact {
  return { role, name, phone, email };
}
