import { TillsyncError } from "../../proto/errors.ts";
import { readStrictJson } from "../trust/strict-json.ts";
import { hideDigits } from "./render/release/blind-text.ts";

/**
 * A release that waits at the service, in the service's words: good for choosing one, and for nothing else. The reason of
 * a settlement change tells the end of no number: whoever checks it types that from paper.
 */
export interface Waiting {
  readonly id: string;
  readonly purpose: string;
  readonly merchant: string;
  readonly size: number;
  readonly reason: string;
  readonly signedBy: readonly string[];
  readonly missing: readonly string[];
}

const MAX_RELEASES = 1_000;
const MAX_NAMES = 100;
const MAX_REASON_CHARACTERS = 500;

/**
 * The list in the answer of `GET /v1/releases`: `{ "releases": [...] }`.
 *
 * @throws TillsyncError FETCH_FAILED
 */
export function parseWaiting(bytes: Uint8Array): readonly Waiting[] {
  const { releases } = toRecord(parse(bytes));
  if (!Array.isArray(releases) || releases.length > MAX_RELEASES) throw invalid();
  return (releases as readonly unknown[]).map((value) => {
    const { id, purpose, merchant, size, reason, signedBy, missing } = toRecord(value);
    if (typeof size !== "number" || !Number.isSafeInteger(size)) throw invalid();
    const words = toText(reason, /^/).slice(0, MAX_REASON_CHARACTERS);
    const isSettlement = toText(purpose, /^[a-z]{1,20}$/) === "binding";
    return {
      id: toText(id, /^[0-9a-f]{32}$/),
      purpose: toText(purpose, /^[a-z]{1,20}$/),
      merchant: toText(merchant, /^\d{0,15}$/),
      size,
      reason: isSettlement ? hideDigits(words, (_, isEnd) => isEnd) : words,
      signedBy: toNames(signedBy),
      missing: toNames(missing),
    };
  });
}

function toNames(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_NAMES) throw invalid();
  return (value as readonly unknown[]).map((name) => toText(name, /^[a-z0-9][a-z0-9.-]{0,31}$/));
}

function toText(value: unknown, pattern: RegExp): string {
  if (typeof value !== "string" || !pattern.test(value)) throw invalid();
  return value;
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid();
  return value as Record<string, unknown>;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return readStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw invalid();
  }
}

function invalid(): TillsyncError {
  return new TillsyncError("FETCH_FAILED", { expected: "a list of releases" });
}
