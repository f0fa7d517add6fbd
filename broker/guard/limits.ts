import { MAX_PACKET_BYTES } from "../../proto/bounds.ts";

/** What a connection may cost. Bytes are of whole packets with their fixed header; times in milliseconds. */
export interface GuardLimits {
  /** The first packet. */
  readonly connectBytes: number;
  /** Every later packet. */
  readonly packetBytes: number;
  /** From the end of the TLS handshake to the last byte of CONNECT. */
  readonly connectMs: number;
  /** From the first to the last byte of every later packet. */
  readonly packetMs: number;
  /** Bytes that wait to be written because the client does not read. */
  readonly waitingBytes: number;
  /** How long any of them may wait with none being taken. */
  readonly writeMs: number;
}

export const GUARD_LIMITS: GuardLimits = {
  connectBytes: 1_024,
  packetBytes: MAX_PACKET_BYTES,
  connectMs: 5_000,
  packetMs: 10_000,
  waitingBytes: 4 * MAX_PACKET_BYTES,
  writeMs: 30_000,
};
