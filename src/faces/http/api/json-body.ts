import { check } from "../../../../proto/check.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import { checkName, checkNotSensitive } from "../../../../proto/sensitive.ts";
import { MAX_JSON_BYTES, MAX_JSON_DEPTH } from "./limits.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true });
/** Where a text or an object or list begins or ends. */
const MARK = /["{}[\]]/g;
const COLON = /^\s*:/;
/** Would end up as something else than a member. */
const FORBIDDEN = "__proto__";
/** What these hold is never kept as it is, and may look like anything. */
const SECRETS: readonly string[] = ["password", "next", "code", "sealed", "sealedBefore", "evidence", "table"];
/** Of a body without what stands in SECRETS. */
const MAX_CHARACTERS = MAX_JSON_BYTES;

/**
 * JSON from hostile bytes. Each name once in its object, and neither a name nor a text of what must never be kept
 * (PCI DSS 3.3.1): that is refused here, before anybody could log or store it. Beside the texts in SECRETS a large body
 * holds no more than any other, which is found before anything is made of it.
 *
 * @throws TillsyncError FIELD_INVALID, SENSITIVE_DATA
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  try {
    const text = UTF8.decode(bytes);
    checkTexts(text);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof TillsyncError) throw error;
    // The error of the parser quotes the text, and is therefore never kept as a cause.
    throw new TillsyncError("FIELD_INVALID", { field: "body" });
  }
}

/** Of a name that is there twice, the later value takes the place of the first: only the text tells. */
function checkTexts(text: string): void {
  // A copy, because where to look next is kept in it.
  const marks = new RegExp(MARK);
  const within: Set<string>[] = [];
  let skipped = 0;
  let isSecret = false;
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    const { 0: mark, index } = found;
    check(index - skipped <= MAX_CHARACTERS, "body");
    if (mark !== '"') {
      if (mark === "{" || mark === "[") within.push(new Set());
      else within.pop();
      check(within.length <= MAX_JSON_DEPTH, "body");
      isSecret = false;
      continue;
    }
    const end = findEnd(text, index);
    marks.lastIndex = end;
    const isName = COLON.test(text.slice(end));
    if (isSecret && !isName) skipped += end - index;
    check(end - skipped <= MAX_CHARACTERS, "body");
    if (isName) isSecret = SECRETS.includes(checkMember(JSON.parse(text.slice(index, end)), within.at(-1)));
    else {
      if (!isSecret) checkNotSensitive(JSON.parse(text.slice(index, end)));
      isSecret = false;
    }
  }
  check(text.length - skipped <= MAX_CHARACTERS, "body");
}

function checkMember(name: string, names: Set<string> | undefined): string {
  checkName(name);
  check(name !== FORBIDDEN && names?.has(name) === false, "body");
  names?.add(name);
  return name;
}

/** Behind the quotation mark that ends a text: the first with an even number of backslashes before it. */
function findEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === "\\") before -= 1;
    if ((end - before) % 2 === 0) return end + 1;
  }
  throw new TillsyncError("FIELD_INVALID", { field: "body" });
}
