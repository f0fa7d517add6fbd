import protobuf from "protobufjs/minimal.js";
import { isEqual } from "./bytes.ts";
import { TillsyncError } from "./errors.ts";

/** The two functions of a generated message that are used; M is the plain decoded message, P what it is made from. */
export interface Codec<P, M extends P> {
  encode(message: P): { finish(): Uint8Array };
  decode(reader: protobuf.Reader): M;
}

/** Canonical bytes of a message (clause 2). */
export function encode<P, M extends P>(codec: Codec<P, M>, message: P): Uint8Array {
  return codec.encode(message).finish();
}

/**
 * Reads bytes that come from outside (clause 2): refuses more than `maxBytes` before looking at them, and anything whose
 * canonical encoding is not the very same bytes, which covers unknown and repeated fields, wrong wire types, long
 * varints, invalid UTF-8 and trailing bytes.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL
 */
export function decode<P, M extends P>(codec: Codec<P, M>, bytes: Uint8Array, maxBytes: number): M {
  if (bytes.length > maxBytes) throw new TillsyncError("BYTES_TOO_LARGE", { bytes: bytes.length, bound: maxBytes });
  const message = decodeLeniently(codec, bytes);
  if (!isEqual(encode(codec, message), bytes)) throw new TillsyncError("BYTES_NOT_CANONICAL");
  return message;
}

function decodeLeniently<P, M extends P>(codec: Codec<P, M>, bytes: Uint8Array): M {
  const reader = protobuf.Reader.create(bytes);
  // Unknown fields are dropped here so that the comparison above sees them missing; kept ones would be written back.
  reader.discardUnknown = true;
  try {
    return codec.decode(reader);
  } catch (cause) {
    throw new TillsyncError("BYTES_NOT_CANONICAL", {}, cause);
  }
}
