import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PacketScanner, type Scan } from "../../broker/guard/scanner.ts";
import {
  BAD_STRINGS,
  CLEAN,
  DISCONNECT,
  PINGREQ,
  toConnect,
  toPacket,
  toPublish,
  toSubscribe,
  toUnsubscribe,
} from "../support/mqtt-bytes.ts";

const LIMITS = { connectBytes: 1_024, packetBytes: 65_536 };
const USER_NAME = 0x80;
const PASSWORD = 0x40;
const WILL = 0x04;

function scanAll(...chunks: readonly Buffer[]): Scan {
  const scanner = new PacketScanner(LIMITS);
  const scans = chunks.map((chunk) => scanner.scan(chunk));
  const packets = scans.flatMap((scan) => scan.packets);
  const fault = scans.at(-1)?.fault;
  return fault === undefined ? { packets } : { packets, fault };
}

/** The fault of a packet sent after a genuine CONNECT. */
function faultOf(packet: Buffer) {
  return scanAll(Buffer.concat([toConnect(), packet])).fault;
}

describe("the guard lets through", () => {
  it.each([
    ["CONNECT", [toConnect()]],
    [
      "CONNECT with will, user name and password",
      [toConnect({ flags: CLEAN | WILL | USER_NAME | PASSWORD, fields: ["topic", "", "name", Buffer.of(0, 255)] })],
    ],
    ["CONNECT of the greatest size", [toConnect({ clientId: "x".repeat(1_024 - 15) })]],
    ["PUBLISH at most once", [toConnect(), toPublish("a/b", "payload")]],
    ["PUBLISH at least once, again, retained", [toConnect(), toPublish("a", "", 65_535, 0b1001)]],
    ["PUBLISH of the greatest size", [toConnect(), toPublish("a", Buffer.alloc(65_536 - 7))]],
    ["SUBSCRIBE", [toConnect(), toSubscribe(1, ["a/#", 0], ["+", 1], ["终端", 2])]],
    ["UNSUBSCRIBE", [toConnect(), toUnsubscribe(1, "a", "b/+")]],
    ["PINGREQ and DISCONNECT", [toConnect(), PINGREQ, PINGREQ, DISCONNECT]],
  ])("%s, byte for byte", (_, packets) => {
    expect(scanAll(...packets)).toEqual({ packets });
    expect(scanAll(Buffer.concat(packets))).toEqual({ packets });
    const bytes = Buffer.concat(packets);
    expect(scanAll(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual({ packets });
  });

  it("every topic of Unicode without NUL and wildcards", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), (text) => {
        fc.pre(!/[\0+#]/.test(text));
        expect(faultOf(toPublish(text))).toBeUndefined();
      }),
    );
  });
});

describe("the guard refuses as the first packet", () => {
  it.each([
    ["anything but CONNECT", Buffer.of(0x30), "GUARD_NOT_CONNECT"],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "GUARD_NOT_CONNECT"],
    ["CONNECT with reserved flags, before its length", Buffer.of(0x11), "GUARD_MALFORMED"],
    ["a packet one byte too large, before its body", Buffer.of(0x10, 0xfe, 0x07), "GUARD_TOO_LARGE"],
    ["a packet of 256 MB, before its body", Buffer.of(0x10, 0xff, 0xff, 0xff, 0x7f), "GUARD_TOO_LARGE"],
    ["a length that does not end", Buffer.of(0x10, 0x80, 0x80, 0x80, 0x80), "GUARD_MALFORMED"],
    ["a length that is longer than need be", Buffer.of(0x10, 0x8c, 0x00), "GUARD_MALFORMED"],
    ["an empty CONNECT", toPacket(0x10), "GUARD_MALFORMED"],
    ["MQTT 3.1", toConnect({ protocol: "MQIsdp", level: 3 }), "GUARD_MALFORMED"],
    ["MQTT 5", toConnect({ level: 5 }), "GUARD_MALFORMED"],
    ["bridge mode", toConnect({ level: 0x84 }), "GUARD_MALFORMED"],
    ["the reserved connect flag", toConnect({ flags: CLEAN | 1 }), "GUARD_MALFORMED"],
    ["a will with QoS 3", toConnect({ flags: CLEAN | WILL | 0x18, fields: ["topic", ""] }), "GUARD_MALFORMED"],
    ["will QoS without a will", toConnect({ flags: CLEAN | 0x08 }), "GUARD_MALFORMED"],
    ["will retain without a will", toConnect({ flags: CLEAN | 0x20 }), "GUARD_MALFORMED"],
    ["a will without a topic", toConnect({ flags: CLEAN | WILL, fields: ["", "payload"] }), "GUARD_MALFORMED"],
    ["a will without a payload", toConnect({ flags: CLEAN | WILL, fields: ["topic"] }), "GUARD_MALFORMED"],
    ["a password without a user name", toConnect({ flags: CLEAN | PASSWORD, fields: ["x"] }), "GUARD_MALFORMED"],
    ["a missing user name", toConnect({ flags: CLEAN | USER_NAME }), "GUARD_MALFORMED"],
    ["bytes after the last field", toConnect({ fields: ["more"] }), "GUARD_MALFORMED"],
  ] as const)("%s", (_, bytes, code) => {
    expect(scanAll(bytes)).toEqual({ packets: [], fault: code });
  });
});

