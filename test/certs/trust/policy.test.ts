import { describe, expect, it } from "vitest";
import { MOST, parsePolicy, toPolicyBytes } from "../../../certs/trust/policy.ts";
import { toHex, toUtf8 } from "../../../proto/bytes.ts";
import { POLICY } from "../../support/trust.ts";

const json = JSON.parse(Buffer.from(toPolicyBytes(POLICY)).toString());
const read = (change: object) => parsePolicy(toUtf8(JSON.stringify({ ...json, ...change })));
const [first, second] = json.persons;
const [key] = first.keys;

function withCode(code: string) {
  return expect.objectContaining({ code });
}

describe("a policy", () => {
  it("comes back as it was written", () => {
    expect(toHex(toPolicyBytes(parsePolicy(toPolicyBytes(POLICY))))).toBe(toHex(toPolicyBytes(POLICY)));
  });

  it("may ask for more people than the least, and allow less than the most", () => {
    const thresholds = {
      binding: ["maker", "checker", "log"],
      merchant: ["maker", "checker"],
      parameters: ["parameters"],
    };
    expect(read({ thresholds, types: [], caps: { ...json.caps, directivesPerRelease: 1 } })).toMatchObject({
      thresholds,
      types: [],
      caps: { directivesPerRelease: 1 },
    });
  });

  it("that asks for fewer people than maker and checker, or less of a binding than of merchant data, is refused", () => {
    for (const thresholds of [
      { ...json.thresholds, binding: ["maker"] },
      { ...json.thresholds, binding: [] },
      { ...json.thresholds, merchant: ["checker"] },
      { ...json.thresholds, parameters: [] },
      { ...json.thresholds, merchant: ["maker", "checker", "log"] },
    ]) {
      expect(() => read({ thresholds })).toThrow(withCode("POLICY_TOO_WEAK"));
    }
  });

  it.each(Object.keys(MOST) as (keyof typeof MOST)[])("that allows more %s than the most is refused", (cap) => {
    expect(read({ caps: { ...json.caps, [cap]: MOST[cap] } }).caps[cap]).toBe(MOST[cap]);
    expect(() => read({ caps: { ...json.caps, [cap]: MOST[cap] + 1 } })).toThrow(withCode("POLICY_TOO_WEAK"));
    for (const bad of [0, -1, "1", undefined]) {
      expect(() => read({ caps: { ...json.caps, [cap]: bad } })).toThrow(withCode("TRUST_INVALID"));
    }
  });

  it("with one key for two persons, one key twice, or one person twice, is refused", () => {
    for (const persons of [
      [first, { ...second, keys: first.keys }],
      [{ ...first, keys: [key, key] }, second],
      [first, { ...second, id: first.id }],
    ]) {
      expect(() => read({ persons })).toThrow(withCode("TRUST_INVALID"));
    }
  });

  it("with a member twice is refused, though the one that counts would be right", () => {
    const text = JSON.stringify(json).replace('"version":1', '"version":9,"version":1');
    expect(() => parsePolicy(toUtf8(text))).toThrow(withCode("TRUST_INVALID"));
  });

  it("out of shape is refused", () => {
    const seven = ["maker", "checker", "parameters", "log", "maker2", "maker3", "maker4"];
    for (const change of [
      { version: 0 },
      { version: 2 ** 32 },
      { persons: {} },
      { persons: [1] },
      { persons: Array.from({ length: 101 }, () => first) },
      { persons: [{ ...first, id: "../x" }] },
      { persons: [{ ...first, id: 7 }] },
      { persons: [{ ...first, name: "" }] },
      { persons: [{ ...first, name: 7 }] },
      { persons: [{ ...first, name: "a\u202eb" }] },
      { persons: [{ ...first, roles: ["king"] }] },
      { persons: [{ ...first, roles: ["maker", "maker"] }] },
      { persons: [{ ...first, keys: "x" }] },
      { persons: [{ ...first, keys: ["a"] }] },
      { persons: [{ ...first, keys: Array(5).fill(key) }] },
      { persons: [{ ...first, keys: [{ ...key, algorithm: "rsa" }] }] },
      { persons: [{ ...first, keys: [{ ...key, public: 7 }] }] },
      { thresholds: 1 },
      { thresholds: {} },
      { thresholds: { ...json.thresholds, binding: seven } },
      { caps: 1 },
      { caps: {} },
      { types: ["text/plain"] },
      { types: "all" },
      { algorithms: ["none"] },
      { algorithms: undefined },
    ]) {
      expect(() => read(change), JSON.stringify(change).slice(0, 80)).toThrow(withCode("TRUST_INVALID"));
    }
    const most = ["maker", "checker", "parameters", "log", "maker", "checker", "parameters"];
    expect(() => read({ thresholds: { ...json.thresholds, binding: most } })).toThrow(withCode("TRUST_INVALID"));
    expect(() => read({ persons: [{ ...first, keys: [{ ...key, public: "00" }] }] })).toThrow(withCode("KEY_INVALID"));
  });

  it("that allows no algorithm has no keys, and nobody who could sign", () => {
    expect(() => read({ algorithms: [] })).toThrow(withCode("TRUST_INVALID"));
    expect(read({ algorithms: [], persons: [{ ...first, keys: [] }] }).persons[0]?.keys).toEqual([]);
  });
});
