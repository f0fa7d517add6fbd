import { concat, toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type Content, FIELDS, type FieldNumber, type FieldValue, type Format } from "./fields.ts";
import type { Reader } from "./reader.ts";

const PATTERNS: Readonly<Record<Exclude<Content, "bytes">, RegExp>> = {
  digits: /^\d*$/,
  track: /^[\d=]*$/,
  text: /^[\x20-\x7e]*$/,
};

/**
 * The bytes of one field, its length in front where it is variable.
 *
 * @throws TillsyncError ISO_FIELD_INVALID where the value does not fit
 */
export function toFieldBytes(field: FieldNumber, value: FieldValue): Uint8Array {
  const format: Format = FIELDS[field];
  const fits = format.lengthBytes === 0 ? value.length === format.size : value.length <= format.size;
  if (!fits || !isOfContent(value, format.content)) throw new TillsyncError("ISO_FIELD_INVALID", { field });
  const length = toBcd(String(value.length).padStart(format.lengthBytes * 2, "0"), "right");
  return concat(format.lengthBytes === 0 ? new Uint8Array(0) : length, toContentBytes(format, value));
}

/**
 * The value of one field, read where the reader stands.
 *
 * @throws TillsyncError ISO_MALFORMED
 */
export function parseField(field: FieldNumber, reader: Reader): FieldValue {
  const format: Format = FIELDS[field];
  const length = format.lengthBytes === 0 ? format.size : Number(parseDigits(reader.take(format.lengthBytes)));
  if (length > format.size) throw new TillsyncError("ISO_MALFORMED", { field, length });
  if (format.content === "bytes") return reader.take(length);
  const value =
    format.content === "text"
      ? Buffer.from(reader.take(length)).toString("latin1")
      : parseBcd(reader.take(Math.ceil(length / 2)), length, format.align);
  if (!isOfContent(value, format.content)) throw new TillsyncError("ISO_MALFORMED", { field });
  return value;
}

/**
 * The digits of whole BCD bytes.
 *
 * @throws TillsyncError ISO_MALFORMED where a nibble is no digit
 */
export function parseDigits(bytes: Uint8Array): string {
  const digits = toHex(bytes);
  if (!PATTERNS.digits.test(digits)) throw new TillsyncError("ISO_MALFORMED", { what: "digit" });
  return digits;
}

function isOfContent(value: FieldValue, content: Content): boolean {
  if (content === "bytes" || typeof value !== "string") return content === "bytes" && value instanceof Uint8Array;
  return PATTERNS[content].test(value);
}

function toContentBytes(format: Format, value: FieldValue): Uint8Array {
  if (typeof value !== "string") return value;
  if (format.content === "text") return Buffer.from(value, "latin1");
  return toBcd(value.replaceAll("=", "d"), format.align);
}

function toBcd(nibbles: string, align: "left" | "right"): Uint8Array {
  const spare = nibbles.length % 2 === 0 ? "" : "0";
  return Buffer.from(align === "left" ? nibbles + spare : spare + nibbles, "hex");
}

function parseBcd(bytes: Uint8Array, length: number, align: "left" | "right"): string {
  const nibbles = toHex(bytes);
  const value = align === "left" ? nibbles.slice(0, length) : nibbles.slice(nibbles.length - length);
  const spare = align === "left" ? nibbles.slice(length) : nibbles.slice(0, nibbles.length - length);
  if (spare !== "" && spare !== "0") throw new TillsyncError("ISO_MALFORMED", { what: "spare nibble" });
  return value.replaceAll("d", "=");
}
