import { check } from "../../../../proto/check.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { checkName, checkNotSensitive } from "../../../../proto/sensitive.ts";
import { MAX_JSON_DEPTH } from "./limits.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true });
/** A text, and the colon behind it where it is a name; or a bracket. */
const TOKEN = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;
/** Would end up as something else than a member. */
const FORBIDDEN = "__proto__";
/** What these hold is never kept as it is, and may look like anything. */
const SECRETS: readonly string[] = ["password", "next", "code", "sealed", "sealedBefore"];

/**
 * JSON from hostile bytes. Each name once in its object, and neither a name nor a text of what must never be kept
 * (PCI DSS 3.3.1): that is refused here, before anybody could log or store it.
 *
 * @throws TillsyncError FIELD_INVALID, SENSITIVE_DATA
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const { text, value } = readJson(bytes);
  // Of a name that is there twice, the later value has taken the place of the first: only the text tells.
  const within: Set<string>[] = [];
  let last = "";
  for (const [bracket, quoted, colon] of text.matchAll(TOKEN)) {
    if (quoted === undefined) {
      if (bracket === "{" || bracket === "[") within.push(new Set());
      else within.pop();
      check(within.length <= MAX_JSON_DEPTH, "body");
    } else if (colon === undefined) {
      if (!SECRETS.includes(last)) checkNotSensitive(JSON.parse(quoted));
    } else {
      last = JSON.parse(quoted);
      checkName(last);
      const names = within.at(-1);
      check(last !== FORBIDDEN && names?.has(last) === false, "body");
      names?.add(last);
    }
  }
  return value;
}

/** The error of the parser quotes the text, and is therefore never kept as a cause. */
function readJson(bytes: Uint8Array): { readonly text: string; readonly value: unknown } {
  try {
    const text = UTF8.decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch {
    throw new TillsyncError("FIELD_INVALID", { field: "body" });
  }
}
