import type { DownKind, UpKind } from "../proto/topics.ts";
import type { Tusn } from "../proto/tusn.ts";

/** A message from a terminal whose certificate names `tusn`; the payload is hostile until parsed. */
export interface UpMessage {
  readonly tusn: Tusn;
  readonly kind: UpKind;
  readonly payload: Uint8Array;
}

export interface BusHandlers {
  /**
   * Called once per message, messages of one terminal in order. The terminal's PUBACK waits for the promise, so it
   * resolves only when the message is stored for good. A rejection drops the terminal's connection: it comes again.
   */
  receive(message: UpMessage): Promise<void>;
  /** The terminal can be sent to from now on: it has subscribed to all of its topics. */
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
   * Hands one message to a connected terminal, at most once, in order per terminal. False where the terminal is not
   * connected or does not read; nothing is kept for it then.
   *
   * @throws TillsyncError BUS_CLOSED, BYTES_TOO_LARGE above MAX_PACKET_BYTES
   */
  send(tusn: Tusn, kind: DownKind, payload: Uint8Array): boolean;
  /** TUSNs of all terminals that can be sent to. */
  connected(): readonly Tusn[];
  /** Cuts the terminal's connection now; it may come again. */
  disconnect(tusn: Tusn): void;
  /** Stops listening and cuts every connection. Idempotent. */
  close(): Promise<void>;
}
