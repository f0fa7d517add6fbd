import { canonicalize } from "@tufjs/canonical-json";
import { MAX_TRUST_FILE_BYTES, MAX_UINT32 } from "../../proto/bounds.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { readStrictJson } from "./strict-json.ts";

/**
 * A JSON object from hostile bytes, read strictly: each member once, whole numbers only, no half characters (see
 * `readStrictJson`). Its objects have no prototype.
 *
 * @param most bytes
 * @throws TillsyncError BYTES_TOO_LARGE, TRUST_INVALID
 */
export function parseJson(bytes: Uint8Array, most: number = MAX_TRUST_FILE_BYTES): Record<string, unknown> {
  if (bytes.length > most) throw new TillsyncError("BYTES_TOO_LARGE", { bytes: bytes.length, most });
  const value = readStrictJson(toText(bytes));
  if (!isRecord(value)) throw new TillsyncError("TRUST_INVALID", { what: "not an object" });
  return value;
}

/**
 * Canonical JSON as TUF signs it (specification section 4.2.1).
 *
 * @throws TillsyncError TRUST_INVALID where the value has none, such as a number that is not whole
 */
export function toCanonicalBytes(value: object): Uint8Array {
  try {
    return toUtf8(canonicalize(value));
  } catch (cause) {
    throw new TillsyncError("TRUST_INVALID", { what: "not canonical JSON" }, cause);
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws TillsyncError TRUST_INVALID unless a JSON object */
export function toRecord(value: unknown, what: string): Record<string, unknown> {
  if (!isRecord(value)) throw new TillsyncError("TRUST_INVALID", { what });
  return value;
}

/** @throws TillsyncError TRUST_INVALID unless a whole number from 1 */
export function toInteger(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw new TillsyncError("TRUST_INVALID", { what });
  return value as number;
}

/**
 * A version has a highest value, so that whoever pushes it there can be recovered from within the same type.
 *
 * @throws TillsyncError TRUST_INVALID unless a whole number from 1 to 2^32 - 1
 */
export function toVersion(value: unknown, what: string): number {
  const version = toInteger(value, what);
  if (version > MAX_UINT32) throw new TillsyncError("TRUST_INVALID", { what });
  return version;
}

/** @throws TillsyncError TRUST_INVALID unless a list of different texts */
export function toStrings(value: unknown, what: string): readonly string[] {
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (!isList || new Set(value).size !== value.length) throw new TillsyncError("TRUST_INVALID", { what });
  return value;
}

/** Overlong and cut characters are refused; a byte order mark stays, and is then no JSON. */
function toText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TillsyncError("TRUST_INVALID", { what: "not UTF-8" }, cause);
  }
}
