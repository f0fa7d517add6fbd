/**
 * What a field holds. "digits": BCD, one nibble each. "track": BCD with "=" as nibble D. "text": printable ASCII.
 * "bytes": as they are.
 */
export type Content = "digits" | "track" | "text" | "bytes";

export interface Format<C extends Content = Content> {
  readonly content: C;
  /** Bytes of the BCD length before the value: 0 for a fixed field, 1 for LLVAR, 2 for LLLVAR. */
  readonly lengthBytes: 0 | 1 | 2;
  /** Digits, characters or bytes: exactly so many in a fixed field, at most so many in a variable one. */
  readonly size: number;
  /** Where an odd number of digits stands in its bytes; the spare nibble is 0. */
  readonly align: "left" | "right";
}

function fixed<C extends Content>(content: C, size: number, align: "left" | "right" = "right"): Format<C> {
  return { content, lengthBytes: 0, size, align };
}

function llvar<C extends Content>(content: C, size: number): Format<C> {
  return { content, lengthBytes: 1, size, align: "left" };
}

function lllvar<C extends Content>(content: C, size: number): Format<C> {
  return { content, lengthBytes: 2, size, align: "left" };
}

/**
 * The fields of UnionPay-style terminal messages as far as a test transaction or its answers hold them. Field 22 is the
 * one fixed number that stands left-aligned. Field 63 is text, but GBK in answers, so it is kept as bytes.
 */
export const FIELDS = {
  2: llvar("digits", 19), // card number
  3: fixed("digits", 6), // processing code
  4: fixed("digits", 12), // amount in fen
  11: fixed("digits", 6), // trace
  12: fixed("digits", 6), // local time, hhmmss
  13: fixed("digits", 4), // local date, MMDD
  14: fixed("digits", 4), // card expiry, YYMM
  15: fixed("digits", 4), // settlement date, MMDD
  22: fixed("digits", 3, "left"), // point-of-service entry mode
  23: fixed("digits", 3), // card sequence number
  25: fixed("digits", 2), // point-of-service condition
  26: fixed("digits", 2), // PIN capture code
  32: llvar("digits", 11), // acquirer
  35: llvar("track", 37), // track 2
  37: fixed("text", 12), // retrieval reference
  38: fixed("text", 6), // authorisation code
  39: fixed("text", 2), // response code
  41: fixed("text", 8), // terminal number
  42: fixed("text", 15), // merchant number
  44: llvar("text", 25), // additional response data
  48: lllvar("digits", 322), // additional data
  49: fixed("text", 3), // currency, ISO 4217 number
  52: fixed("bytes", 8), // PIN block
  53: fixed("digits", 16), // security control
  54: lllvar("text", 20), // additional amounts
  55: lllvar("bytes", 255), // chip data
  59: lllvar("text", 600), // terminal identification (TUSN) and others
  60: lllvar("digits", 17), // message kind 2, batch 6, network management code 3, and more
  61: lllvar("digits", 29), // original transaction
  62: lllvar("bytes", 512), // working keys in a sign-in answer
  63: lllvar("bytes", 163), // operator, messages
  64: fixed("bytes", 8), // MAC
} as const;

export type FieldNumber = keyof typeof FIELDS;

/** Digits and text as a string, bytes as bytes. */
export type FieldValue = string | Uint8Array;

export type Fields = {
  readonly [N in FieldNumber]?: (typeof FIELDS)[N]["content"] extends "bytes" ? Uint8Array : string;
};

/** Ascending, the order in which fields stand in a message. */
export const FIELD_NUMBERS = Object.keys(FIELDS).map(Number) as readonly FieldNumber[];

export function isFieldNumber(number: number): number is FieldNumber {
  return number in FIELDS;
}
