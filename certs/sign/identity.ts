import { TillsyncError } from "../../proto/errors.ts";
import { readStrictJson } from "../trust/strict-json.ts";

// What the service says of terminals' identities: good for showing it to the person who decides, and for nothing else.

/** An enrolment that waits for a person. */
export interface WaitingEnrolment {
  readonly tusn: string;
  /** SHA-256 of the device key's SubjectPublicKeyInfo, hexadecimal. */
  readonly deviceKey: string;
  readonly merchant: string;
  readonly place: string;
  readonly tokenBy: string;
}

/** A terminal that is to be parted from its device key. */
export interface Bound {
  readonly tusn: string;
  readonly deviceKey: string;
  readonly merchant: string;
  readonly place: string;
  readonly life: string;
  readonly asked: readonly { readonly person: string; readonly reason: string; readonly merchant: string }[];
}

const MAX_ROWS = 1_000;
const MAX_CHARACTERS = 500;
const TUSN = /^[0-9A-Z]{9,50}$/;
const DEVICE_KEY = /^[0-9a-f]{64}$/;
const MERCHANT = /^\d{15}$/;

/** The answer of `GET /v1/enrolments`. @throws TillsyncError FETCH_FAILED */
export function parseEnrolments(bytes: Uint8Array): readonly WaitingEnrolment[] {
  return toList(parse(bytes)["enrolments"]).map((row) => ({
    tusn: toText(row["tusn"], TUSN),
    deviceKey: toText(row["deviceKey"], DEVICE_KEY),
    merchant: toText(row["merchant"], MERCHANT),
    place: toText(row["place"], /^/),
    tokenBy: toText(row["tokenBy"], /^/),
  }));
}

/** The answer of `GET /v1/terminals/TUSN/unbinding`. @throws TillsyncError FETCH_FAILED; NOT_FOUND where no key is enrolled */
export function parseBound(bytes: Uint8Array): Bound {
  const row = parse(bytes);
  if (row["deviceKey"] === "") throw new TillsyncError("NOT_FOUND", { what: "an enrolled key" });
  return {
    tusn: toText(row["tusn"], TUSN),
    deviceKey: toText(row["deviceKey"], DEVICE_KEY),
    merchant: toText(row["merchant"], MERCHANT),
    place: toText(row["place"], /^/),
    life: toText(row["life"], /^[a-z]{1,20}$/),
    asked: toList(row["asked"]).map(({ person, reason, merchant }) => ({
      person: toText(person, /^[a-z0-9][a-z0-9.-]{0,31}$/),
      reason: toText(reason, /^/),
      merchant: toText(merchant, /^(\d{15})?$/),
    })),
  };
}

/** What became of it: `admitted`, `waiting` or `done`. @throws TillsyncError FETCH_FAILED */
export function parseState(bytes: Uint8Array): string {
  return toText(parse(bytes)["state"], /^[a-z]{1,20}$/);
}

type Row = Readonly<Record<string, unknown>>;

function parse(bytes: Uint8Array): Row {
  try {
    return toRow(readStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)));
  } catch {
    throw invalid();
  }
}

function toList(value: unknown): readonly Row[] {
  if (!Array.isArray(value) || value.length > MAX_ROWS) throw invalid();
  return (value as readonly unknown[]).map(toRow);
}

function toRow(value: unknown): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid();
  return value as Row;
}

function toText(value: unknown, pattern: RegExp): string {
  if (typeof value !== "string" || value.length > MAX_CHARACTERS || !pattern.test(value)) throw invalid();
  return value;
}

function invalid(): TillsyncError {
  return new TillsyncError("FETCH_FAILED", { expected: "a terminal's identity" });
}
