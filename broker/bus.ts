import type { DownKind, UpKind } from "../proto/topics.ts";
import type { Tusn } from "../proto/tusn.ts";

/** A message from a terminal whose certificate names `tusn`; the payload is hostile until parsed. */
export interface UpMessage {
  readonly tusn: Tusn;
  readonly kind: UpKind;
  readonly payload: Uint8Array;
}

/** A connection whose certificate the private authority issued, and which is valid now. */
export interface Peer {
  readonly tusn: Tusn;
  /** SHA-256 of the certificate. */
  readonly fingerprint: Uint8Array;
  /** Address it comes from. */
  readonly remote: string;
}

/** What a terminal may do on the bus: all that is its own, or say hello and nothing else. */
export type Admission = "full" | "greeting";

export interface BusHandlers {
  /**
   * Asked once per connection, before its CONNECT is answered and before anything else of it is read. A rejection,
   * whatever its code, ends the connection; so does no answer within a bound.
   */
  admit(peer: Peer): Promise<Admission>;
  /**
   * A connection took the place of another one of the same terminal that was open until now, as far as this end knows:
   * the other end may have been gone for long. Never throws.
   */
  takenOver(older: Peer, newer: Peer): void;
  /**
   * Called once per message, messages of one terminal in order. The terminal's PUBACK waits for the promise, so it
   * resolves only when the message is stored for good. A rejection drops the terminal's connection: it comes again.
   */
  receive(message: UpMessage): Promise<void>;
  /** The terminal can be sent to from now on: it has subscribed to all of its topics, or polls. */
  connected(tusn: Tusn): void;
  /** The terminal cannot be sent to any more. */
  disconnected(tusn: Tusn): void;
}

/**
 * The pipe between service and terminals. It may lose anything at any time and holds nothing that matters: delivery is
 * known from a terminal's report, never from the bus.
 */
export interface Bus {
  /**
   * Hands one message to a connected terminal that was admitted in full, in order per terminal; at most once, but where
   * the terminal polls and has not said that it has it. False where the terminal is not connected or does not read;
   * nothing is kept for it then.
   *
   * @throws TillsyncError BUS_CLOSED, BYTES_TOO_LARGE above MAX_PACKET_BYTES
   */
  send(tusn: Tusn, kind: DownKind, payload: Uint8Array): boolean;
  /** TUSNs of all terminals that can be sent to. */
  connected(): readonly Tusn[];
  /** Cuts the terminal's connections now; it may come again, and is asked about again. */
  disconnect(tusn: Tusn): void;
  /**
   * From now on certificates on this list (RFC 5280 CRL in PEM, of the private authority) end in the handshake, and no TLS
   * session of before is resumed. Open connections are not touched. A list whose time is over, or has not begun, refuses
   * everybody.
   *
   * @throws TillsyncError CONFIG_INVALID for what is no such list; all stays as it was then
   */
  refuse(revoked: string): void;
  /** Stops listening and cuts every connection. Idempotent. */
  close(): Promise<void>;
}
