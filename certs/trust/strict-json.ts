import { TillsyncError } from "../../proto/errors.ts";

// RFC 8259 with everything refused that two readers could read differently: JSON.parse takes the last of two members of
// one name, rounds large numbers, and lets half characters through.

/** Objects and lists within one another. */
export const MAX_DEPTH = 32;

/** One token after white space: a mark, a text, a whole number, or a word. */
const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")|(-?(?:0|[1-9][0-9]{0,15}))(?![0-9.eE])|(true|false|null))/y;
const END = /[ \t\n\r]*$/y;
const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

interface Token {
  readonly mark?: string;
  readonly text?: string;
  readonly value?: unknown;
}

interface Reader {
  readonly json: string;
  at: number;
}

/**
 * The value of a JSON text. Objects have no prototype. Refused are: a member twice in one object, a member `__proto__`,
 * numbers with fraction or exponent or outside the safe whole numbers, minus zero, half characters (lone surrogates),
 * more than MAX_DEPTH levels, and whatever is no JSON.
 *
 * @throws TillsyncError TRUST_INVALID
 */
export function readStrictJson(json: string): unknown {
  const reader = { json, at: 0 };
  const value = readValue(reader, readToken(reader), 0);
  END.lastIndex = reader.at;
  if (!END.test(json)) throw toFault("more than one value");
  return value;
}

function readValue(reader: Reader, token: Token, depth: number): unknown {
  if (token.mark !== undefined && depth === MAX_DEPTH) throw toFault("too deep");
  if (token.mark === "{") return readObject(reader, depth + 1);
  if (token.mark === "[") return readList(reader, depth + 1);
  if (token.mark !== undefined) throw toFault("not JSON");
  return token.text ?? token.value;
}

function readObject(reader: Reader, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  let token = readToken(reader);
  if (token.mark === "}") return object;
  for (;;) {
    const name = token.text;
    if (name === undefined || readToken(reader).mark !== ":") throw toFault("not JSON");
    if (name === "__proto__" || Object.hasOwn(object, name)) throw toFault(`member ${name}`);
    object[name] = readValue(reader, readToken(reader), depth);
    if (isLast(reader, "}")) return object;
    token = readToken(reader);
  }
}

function readList(reader: Reader, depth: number): readonly unknown[] {
  const list: unknown[] = [];
  let token = readToken(reader);
  if (token.mark === "]") return list;
  for (;;) {
    list.push(readValue(reader, token, depth));
    if (isLast(reader, "]")) return list;
    token = readToken(reader);
  }
}

function isLast(reader: Reader, end: string): boolean {
  const { mark } = readToken(reader);
  if (mark !== end && mark !== ",") throw toFault("not JSON");
  return mark === end;
}

function readToken(reader: Reader): Token {
  TOKEN.lastIndex = reader.at;
  const match = TOKEN.exec(reader.json);
  if (match === null) throw toFault("not JSON");
  reader.at = TOKEN.lastIndex;
  const [, mark, quoted, digits, word] = match;
  if (mark !== undefined) return { mark };
  if (quoted !== undefined) return { text: toWellFormed(JSON.parse(quoted)) };
  return { value: digits === undefined ? WORDS[word as string] : toWhole(Number(digits)) };
}

function toWellFormed(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw toFault("half a character");
  return text;
}

function toWhole(number: number): number {
  if (!Number.isSafeInteger(number) || Object.is(number, -0)) throw toFault("number");
  return number;
}

function toFault(what: string): TillsyncError {
  return new TillsyncError("TRUST_INVALID", { what });
}
