import { check } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";

// What acquirers answer: read after it was verified, and only what is asked for.

/** Bytes of a whole answer. */
export const MAX_ANSWER_BYTES = 16_384;
/** Answers older than this, or from further ahead, count for nothing. */
export const MAX_SKEW_S = 300;
const MAX_WORDS = 200;
const MAX_CODE = 64;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Runs of digits as long as an account number, however they are grouped: some acquirers repeat what they do not like. */
const LONG_NUMBER = /\d(?:[ -]?\d){7,}/g;
const KEPT_DIGITS = 4;

export type Members = Readonly<Record<string, unknown>>;

/** The text that was signed. @throws TillsyncError ACQUIRER_FAILED where it is not UTF-8 */
export function toText(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw outside("encoding");
  }
}

/** @throws TillsyncError ACQUIRER_FAILED where it is no JSON object */
export function toMembers(value: unknown, what = "object"): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw outside(what);
  return value as Members;
}

/** The parser's message quotes what it was given, and is therefore never kept. @throws TillsyncError ACQUIRER_FAILED */
export function parseMembers(text: string): Members {
  try {
    return toMembers(JSON.parse(text));
  } catch {
    throw outside("json");
  }
}

/** A text member; empty where there is none. @throws TillsyncError ACQUIRER_FAILED where it is of another type, or too long */
export function readText(members: Members, name: string, max = MAX_WORDS): string {
  const value = members[name] ?? "";
  if (typeof value !== "string" || value.length > max) throw outside(name);
  return value;
}

/** @throws TillsyncError ACQUIRER_FAILED where it is not of the form */
export function readMatch(members: Members, name: string, pattern: RegExp): string {
  const value = readText(members, name, 1_024);
  if (!pattern.test(value)) throw outside(name);
  return value;
}

/** An acquirer's own words as we keep them: one line, no long number, bounded. */
export function toWords(text: string): string {
  const line = text.normalize("NFC").replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
  return [...hideNumbers(line).trim()].slice(0, MAX_WORDS).join("");
}

/** An acquirer's own code as we keep it. */
export function toCode(text: string): string {
  return text.replace(/[^0-9A-Za-z._:-]/g, "_").slice(0, MAX_CODE);
}

/** An answer outside the contract: nothing is known, and asked again it would be the same. */
export function outside(field: string): TillsyncError {
  return new TillsyncError("ACQUIRER_FAILED", { what: "answer", field });
}

export function unsigned(what: string): TillsyncError {
  return new TillsyncError("ACQUIRER_UNSIGNED", { what });
}

/** @throws TillsyncError FIELD_INVALID where the order lacks what the acquirer needs */
export function demandOrder(holds: boolean, field: string): void {
  check(holds, field);
}

function hideNumbers(text: string): string {
  return toRedacted(text).replace(LONG_NUMBER, (run) => {
    const digits = run.replace(/\D/g, "");
    return `${"*".repeat(digits.length - KEPT_DIGITS)}${digits.slice(-KEPT_DIGITS)}`;
  });
}
