import { concat } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { FIELD_NUMBERS, type Fields, type FieldValue, isFieldNumber } from "./fields.ts";
import {
  BITMAP_BYTES,
  HEADER_BYTES,
  LENGTH_BYTES,
  MAX_FRAME_BYTES,
  PREFIX_BYTES,
  TPDU_BYTES,
  TYPE_BYTES,
} from "./frames.ts";
import { MAC_BYTES } from "./mac.ts";
import { Reader } from "./reader.ts";
import { parseDigits, parseField, toFieldBytes } from "./values.ts";

/** One ISO 8583 message in the packing of UnionPay terminals: length 2 | TPDU 5 | header 6 | type 2 | bitmap 8 | fields. */
export interface IsoMessage {
  /** 5 bytes: kind 60, destination 2, source 2. */
  readonly tpdu: Uint8Array;
  /** 12 digits: application 2, version 2, terminal state 1, processing requirement 1, sub-version 6. */
  readonly header: string;
  /** 4 digits, such as 0200. */
  readonly type: string;
  readonly fields: Fields;
}

const BITS = BITMAP_BYTES * 8;
const SIGN_IN_AGAIN = "3";

/**
 * The frame of a message, its length in front.
 *
 * @throws TillsyncError ISO_FIELD_INVALID where a value does not fit its place
 */
export function toFrame(message: IsoMessage): Uint8Array {
  const present = FIELD_NUMBERS.flatMap((field) => {
    const value = message.fields[field];
    return value === undefined ? [] : [{ field, bytes: toFieldBytes(field, value) }];
  });
  const bitmap = Buffer.alloc(BITMAP_BYTES);
  bitmap.writeBigUInt64BE(present.reduce((bits, { field }) => bits | toBit(field), 0n));
  const body = concat(
    toTpdu(message.tpdu),
    toDigitBytes(message.header, HEADER_BYTES),
    toDigitBytes(message.type, TYPE_BYTES),
    bitmap,
    ...present.map(({ bytes }) => bytes),
  );
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(body.length);
  return concat(length, body);
}

/**
 * Reads one frame that comes from outside. Nothing is guessed: an unknown field, a nibble that is no digit, a spare
 * nibble that is not 0, a length beyond its field, missing and trailing bytes are all refused.
 *
 * @throws TillsyncError ISO_MALFORMED
 */
export function parseFrame(frame: Uint8Array): IsoMessage {
  const reader = new Reader(frame);
  const length = Buffer.from(reader.take(LENGTH_BYTES)).readUInt16BE();
  if (frame.length > MAX_FRAME_BYTES || length + LENGTH_BYTES !== frame.length) {
    throw new TillsyncError("ISO_MALFORMED", { length });
  }
  const tpdu = reader.take(TPDU_BYTES);
  const header = parseDigits(reader.take(HEADER_BYTES));
  const type = parseDigits(reader.take(TYPE_BYTES));
  const bits = Buffer.from(reader.take(BITMAP_BYTES)).readBigUInt64BE();
  const fields: Record<number, FieldValue> = {};
  for (let field = 1; field <= BITS; field++) {
    if ((bits & toBit(field)) === 0n) continue;
    if (!isFieldNumber(field)) throw new TillsyncError("ISO_MALFORMED", { field });
    fields[field] = parseField(field, reader);
  }
  reader.verifyEnd();
  return { tpdu, header, type, fields: fields as Fields };
}

/** What the MAC of a frame is made over: from the message type to the last byte before field 64, which must be there. */
export function toMacData(frame: Uint8Array): Uint8Array {
  return frame.subarray(PREFIX_BYTES, frame.length - MAC_BYTES);
}

/** Whether an answer's header tells the terminal to sign in again (processing requirement 3). */
export function isSignInDemanded(message: IsoMessage): boolean {
  return message.header.charAt(5) === SIGN_IN_AGAIN;
}

function toBit(field: number): bigint {
  return 1n << BigInt(BITS - field);
}

function toTpdu(tpdu: Uint8Array): Uint8Array {
  if (tpdu.length !== TPDU_BYTES) throw new TillsyncError("ISO_FIELD_INVALID", { field: "tpdu" });
  return tpdu;
}

function toDigitBytes(digits: string, bytes: number): Uint8Array {
  if (!/^\d*$/.test(digits) || digits.length !== bytes * 2) throw new TillsyncError("ISO_FIELD_INVALID", { digits });
  return Buffer.from(digits, "hex");
}
