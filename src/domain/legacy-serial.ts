import { toRedacted } from "../../proto/redaction.ts";
import { isTusn } from "../../proto/tusn.ts";
import { explainNumber, type SlipKind } from "../../proto/tusn-slips.ts";

/** A number as makers printed it before there were TUSNs: 4 to 50 letters, digits, hyphens, dots and slashes. */
const LEGACY_SERIAL = /^[0-9A-Za-z./-]{4,50}$/;

/**
 * Whether old stock may have this number: anything that a maker may have printed and that is no TUSN. What reads like a
 * card number is none, for these numbers are stored and shown in full.
 */
export function isLegacySerial(text: string): boolean {
  return LEGACY_SERIAL.test(text) && !isTusn(text) && !explainNumber(text).slips.includes("card_number");
}

/** Whether a number that is to stand for a terminal reads like a card number. */
export function isCardLike(text: string): boolean {
  return toRedacted(text) !== text;
}

/** What may have gone wrong where a legacy serial number looks like a mistyped TUSN; empty where it does not. */
export function findSlips(serial: string): readonly SlipKind[] {
  const { kind, slips } = explainNumber(serial);
  return kind === "legacy" ? [] : slips;
}
