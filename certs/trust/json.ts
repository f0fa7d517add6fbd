import { canonicalize } from "@tufjs/canonical-json";
import { MAX_TRUST_FILE_BYTES } from "../../proto/bounds.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";

/**
 * A JSON object from hostile bytes. The object has no prototype tricks: a `__proto__` key is refused.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, TRUST_INVALID
 */
export function parseJson(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length > MAX_TRUST_FILE_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bytes: bytes.length });
  const value = readJson(bytes);
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

/** @throws TillsyncError TRUST_INVALID unless a whole number from 1 */
export function toInteger(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw new TillsyncError("TRUST_INVALID", { what });
  return value as number;
}

/** @throws TillsyncError TRUST_INVALID unless a list of different texts */
export function toStrings(value: unknown, what: string): readonly string[] {
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (!isList || new Set(value).size !== value.length) throw new TillsyncError("TRUST_INVALID", { what });
  return value;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return JSON.parse(text, (key, value) => {
      if (key === "__proto__") throw new TillsyncError("TRUST_INVALID", { what: key });
      return value;
    });
  } catch (cause) {
    throw new TillsyncError("TRUST_INVALID", { what: "not JSON" }, cause);
  }
}
