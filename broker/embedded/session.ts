import type { Client } from "aedes";
import { DOWN_KINDS, type DownKind, parseDownTopic, toDownTopic, type UpKind } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { Admission, Peer } from "../bus.ts";
import type { GuardedStream } from "../guard/stream.ts";
import type { Inbox, Source } from "./inbox.ts";
import type { EmbeddedLimits } from "./limits.ts";

/** MQTT adds to topic and payload at most: first byte, four length bytes, two bytes of topic length. */
const PACKET_OVERHEAD_BYTES = 7;

/** Size of the packet that carries a message down, at most. */
export function toPacketBytes(tusn: Tusn, kind: DownKind, payload: Uint8Array): number {
  return PACKET_OVERHEAD_BYTES + toDownTopic(tusn, kind).length + payload.length;
}

/** One connection whose certificate names `tusn`, from the end of the TLS handshake on. */
export class Session implements Source {
  readonly peer: Peer;
  /** Undefined until it is known: nothing is allowed before. */
  admission: Admission | undefined;
  readonly #stream: GuardedStream;
  readonly #client: Client;
  readonly #inbox: Inbox;
  readonly #limits: EmbeddedLimits;
  readonly #subscribed = new Set<DownKind>();
  #unstored = 0;
  #unsentBytes = 0;

  constructor(peer: Peer, stream: GuardedStream, client: Client, inbox: Inbox, limits: EmbeddedLimits) {
    this.peer = peer;
    this.#stream = stream;
    this.#client = client;
    this.#inbox = inbox;
    this.#limits = limits;
  }

  get tusn(): Tusn {
    return this.peer.tusn;
  }

  isOpen(): boolean {
    return !this.#stream.destroyed;
  }

  drop(): void {
    this.#stream.destroy();
  }

  /** Reads nothing more from the terminal until `release`. */
  hold(): void {
    this.#stream.hold();
  }

  release(): void {
    this.#stream.release();
  }

  /** Whether the terminal may be sent to, and has subscribed to all of its topics. */
  isReady(): boolean {
    return this.admission === "full" && this.#subscribed.size === DOWN_KINDS.length;
  }

  /** Takes note of filters that the policy has allowed. */
  subscribe(filters: readonly string[]): void {
    for (const filter of filters) this.#subscribed.add(parseDownTopic(filter).kind);
  }

  /** Takes note of any filters that a client may name. */
  unsubscribe(filters: readonly string[]): void {
    for (const kind of DOWN_KINDS) {
      if (filters.includes(toDownTopic(this.tusn, kind))) this.#subscribed.delete(kind);
    }
  }

  /** Resolves when the message is stored. While too many wait, nothing more is read from the terminal. */
  async receive(kind: UpKind, payload: Uint8Array): Promise<void> {
    this.#unstored += 1;
    if (this.#unstored >= this.#limits.unstoredMessages) this.#stream.hold();
    try {
      await this.#inbox.accept({ tusn: this.tusn, kind, payload }, this);
    } finally {
      this.#unstored -= 1;
      if (this.#unstored < this.#limits.unstoredMessages) this.#stream.release();
    }
  }

  /** False where too much waits already for a terminal that does not read. */
  send(kind: DownKind, payload: Uint8Array): boolean {
    const bytes = toPacketBytes(this.tusn, kind, payload);
    const waiting = this.#unsentBytes + this.#stream.waitingBytes;
    if (waiting + bytes > this.#limits.unsentBytes) return false;
    this.#unsentBytes += bytes;
    this.#client.publish(
      {
        cmd: "publish",
        topic: toDownTopic(this.tusn, kind),
        payload: Buffer.from(payload),
        qos: 0,
        retain: false,
        dup: false,
      },
      () => {
        this.#unsentBytes -= bytes;
      },
    );
    return true;
  }
}
