import { check, checkChoice, checkRange, checkText } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import type { Verdict } from "../../domain/verdict.ts";

// What a registry answers, read strictly. docs/registry/answer.schema.json says the same to whoever writes a registry; a test
// holds the two against each other.

/** Bytes of a whole answer. */
export const MAX_ANSWER_BYTES = 4_096;
const MAX_AT = 4_294_967_295;
const REFERENCE = /^[0-9A-Za-z._:/-]{1,64}$/;
const TEXT = /"(?:[^"\\]|\\.)*"/g;
/** Three names and two values. */
const TEXTS = 5;

export const FOUND = ["genuine", "mismatch", "unknown", "revoked"] as const;
export type Found = (typeof FOUND)[number];

const VERDICT_OF: Readonly<Record<Found, Verdict>> = {
  genuine: "verified-online",
  mismatch: "mismatch",
  unknown: "unknown",
  revoked: "revoked",
};

export interface RegistryAnswer {
  readonly verdict: Verdict;
  /** What the registry has this enquiry under. */
  readonly reference: string;
  /** When it answered by its own clock, in seconds: told, never believed. */
  readonly at: number;
}

/** @throws TillsyncError FIELD_INVALID */
export function parseAnswer(bytes: Uint8Array): RegistryAnswer {
  check(bytes.length <= MAX_ANSWER_BYTES, "length");
  const { text, members } = readMembers(bytes);
  const { verdict, reference, at } = members;
  check(Object.keys(members).length === 3, "members");
  // A member that is there twice is only seen in the text: parsed, the later one has taken the place of the first.
  check(text.match(TEXT)?.length === TEXTS, "members");
  return {
    verdict: VERDICT_OF[checkChoice(toText(verdict), FOUND, "verdict")],
    // A number of any kind may be in it.
    reference: toRedacted(checkText(toText(reference), REFERENCE, "reference")),
    at: checkRange(typeof at === "number" ? at : Number.NaN, 0, MAX_AT, "at"),
  };
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function readMembers(bytes: Uint8Array): {
  readonly text: string;
  readonly members: Readonly<Record<string, unknown>>;
} {
  const { text, value } = readJson(bytes);
  check(typeof value === "object" && value !== null && !Array.isArray(value), "object");
  return { text, members: value as Readonly<Record<string, unknown>> };
}

/** The parser's message quotes what it was given, and is therefore never kept. */
function readJson(bytes: Uint8Array): { readonly text: string; readonly value: unknown } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch {
    throw new TillsyncError("FIELD_INVALID", { field: "json" });
  }
}
