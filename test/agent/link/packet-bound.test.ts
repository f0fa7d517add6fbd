import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PacketBound } from "../../../agent/link/packet-bound.ts";
import { MAX_PACKET_BYTES } from "../../../proto/bounds.ts";
import { toPublish } from "../../support/mqtt-bytes.ts";

const refusal = (code: string) => expect.objectContaining({ code });

const CONNACK = Buffer.of(0x20, 2, 0, 0);
const PINGRESP = Buffer.of(0xd0, 0);

function publish(bytes: number, id = 0): Buffer {
  return toPublish("t", Buffer.alloc(bytes), id);
}

describe("the bound on a broker's packets", () => {
  it("lets ordinary packets pass, however they are cut", () => {
    const stream = Buffer.concat([CONNACK, publish(0), publish(200, 1), PINGRESP, publish(MAX_PACKET_BYTES - 100)]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 40 }), (cuts) => {
        const bound = new PacketBound();
        const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        for (const [index, edge] of edges.entries()) bound.check(stream.subarray(edge, edges[index + 1]));
      }),
    );
  });

  it("stops what announces too much at its header, before any of it is collected", () => {
    const header = publish(MAX_PACKET_BYTES).subarray(0, 4);
    expect(() => new PacketBound().check(header)).toThrow(refusal("GUARD_TOO_LARGE"));
    const bound = new PacketBound();
    expect(() => {
      for (const byte of header) bound.check(Uint8Array.of(byte));
    }).toThrow(refusal("GUARD_TOO_LARGE"));
  });

  it("stops a length that never ends", () => {
    expect(() => new PacketBound().check(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80))).toThrow(
      refusal("GUARD_MALFORMED"),
    );
  });

  it("stops QoS 2 and 3, which nobody asked for", () => {
    expect(() => new PacketBound().check(Uint8Array.of(0x34, 0))).toThrow(refusal("GUARD_MALFORMED"));
    expect(() => new PacketBound().check(Uint8Array.of(0x36, 0))).toThrow(refusal("GUARD_MALFORMED"));
  });
});
