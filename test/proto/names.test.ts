import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toUtf8 } from "../../proto/bytes.ts";
import { toPreAuthEncoding } from "../../proto/dsse.ts";
import { ERRORS, TillsyncError, toErrorCode } from "../../proto/errors.ts";
import { DOWN_KINDS, parseDownTopic, parseUpTopic, toDownTopic, toUpTopic, UP_KINDS } from "../../proto/topics.ts";
import { DEVICE_TYPES, isTusn, parseTusn, toTusnParts } from "../../proto/tusn.ts";

const GENUINE = [
  "00000304N7NL01933217",
  "00000304N7NL00072365",
  "00005702280117638929",
  "000006026270832837",
  "0000290210015708",
];

describe("a TUSN", () => {
  it("is read in every public form", () => {
    for (const text of GENUINE) expect(parseTusn(text)).toBe(text);
  });

  it("is refused when malformed, too long, of no known device type, or with a topic's characters", () => {
    const tooLong = `00000304${"A".repeat(43)}`;
    const bad = [
      "0000gratia00003",
      "9999999998",
      "123213213101",
      "",
      tooLong,
      "0000031400001",
      "00000300A",
      "00000304",
    ];
    for (const text of [...bad, "00000304#", "00000304+", "00000304/A", "00000304A\n", "00000304ａ"]) {
      expect(isTusn(text), text).toBe(false);
      expect(() => parseTusn(text)).toThrow(expect.objectContaining({ code: "TUSN_INVALID" }));
    }
  });

  it("tells maker, device type and serial", () => {
    const parts = toTusnParts(parseTusn("00000304N7NL01933217"));
    expect(parts).toEqual({ maker: "000003", deviceType: "04", serial: "N7NL01933217" });
    expect(DEVICE_TYPES[parts.deviceType]).toBe("smart POS");
  });
});

describe("a topic", () => {
  const tusn = parseTusn("00000304N7NL01933217");

  it("comes back as terminal and kind", () => {
    for (const kind of UP_KINDS) expect(parseUpTopic(toUpTopic(tusn, kind))).toEqual({ tusn, kind });
    for (const kind of DOWN_KINDS) expect(parseDownTopic(toDownTopic(tusn, kind))).toEqual({ tusn, kind });
  });

  it("is refused in any other form", () => {
    const up = toUpTopic(tusn, "hello");
    for (const topic of [
      "",
      "$SYS/x",
      `${up}/x`,
      `/${up}`,
      up.replace("up", "down"),
      up.replace("hello", "directive"),
      up.replace("v1", "v2"),
      up.replace(tusn, "+"),
      "tillsync/v1",
      "tillsync/v1/#",
    ]) {
      expect(() => parseUpTopic(topic), topic).toThrow(expect.objectContaining({ code: "TOPIC_INVALID" }));
    }
  });
});

describe("the DSSE pre-authentication encoding", () => {
  it("is the one of the specification's example", () => {
    const encoding = toPreAuthEncoding("http://example.com/HelloWorld", toUtf8("hello world"));
    expect(Buffer.from(encoding).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  it("counts bytes, not characters", () => {
    expect(Buffer.from(toPreAuthEncoding("é", toUtf8("茶"))).toString()).toBe("DSSEv1 2 é 3 茶");
  });
});

describe("an error", () => {
  it("carries its code, its facts and its cause", () => {
    const cause = new Error("why");
    const error = new TillsyncError("FIELD_INVALID", { field: "name" }, cause);
    expect(error).toMatchObject({ code: "FIELD_INVALID", fields: { field: "name" }, cause });
    expect(toErrorCode(error)).toBe("FIELD_INVALID");
  });

  it("that is not ours has the code INTERNAL", () => {
    expect(toErrorCode(new RangeError("x"))).toBe("INTERNAL");
    expect(new TillsyncError("INTERNAL").cause).toBeUndefined();
  });

  it("stands in docs/errors.md, which names no other code", () => {
    const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
    const documented = [...page.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map((match) => match[1]);
    expect(documented.toSorted()).toEqual(Object.keys(ERRORS).toSorted());
  });
});