describe("the guard refuses after CONNECT", () => {
  it.each([
    ["a second CONNECT", toConnect(), "GUARD_NOT_ALLOWED"],
    ...[0, 2, 4, 5, 6, 7, 9, 11, 13, 15].map(
      (type) => [`packet type ${type}`, Buffer.of(type << 4), "GUARD_NOT_ALLOWED"] as const,
    ),
    ["PUBLISH with QoS 2", Buffer.of(0x34), "GUARD_NOT_ALLOWED"],
    ["PUBLISH with QoS 3", Buffer.of(0x36), "GUARD_NOT_ALLOWED"],
    ["PUBLISH at most once, marked as sent again", Buffer.of(0x38), "GUARD_MALFORMED"],
    ["SUBSCRIBE without its reserved flag", Buffer.of(0x80), "GUARD_MALFORMED"],
    ["UNSUBSCRIBE with other flags", Buffer.of(0xa3), "GUARD_MALFORMED"],
    ["PINGREQ with flags", Buffer.of(0xc1), "GUARD_MALFORMED"],
    ["DISCONNECT with flags", Buffer.of(0xe8), "GUARD_MALFORMED"],
    ["a packet one byte too large, before its body", Buffer.of(0x30, 0xfd, 0xff, 0x03), "GUARD_TOO_LARGE"],
    ["a packet of 256 MB, before its body", Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f), "GUARD_TOO_LARGE"],
    ["PUBLISH without a topic", toPublish(""), "GUARD_MALFORMED"],
    ["PUBLISH on a multi-level wildcard", toPublish("a/#"), "GUARD_MALFORMED"],
    ["PUBLISH on a single-level wildcard", toPublish("+/a"), "GUARD_MALFORMED"],
    ["PUBLISH whose topic is longer than the packet", toPacket(0x30, Buffer.of(0, 9, 0x61)), "GUARD_MALFORMED"],
    ["PUBLISH at least once without an identifier", toPacket(0x32, Buffer.of(0, 1, 0x61, 7)), "GUARD_MALFORMED"],
    ["PUBLISH at least once with identifier 0", toPacket(0x32, Buffer.of(0, 1, 0x61, 0, 0)), "GUARD_MALFORMED"],
    ["SUBSCRIBE without a filter", toSubscribe(1), "GUARD_MALFORMED"],
    ["SUBSCRIBE with an empty filter", toSubscribe(1, ["", 0]), "GUARD_MALFORMED"],
    ["SUBSCRIBE with identifier 0", toSubscribe(0, ["a", 0]), "GUARD_MALFORMED"],
    ["SUBSCRIBE with QoS 3", toSubscribe(1, ["a", 3]), "GUARD_MALFORMED"],
    ["SUBSCRIBE with reserved bits beside the QoS", toSubscribe(1, ["a", 0x40]), "GUARD_MALFORMED"],
    ["SUBSCRIBE without a last QoS", toPacket(0x82, Buffer.of(0, 1, 0, 1, 0x61)), "GUARD_MALFORMED"],
    ["an empty SUBSCRIBE", toPacket(0x82), "GUARD_MALFORMED"],
    ["UNSUBSCRIBE without a filter", toUnsubscribe(1), "GUARD_MALFORMED"],
    ["UNSUBSCRIBE with an empty filter", toUnsubscribe(1, "a", ""), "GUARD_MALFORMED"],
    ["PINGREQ with a body", toPacket(0xc0, Buffer.of(0)), "GUARD_MALFORMED"],
    ["DISCONNECT with a body", toPacket(0xe0, Buffer.of(0)), "GUARD_MALFORMED"],
  ] as const)("%s", (_, bytes, code) => {
    expect(faultOf(bytes)).toBe(code);
  });

  it("everything that follows a fault", () => {
    const scanner = new PacketScanner(LIMITS);
    scanner.scan(Buffer.concat([toConnect(), Buffer.of(0x20)]));
    expect(scanner.scan(PINGREQ)).toEqual({ packets: [], fault: "GUARD_NOT_ALLOWED" });
  });
});

