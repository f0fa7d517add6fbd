import { TillsyncError } from "../../proto/errors.ts";
import type { Acquiring, Profile } from "../../proto/profile.ts";
import type { Fields } from "../iso8583/fields.ts";
import type { IsoMessage } from "../iso8583/message.ts";

// No message here holds a card number. An acquirer's test arrangement recognises the purchase by merchant and terminal
// number; where an acquirer demands a test card, that card lives in the terminal and never in a profile.

/** Field 39 of a reversal, why it is sent: 98 no answer, A0 an answer without a valid MAC, 06 anything else. */
export const REVERSAL_REASONS = ["98", "A0", "06"] as const;
export type ReversalReason = (typeof REVERSAL_REASONS)[number];

const HEADER = "602200000000";
const PURCHASE = "000000";
const ENTRY_UNSPECIFIED_NO_PIN = "002";
const NORMAL_CONDITION = "00";
const YUAN = "156";
const OPERATOR = Buffer.from("01", "latin1");

/** Field 60: kind of message 2, batch 6, network management code 3. */
const MANAGEMENT_KIND = "00";
const PURCHASE_KIND = "22";
const ECHO = "301";
/** Sign-in that answers with double-length keys, 40 bytes in field 62; 001 would ask for single-length ones. */
const SIGN_IN_DOUBLE_LENGTH = "003";

const MAX_TRACE = 999_999;
const MAX_BATCH = 999_999;

/** The trace `steps` after this one: 1 to 999999, then from 1 again. */
export function toTrace(trace: number, steps: number): number {
  return ((trace - 1 + steps) % MAX_TRACE) + 1;
}

export function toEcho(profile: Profile, trace: number, batch: number): IsoMessage {
  const field60 = MANAGEMENT_KIND + toBatch(batch) + ECHO;
  return toMessage("0820", profile.acquiring, { ...toParty(profile, trace), 60: field60 });
}

export function toSignIn(profile: Profile, trace: number, batch: number): IsoMessage {
  const field60 = MANAGEMENT_KIND + toBatch(batch) + SIGN_IN_DOUBLE_LENGTH;
  return toMessage("0800", profile.acquiring, { ...toParty(profile, trace), 60: field60, 63: OPERATOR });
}

/** Without its MAC. */
export function toPurchase(profile: Profile, trace: number, batch: number): IsoMessage {
  return toMessage("0200", profile.acquiring, toPayment(profile, trace, batch));
}

/** Without its MAC. `trace` is that of the purchase. */
export function toReversal(profile: Profile, trace: number, batch: number, reason: ReversalReason): IsoMessage {
  return toMessage("0400", profile.acquiring, { ...toPayment(profile, trace, batch), 39: reason });
}

function toPayment(profile: Profile, trace: number, batch: number): Fields {
  return {
    ...toParty(profile, trace),
    3: PURCHASE,
    4: String(profile.parameters.amountFen).padStart(12, "0"),
    22: ENTRY_UNSPECIFIED_NO_PIN,
    25: NORMAL_CONDITION,
    49: YUAN,
    60: PURCHASE_KIND + toBatch(batch),
  };
}

function toParty(profile: Profile, trace: number): Fields {
  return {
    11: String(trace).padStart(6, "0"),
    41: profile.acquiring.terminalNo,
    42: profile.merchant.number,
  };
}

function toMessage(type: string, acquiring: Acquiring, fields: Fields): IsoMessage {
  return { tpdu: acquiring.tpdu, header: HEADER, type, fields };
}

/** @throws TillsyncError ISO_FIELD_INVALID where the batch has more than 6 digits */
function toBatch(batch: number): string {
  if (!Number.isInteger(batch) || batch < 0 || batch > MAX_BATCH) {
    throw new TillsyncError("ISO_FIELD_INVALID", { field: 60, batch });
  }
  return String(batch).padStart(6, "0");
}
