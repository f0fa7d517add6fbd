import { describe, expect, it } from "vitest";
import { parseJson, toCanonicalBytes, toInteger, toRecord, toStrings, toVersion } from "../../../certs/trust/json.ts";
import { MAX_TRUST_FILE_BYTES, MAX_UINT32 } from "../../../proto/bounds.ts";
import { toUtf8 } from "../../../proto/bytes.ts";

function withCode(code: string) {
  return expect.objectContaining({ code });
}

describe("a trust file", () => {
  it("is an object, and no longer than its bound", () => {
    const padded = toUtf8(`{"a":1}${" ".repeat(MAX_TRUST_FILE_BYTES - 7)}`);
    expect(parseJson(padded)).toEqual({ a: 1 });
    expect(() => parseJson(Buffer.concat([padded, Buffer.from(" ")]))).toThrow(withCode("BYTES_TOO_LARGE"));
    expect(() => parseJson(toUtf8("{}"), 1)).toThrow(withCode("BYTES_TOO_LARGE"));
    for (const text of ["[]", "1", "null", '"a"', ""]) {
      expect(() => parseJson(toUtf8(text)), text).toThrow(withCode("TRUST_INVALID"));
    }
  });

  it("is UTF-8 without overlong, cut or half characters, and without a byte order mark", () => {
    for (const hex of [
      "7b2261223a22c08022 7d",
      "7b2261223a22c1a1227d",
      "7b2261223a22eda080227d",
      "7b2261223a22e7227d",
      "efbbbf7b7d",
      "fffe7b007d00",
    ]) {
      const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
      expect(() => parseJson(bytes), hex).toThrow(withCode("TRUST_INVALID"));
    }
  });
});

describe("canonical JSON", () => {
  it("sorts members and escapes nothing but quotes and backslashes", () => {
    const value = { b: [1, null, true], a: 'say "\\\n"', "": { z: 0 } };
    expect(Buffer.from(toCanonicalBytes(value)).toString()).toBe(
      '{"":{"z":0},"a":"say \\"\\\\\n\\"","b":[1,null,true]}',
    );
  });

  it("has no form for numbers that are not whole", () => {
    expect(() => toCanonicalBytes({ a: 1.5 })).toThrow(withCode("TRUST_INVALID"));
  });
});

describe("members", () => {
  it("are what they are asked to be, or refused", () => {
    expect(toRecord({ a: 1 }, "x")).toEqual({ a: 1 });
    expect([toInteger(1, "x"), toVersion(MAX_UINT32, "x")]).toEqual([1, MAX_UINT32]);
    expect(toStrings(["a", "b"], "x")).toEqual(["a", "b"]);
    for (const value of [null, [], "a", 1, undefined])
      expect(() => toRecord(value, "x")).toThrow(withCode("TRUST_INVALID"));
    for (const value of [0, -1, 1.5, "1", null, 2 ** 53]) {
      expect(() => toInteger(value, "x")).toThrow(withCode("TRUST_INVALID"));
    }
    expect(() => toVersion(MAX_UINT32 + 1, "x")).toThrow(withCode("TRUST_INVALID"));
    for (const value of [{}, "a", [1], ["a", "a"]]) {
      expect(() => toStrings(value, "x")).toThrow(withCode("TRUST_INVALID"));
    }
  });
});