describe("the guard refuses in every string", () => {
  it.each(BAD_STRINGS)("%s", (_, bad) => {
    const willFlags = CLEAN | WILL | USER_NAME;
    for (const connect of [
      toConnect({ clientId: bad }),
      toConnect({ flags: willFlags, fields: [bad, "payload", "name"] }),
      toConnect({ flags: willFlags, fields: ["topic", "payload", bad] }),
    ]) {
      expect(scanAll(connect)).toEqual({ packets: [], fault: "GUARD_MALFORMED" });
    }
    for (const packet of [toPublish(bad), toSubscribe(1, ["a", 0], [bad, 0]), toUnsubscribe(1, "a", bad)]) {
      expect(faultOf(packet)).toBe("GUARD_MALFORMED");
    }
  });
});

describe("the guard's verdict on any bytes", () => {
  const anyPacket = fc.oneof(
    fc.constantFrom(toConnect(), PINGREQ, DISCONNECT, toSubscribe(1, ["a", 0]), toUnsubscribe(2, "a")),
    fc.uint8Array({ maxLength: 300 }).map((payload) => toPublish("a/b", payload, 7)),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  );
  /** Genuine packets, one byte of which may have been changed, and garbage. */
  const anyBytes = fc
    .tuple(fc.array(anyPacket, { maxLength: 8 }), fc.nat(), fc.nat(255), fc.boolean())
    .map(([packets, position, value, isChanged]) => {
      const bytes = Buffer.concat([toConnect(), ...packets]);
      if (isChanged) bytes[position % bytes.length] = value;
      return bytes;
    });

  it("is the same however they are split, and never an exception", () => {
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(400), { maxLength: 12 }), (bytes, cuts) => {
        const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const chunks = places.map((place, i) => bytes.subarray(places[i - 1] ?? 0, place));
        const whole = scanAll(bytes);
        expect(scanAll(...chunks)).toEqual(whole);
        expect(scanAll(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
        expect(bytes.subarray(0, Buffer.concat(whole.packets).length)).toEqual(Buffer.concat(whole.packets));
      }),
      { numRuns: 500 },
    );
  });

  it("knows where a packet has begun and is not complete", () => {
    const scanner = new PacketScanner(LIMITS);
    expect(scanner.isMidPacket).toBe(false);
    scanner.scan(toConnect().subarray(0, 1));
    expect([scanner.isMidPacket, scanner.hasConnect]).toEqual([true, false]);
    scanner.scan(toConnect().subarray(1));
    expect([scanner.isMidPacket, scanner.hasConnect]).toEqual([false, true]);
    scanner.scan(toPublish("a", "payload").subarray(0, 4));
    expect([scanner.isMidPacket, scanner.hasConnect]).toEqual([true, true]);
  });
});
