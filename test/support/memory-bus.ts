import type { Bus, BusHandlers } from "../../broker/bus.ts";
import type { DownKind, UpKind } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { look } from "./canary-look.ts";

export interface Sent {
  readonly tusn: Tusn;
  readonly kind: DownKind;
  readonly payload: Uint8Array;
}

/** A bus within the process: what is sent to a connected terminal is written down. */
export class MemoryBus implements Bus {
  readonly sent: Sent[] = [];
  /** Revocation lists, in order. */
  readonly refused: string[] = [];
  /** A terminal that is connected and does not read. */
  deaf: Tusn | undefined;
  readonly #connected = new Set<Tusn>();
  #handlers: BusHandlers | undefined;

  open(handlers: BusHandlers): Promise<Bus> {
    this.#handlers = handlers;
    return Promise.resolve(this);
  }

  connect(tusn: Tusn): void {
    this.#connected.add(tusn);
    this.#handlers?.connected(tusn);
  }

  cut(tusn: Tusn): void {
    this.#connected.delete(tusn);
    this.#handlers?.disconnected(tusn);
  }

  /** A message of a terminal; resolves when its PUBACK would go out. */
  async receive(tusn: Tusn, kind: UpKind, payload: Uint8Array): Promise<void> {
    look("a message of a terminal", payload);
    await this.#handlers?.receive({ tusn, kind, payload });
  }

  send(tusn: Tusn, kind: DownKind, payload: Uint8Array): boolean {
    if (!this.#connected.has(tusn) || this.deaf === tusn) return false;
    look("a message to a terminal", payload);
    this.sent.push({ tusn, kind, payload });
    return true;
  }

  connected(): readonly Tusn[] {
    return [...this.#connected];
  }

  disconnect(tusn: Tusn): void {
    this.cut(tusn);
  }

  refuse(revoked: string): void {
    this.refused.push(revoked);
  }

  close(): Promise<void> {
    for (const tusn of this.#connected) this.cut(tusn);
    return Promise.resolve();
  }

  /** Payloads of one kind that a terminal was sent, in order. */
  sentTo(tusn: Tusn, kind: DownKind): readonly Uint8Array[] {
    return this.sent.filter((one) => one.tusn === tusn && one.kind === kind).map(({ payload }) => payload);
  }
}
