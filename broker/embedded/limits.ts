import { MAX_PACKET_BYTES } from "../../proto/bounds.ts";
import { GUARD_LIMITS, type GuardLimits } from "../guard/limits.ts";

/** What the embedded bus may cost. Times in milliseconds. */
export interface EmbeddedLimits {
  /** Open sockets, those in their TLS handshake included; about 80 KB of memory each. */
  readonly connections: number;
  /**
   * Of these, sockets of one remote address whose TLS handshake or CONNECT is still awaited. Many terminals share one
   * address behind a NAT and come at once when it is up again; those left out come again after a pause.
   */
  readonly arrivalsPerAddress: number;
  /** Connections of one terminal: the one that counts, and one that is about to take over from it. */
  readonly terminalSessions: number;
  /** From the TCP connection to the end of the TLS handshake. */
  readonly handshakeMs: number;
  /** For the answer whether a terminal is admitted; then its connection is dropped. */
  readonly admitMs: number;
  /** For storing one message; then its connection is dropped. */
  readonly receiveMs: number;
  /** Messages of one connection that wait to be stored before nothing more is read from it. */
  readonly unstoredMessages: number;
  /** Messages that a terminal may send at once; at work it sends about four per deployment. */
  readonly messageBurst: number;
  /** Messages of one terminal in the long run, for each is kept for good. */
  readonly messagesPerMinute: number;
  /** Bytes that sending may leave waiting for one terminal; the guard's own bound leaves room for answers above it. */
  readonly unsentBytes: number;
  readonly guard: GuardLimits;
}

export const EMBEDDED_LIMITS: EmbeddedLimits = {
  connections: 10_000,
  arrivalsPerAddress: 512,
  terminalSessions: 2,
  handshakeMs: 5_000,
  admitMs: 10_000,
  receiveMs: 30_000,
  unstoredMessages: 16,
  messageBurst: 300,
  messagesPerMinute: 60,
  unsentBytes: 3 * MAX_PACKET_BYTES,
  guard: GUARD_LIMITS,
};
