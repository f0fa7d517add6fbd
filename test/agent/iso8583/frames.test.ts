import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES, splitFrames } from "../../../agent/iso8583/frames.ts";
import { toHex } from "../../../proto/bytes.ts";

const malformed = expect.objectContaining({ code: "ISO_MALFORMED" });

function frame(length: number, fill = 0x11): Buffer {
  const bytes = Buffer.alloc(length, fill);
  bytes.writeUInt16BE(length - 2);
  return bytes;
}

describe("splitting a TCP stream into frames", () => {
  it("gives nothing while a frame is incomplete", () => {
    for (const length of [0, 1, 2, MIN_FRAME_BYTES - 1]) {
      const received = frame(MIN_FRAME_BYTES).subarray(0, length);
      expect(splitFrames(received)).toEqual({ frames: [], rest: received });
    }
  });

  it("gives the same frames however the stream is cut", () => {
    const sent = [frame(MIN_FRAME_BYTES, 1), frame(61, 2), frame(MAX_FRAME_BYTES, 3), frame(40, 4)];
    const stream = Buffer.concat(sent);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
        const bounds = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const got: string[] = [];
        let rest: Uint8Array = new Uint8Array(0);
        for (let i = 1; i < bounds.length; i++) {
          const split = splitFrames(Buffer.concat([rest, stream.subarray(bounds[i - 1], bounds[i])]));
          got.push(...split.frames.map(toHex));
          rest = split.rest;
        }
        expect(got).toEqual(sent.map(toHex));
        expect(rest).toHaveLength(0);
      }),
    );
  });

  it("refuses a length below the shortest or above the longest frame at once", () => {
    for (const length of [MIN_FRAME_BYTES - 1, MAX_FRAME_BYTES + 1, 2]) {
      expect(() => splitFrames(frame(length).subarray(0, 2))).toThrow(malformed);
    }
    expect(() => splitFrames(Buffer.from([0xff, 0xff]))).toThrow(malformed);
  });
});
