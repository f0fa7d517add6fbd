import { describe, expect, it } from "vitest";
import { toUtf8 } from "../../proto/bytes.ts";
import { MAX_FLAT_JSON_BYTES, parseFlatJson } from "../../proto/flat-json.ts";
import { errorOf } from "../support/refusal.ts";

const parse = (text: string) => parseFlatJson(toUtf8(text), ["a", "b"]);

describe("an object of texts", () => {
  it("is read with exactly its members, in any order and layout", () => {
    expect(parse('{"a":"1","b":"\\u0032 \\"quoted\\\\"}')).toEqual({ a: "1", b: '2 "quoted\\' });
    expect(parse(' {\n "b" : "",\n "a" : "x:y,{}" }\n')).toEqual({ a: "x:y,{}", b: "" });
  });

  it.each([
    ["another member", '{"a":"1","b":"2","c":"3"}', "FIELD_INVALID"],
    ["__proto__", '{"a":"1","b":"2","__proto__":"3"}', "FIELD_INVALID"],
    ["a member twice", '{"a":"1","a":"1","b":"2"}', "FIELD_INVALID"],
    ["a member twice, first as a number", '{"a":1,"a":"1","b":"2"}', "FIELD_INVALID"],
    ["a member twice, first as an object", '{"a":{"x":"y"},"a":"1","b":"2"}', "FIELD_INVALID"],
    ["a member twice, once escaped", '{"a":"1","\\u0061":"1","b":"2"}', "FIELD_INVALID"],
    ["a member missing", '{"a":"1"}', "FIELD_MISSING"],
    ["null for a member", '{"a":"1","b":null}', "FIELD_MISSING"],
    ["a number", '{"a":"1","b":2}', "FIELD_INVALID"],
    ["an object", '{"a":"1","b":{}}', "FIELD_INVALID"],
    ["a list", "[]", "FIELD_INVALID"],
    ["null", "null", "FIELD_INVALID"],
    ["no JSON", '{"a":"1","b":"2"} x', "FIELD_INVALID"],
    ["nothing", "", "FIELD_INVALID"],
    ["too much", `{"a":"1","b":"2"}${" ".repeat(MAX_FLAT_JSON_BYTES)}`, "BYTES_TOO_LARGE"],
    ["a security code", '{"a":"1","b":"2","cvv":123}', "SENSITIVE_DATA"],
    ["track data in a member", '{"a":"1","b":";6228480402564890018=2512201?"}', "SENSITIVE_DATA"],
    ["track data, escaped", '{"a":"1","b":"6228480402564890018\\u003d2512201"}', "SENSITIVE_DATA"],
    ["track data deep in another member", '{"a":"1","b":"2","c":[{"d":"6228480402564890018=2512"}]}', "SENSITIVE_DATA"],
    ["track data for a name", '{"a":"1","b":"2","6228480402564890018=2512":""}', "SENSITIVE_DATA"],
  ])("with %s is refused", (_, text, code) => {
    const error = errorOf(() => parse(text));
    expect(error.code).toBe(code);
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toMatch(/6228|123|quoted/);
  });

  it("that is not UTF-8 is refused", () => {
    const bytes = Buffer.concat([toUtf8('{"a":"1","b":"'), Buffer.from([0xff]), toUtf8('"}')]);
    expect(errorOf(() => parseFlatJson(bytes, ["a", "b"])).code).toBe("FIELD_INVALID");
  });
});
