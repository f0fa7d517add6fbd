import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_DEPTH, readStrictJson } from "../../../certs/trust/strict-json.ts";

const invalid = expect.objectContaining({ code: "TRUST_INVALID" });

/** Everything this reader takes, made by JSON.stringify. */
const anyValue = fc.jsonValue({ maxDepth: 6, noUnicodeString: false }).filter((value) => isPlain(value));

function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0);
  if (typeof value === "string") return !/\p{Surrogate}/u.test(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([name, item]) => name !== "__proto__" && isPlain(name) && isPlain(item));
}

describe("strict JSON", () => {
  it("reads what JSON.parse reads, white space or not", () => {
    fc.assert(
      fc.property(anyValue, fc.constantFrom(0, 1, "\t", " \r\n"), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(readStrictJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("reads nothing that JSON.parse does not, nor anything else than it does", () => {
    const signs = ["{", "}", "[", "]", ",", ":", '"a"', '"b"', "1", "-1", "0", "true", "null", " ", '"', "\\", "."];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...signs), { maxLength: 9 }), (parts) => {
        const text = parts.join("");
        const read = attempt(() => readStrictJson(text));
        if (read !== undefined) expect(read.value).toEqual(JSON.parse(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it("refuses a member twice, however its name is written and however deep it is", () => {
    for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"x":{"a":[],"b":0,"a":[]}}]', '{"":1,"":1}']) {
      expect(() => readStrictJson(text), text).toThrow(invalid);
    }
    expect(readStrictJson('[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it("refuses __proto__ and gives its objects no prototype, so that no name means more than it says", () => {
    for (const text of ['{"__proto__":{}}', '{"a":{"__proto__":1}}', '{"__\\u0070roto__":1}']) {
      expect(() => readStrictJson(text), text).toThrow(invalid);
    }
    const read = readStrictJson('{"constructor":1,"toString":2,"hasOwnProperty":3}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(read)).toBeNull();
    expect(read["constructor"]).toBe(1);
    expect(read["valueOf"]).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty("a");
  });

  it("refuses numbers that two readers could read differently", () => {
    for (const text of [
      "1.0",
      "1.5",
      "1e3",
      "1E3",
      "-0",
      "01",
      "+1",
      "9007199254740992",
      "-9007199254740992",
      "1e400",
      ".5",
      "0x1",
    ]) {
      expect(() => readStrictJson(text), text).toThrow(invalid);
      expect(() => readStrictJson(`{"a":${text}}`), text).toThrow(invalid);
    }
    expect(readStrictJson("[9007199254740991,-9007199254740991,0,-1]")).toEqual([
      9007199254740991, -9007199254740991, 0, -1,
    ]);
  });

  it("refuses half characters and control characters in texts and names", () => {
    for (const text of [
      '"\\ud800"',
      '"\\udc00\\ud800"',
      '{"\\udfff":1}',
      '"\ud800"',
      '"a\nb"',
      '"\u0000"',
      '"\\x"',
      '"\\u12g4"',
    ]) {
      expect(() => readStrictJson(text), JSON.stringify(text)).toThrow(invalid);
    }
    expect(readStrictJson('"\\ud83d\\ude00 \\u0000 \\n 王丽"')).toBe("\u{1f600} \u0000 \n 王丽");
  });

  it("refuses what is cut off, doubled, or no JSON", () => {
    for (const text of [
      "",
      " ",
      "{",
      "[",
      "[1",
      "[1,",
      "[1,]",
      "[,]",
      "{,}",
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,',
      '{"a":1,}',
      "{1:2}",
      '{"a" 1}',
      "[1 2]",
      "[1}",
      '{"a":1]',
      "1 2",
      "{}{}",
      "]",
      ":",
      "nul",
      "undefined",
      "NaN",
      "'a'",
      '"a',
      "// a\n1",
      "\ufeff1",
      "\u00a01",
      "True",
    ]) {
      expect(() => readStrictJson(text), JSON.stringify(text)).toThrow(invalid);
    }
  });

  it("goes no deeper than its bound", () => {
    const nest = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(readStrictJson(nest(MAX_DEPTH))).toEqual(expect.any(Array));
    for (const depth of [MAX_DEPTH + 1, 100_000]) expect(() => readStrictJson(nest(depth))).toThrow(invalid);
    expect(() => readStrictJson('{"a":'.repeat(100_000))).toThrow(invalid);
  });

  it("reads long texts and lists in time that grows with their length", () => {
    const text = JSON.stringify(["\\".repeat(1_000_000), Array(200_000).fill(1)]);
    const begin = process.cpuUsage().user;
    expect(readStrictJson(text)).toEqual(JSON.parse(text));
    expect(process.cpuUsage().user - begin).toBeLessThan(5_000_000);
  });
});

function attempt<T>(read: () => T): { readonly value: T } | undefined {
  try {
    return { value: read() };
  } catch {
    return undefined;
  }
}
