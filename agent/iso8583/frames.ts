import { TillsyncError } from "../../proto/errors.ts";

/** The length before every message on TCP: 2 bytes, big-endian, not counting itself. */
export const LENGTH_BYTES = 2;
export const TPDU_BYTES = 5;
export const HEADER_BYTES = 6;
export const TYPE_BYTES = 2;
export const BITMAP_BYTES = 8;

/** Bytes of a frame before its message type. */
export const PREFIX_BYTES = LENGTH_BYTES + TPDU_BYTES + HEADER_BYTES;
export const MIN_FRAME_BYTES = PREFIX_BYTES + TYPE_BYTES + BITMAP_BYTES;
/** A message with every field at its longest stays under this. */
export const MAX_FRAME_BYTES = 2_304;

/** Whole frames at the front of a TCP stream, and the bytes of the next one so far: fewer than MAX_FRAME_BYTES. */
export interface Split {
  readonly frames: readonly Uint8Array[];
  readonly rest: Uint8Array;
}

/**
 * Cuts received bytes into frames, each with its length in front. The caller puts `rest` before what it receives next.
 *
 * @throws TillsyncError ISO_MALFORMED as soon as a frame announces an impossible length; the stream is lost then
 */
export function splitFrames(received: Uint8Array): Split {
  const frames: Uint8Array[] = [];
  let rest = received;
  for (let length = toFrameLength(rest); length <= rest.length; length = toFrameLength(rest)) {
    frames.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return { frames, rest };
}

/** Length of the frame that begins here, as announced; of the shortest one while that is not received yet. */
function toFrameLength(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_BYTES) return MIN_FRAME_BYTES;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0) + LENGTH_BYTES;
  if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) throw new TillsyncError("ISO_MALFORMED", { length });
  return length;
}
