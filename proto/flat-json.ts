import { check, checkPresent } from "./check.ts";
import { TillsyncError } from "./errors.ts";
import { checkName, checkNotSensitive } from "./sensitive.ts";

/** Files of a few short texts, written by people or for them. */
export const MAX_FLAT_JSON_BYTES = 4_096;

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * A JSON object of texts from hostile bytes: exactly the members named, each once. Whatever else is there is refused
 * unread and never repeated, for it could be what must never be kept (PCI DSS 3.3.1).
 *
 * @throws TillsyncError BYTES_TOO_LARGE, FIELD_INVALID, FIELD_MISSING, SENSITIVE_DATA
 */
export function parseFlatJson<T extends string>(bytes: Uint8Array, names: readonly T[]): Readonly<Record<T, string>> {
  if (bytes.length > MAX_FLAT_JSON_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bound: MAX_FLAT_JSON_BYTES });
  const { text, value } = readJson(bytes);
  check(typeof value === "object" && value !== null && !Array.isArray(value), "json");
  const members = new Map(Object.entries(value as object));
  for (const name of members.keys()) checkName(name);
  const texts = toTexts(text);
  for (const each of texts) checkNotSensitive(each);
  for (const name of members.keys()) check((names as readonly string[]).includes(name), "json");
  for (const name of names) check(typeof checkPresent(members.get(name), name) === "string", name);
  // A member that is there twice is only seen in the text: parsed, the later one has taken the place of the first.
  check(texts.length === 2 * names.length, "json");
  return Object.fromEntries(members) as Record<T, string>;
}

/** The error of the parser quotes the text, and is therefore never kept as a cause. */
function readJson(bytes: Uint8Array): { readonly text: string; readonly value: unknown } {
  try {
    const text = UTF8.decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch {
    throw new TillsyncError("FIELD_INVALID", { field: "json" });
  }
}

/** Every text in sound JSON, names and values alike. */
function toTexts(json: string): readonly string[] {
  return Array.from(json.matchAll(/"(?:[^"\\]|\\.)*"/g), ([quoted]) => JSON.parse(quoted));
}
