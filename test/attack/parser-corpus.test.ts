import { KeyObject } from "node:crypto";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { TillsyncError } from "../../proto/errors.ts";
import { BROKEN, HOSTILE_BYTES } from "../support/hostile-bytes.ts";
import { HOSTILE_JSON } from "../support/hostile-json.ts";
import { JSON_PARSERS, MESSAGE_PARSERS, type Parser, PEM_PARSERS, removeFiles } from "../support/hostile-parsers.ts";

const RUNS = 2_000;
const ROOTS = [Object, Array, Function, String, Number, Boolean, RegExp, Map, Set, Uint8Array, Buffer, Promise];
const SHARED: readonly object[] = [...ROOTS.map(({ prototype }) => prototype), JSON, Math];

afterAll(removeFiles);

/** Everything that all objects share, name by name. */
function toMembers(shared: readonly object[]): readonly unknown[] {
  return shared.flatMap((object) =>
    Reflect.ownKeys(object).flatMap((name) => {
      const { value, get, set, writable } = Object.getOwnPropertyDescriptor(object, name) ?? {};
      return [name, value, get, set, writable];
    }),
  );
}

const MEMBERS = toMembers(SHARED);
const OBJECT_MEMBERS = toMembers([Object.prototype]);

function isSame(members: readonly unknown[], before: readonly unknown[]): boolean {
  return members.length === before.length && members.every((member, at) => Object.is(member, before[at]));
}

afterEach(() => {
  expect(isSame(toMembers(SHARED), MEMBERS)).toBe(true);
});

interface Reading {
  readonly code?: string;
  readonly value?: unknown;
}

/** What came of reading the bytes. Whatever is thrown that is no error of ours is thrown on. */
function read(parser: Parser, bytes: Uint8Array): Reading {
  const reading = attempt(parser, bytes);
  if (!isSame(toMembers([Object.prototype]), OBJECT_MEMBERS)) throw new Error("Object.prototype was changed");
  return reading;
}

function attempt({ parse }: Parser, bytes: Uint8Array): Reading {
  try {
    return { value: parse(bytes) };
  } catch (error) {
    if (error instanceof TillsyncError) return { code: error.code };
    throw error;
  }
}

/** One case of a corpus. */
interface Case {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isSound?: true | undefined;
}

/** Refused with a code of its own; or taken, where the table says that this is as good. */
function expectRefused(parser: Parser, { name, bytes, isSound }: Case): void {
  const { code, value } = read(parser, bytes);
  expect(isPlain(value)).toBe(true);
  if (code !== undefined) expect([name, code]).toEqual([name, parser.codes.find((one) => one === code)]);
  else if (parser.harmless?.includes(name) === true) expect(value, name).toEqual(parser.parse(parser.honest));
  else expect([name, isSound === true || parser.content?.includes(name)]).toEqual([name, true]);
}

/** No object within has been given another prototype. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof KeyObject) {
    return true;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && !ROOTS.some((root) => root.prototype === prototype)) return false;
  return [...(value instanceof Map ? value.values() : Object.values(value))].every(isPlain);
}

/** Honest bytes with some of them changed, put in, taken out or said twice; or no honest bytes at all. */
function anyBytes(honest: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat({ max: Math.max(0, honest.length - 1) }),
    drop: fc.nat({ max: 8 }),
    put: fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constantFrom(...SPLICES)),
  });
  const spliced = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) =>
    changes.reduce<Uint8Array>((bytes, { at, drop, put }) => {
      return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]);
    }, honest),
  );
  return fc.oneof({ weight: 9, arbitrary: spliced }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) });
}

const SPLICES = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\\u0000",
  "\\ud800",
  '"__proto__":{},',
  "null",
  "1e9",
  "-0",
  "\0",
  "\ufeff",
].map((text) => Buffer.from(text));

describe.each(JSON_PARSERS)("row 63: the reader of JSON: $name", (parser) => {
  it("takes what is honest", () => {
    expect(read(parser, parser.honest).code).toBeUndefined();
  });

  it.each(HOSTILE_JSON)("is not deceived by $name", ({ name, make, isSound }) => {
    expectRefused(parser, { name, bytes: make(Buffer.from(parser.honest).toString("utf8"), parser.size), isSound });
  });
});

describe.each(MESSAGE_PARSERS)("row 63: the reader of messages: $name", (parser) => {
  it("takes what is honest", () => {
    expect(read(parser, parser.honest).code).toBeUndefined();
  });

  it.each(HOSTILE_BYTES)("is not deceived by $name", ({ name, make }) => {
    expectRefused(parser, { name, bytes: make(parser.honest, parser.size) });
  });
});

const TEXTS = MESSAGE_PARSERS.flatMap((parser) => (parser.text === undefined ? [] : [{ parser, text: parser.text }]));

describe.each(TEXTS)("row 63: the reader of messages that hold texts: $parser.name", ({ parser, text }) => {
  it.each(BROKEN)("takes no text with $name", ({ name, make }) => {
    expectRefused(parser, { name, bytes: make(parser.honest, text) });
  });
});

describe.each(PEM_PARSERS)("row 63: the reader of keys: $name", (parser) => {
  it("takes what is honest", () => {
    expect(read(parser, parser.honest).code).toBeUndefined();
  });

  it("takes no other kind of key", () => {
    for (const { honest } of PEM_PARSERS.filter((other) => other !== parser)) {
      expect(read(parser, honest).code).toBe("KEY_INVALID");
    }
  });

  it("is deceived by nothing: what it takes is the key that is there", () => {
    const toKey = (value: unknown) => (value as KeyObject).export({ type: "pkcs8", format: "der" });
    const texts = HOSTILE_JSON.map(({ name, make }) => ({ name, bytes: make('{"a":"b"}', parser.size) }));
    const messages = HOSTILE_BYTES.map(({ name, make }) => ({ name, bytes: make(parser.honest, parser.size) }));
    for (const { name, bytes } of [...texts, ...messages]) {
      const { code, value } = read(parser, bytes);
      if (code === undefined) expect(toKey(value), name).toEqual(toKey(parser.parse(parser.honest)));
      else expect(parser.codes, name).toContain(code);
    }
  });
});

describe.each([...JSON_PARSERS, ...MESSAGE_PARSERS])("row 63: whatever bytes come to the reader: $name", (parser) => {
  it("it takes them, or refuses them with a code of its own", () => {
    fc.assert(
      fc.property(anyBytes(parser.honest), (bytes) => {
        const { code, value } = read(parser, bytes);
        return code === undefined ? isPlain(value) : parser.codes.some((one) => one === code);
      }),
      { numRuns: RUNS },
    );
  });
});
