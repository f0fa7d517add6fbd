import { TillsyncError } from "../../proto/errors.ts";
import { readStrictJson } from "../trust/strict-json.ts";

// Changes of records that no terminal is given, in the very bytes that an approver's word is about.

/** A change as it stands in a list: good for choosing one, and for nothing else. */
export interface WaitingChange {
  readonly id: string;
  readonly merchant: string;
  readonly kind: string;
  readonly reason: string;
  readonly requester: string;
}

/** What a change shall bring, read from the bytes that are approved. */
export interface ShownChange extends Omit<WaitingChange, "requester"> {
  /** Version of the merchant's record that it is for. */
  readonly version: number;
  /** Every member of its content, with its path, in order. */
  readonly content: readonly (readonly [path: string, value: string])[];
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MAX_ROWS = 1_000;
const MAX_CHARACTERS = 500;
const MAX_DEPTH = 6;
const ID = /^C[0-9a-f]{16}$/;
const MERCHANT = /^\d{15}$/;
const KIND = /^[a-z]{1,20}(\.[a-z]{1,20})?$/;

/** The answer of `GET /v1/changes`. @throws TillsyncError FETCH_FAILED */
export function parseWaitingChanges(bytes: Uint8Array): readonly WaitingChange[] {
  const answer = parse(bytes);
  const changes = isRecord(answer) ? answer["changes"] : undefined;
  if (!Array.isArray(changes) || changes.length > MAX_ROWS) throw invalid();
  return (changes as readonly unknown[]).map((value) => {
    if (!isRecord(value)) throw invalid();
    return {
      id: toText(value["id"], ID),
      merchant: toText(value["merchant"], MERCHANT),
      kind: toText(value["kind"], KIND),
      reason: toText(value["reason"], /^/),
      requester: toText(value["requester"], /^/),
    };
  });
}

/**
 * The answer of `GET /v1/changes/ID`, whose digest is approved: `[id, merchant, kind, version, reason, content]`, the last
 * of them JSON in a text. Nothing in it is left unshown.
 *
 * @throws TillsyncError FETCH_FAILED where it is of another form, or of another change than `id`
 */
export function parseShownChange(bytes: Uint8Array, id: string): ShownChange {
  const answer = parse(bytes);
  if (!Array.isArray(answer) || answer.length !== 6) throw invalid();
  const [name, merchant, kind, version, reason, content] = answer as readonly unknown[];
  if (name !== id || typeof version !== "number" || !Number.isSafeInteger(version)) throw invalid();
  if (typeof content !== "string") throw invalid();
  const members = parse(Buffer.from(content));
  if (!isRecord(members)) throw invalid();
  return {
    ...{ id, version, merchant: toText(merchant, MERCHANT), kind: toText(kind, KIND) },
    ...{ reason: toText(reason, /^/), content: flatten("", members, 0) },
  };
}

function flatten(path: string, value: unknown, depth: number): readonly (readonly [string, string])[] {
  if (depth > MAX_DEPTH) throw invalid();
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  const members = Object.entries(value);
  // An empty list says something, too: it takes everything away.
  if (members.length === 0) return [[path, "-"]];
  if (members.length > MAX_ROWS) throw invalid();
  return members.flatMap(([name, member]) => flatten(path === "" ? name : `${path}.${name}`, member, depth + 1));
}

function toText(value: unknown, pattern: RegExp): string {
  if (typeof value !== "string" || value.length > MAX_CHARACTERS || !pattern.test(value)) throw invalid();
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return readStrictJson(UTF8.decode(bytes));
  } catch (cause) {
    throw new TillsyncError("FETCH_FAILED", { expected: "a change" }, cause);
  }
}

function invalid(): TillsyncError {
  return new TillsyncError("FETCH_FAILED", { expected: "a change" });
}
