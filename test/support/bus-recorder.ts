import type { Admission, BusHandlers, Peer, UpMessage } from "../../broker/bus.ts";
import type { Tusn } from "../../proto/tusn.ts";

/** Handlers that write down what they are told; `store` decides what becomes of each message. */
export class BusRecorder implements BusHandlers {
  readonly received: UpMessage[] = [];
  /** `connected` and `disconnected` in order, such as `+0000…` and `-0000…`. */
  readonly presence: string[] = [];
  store: (message: UpMessage) => Promise<void> = async () => {};

  /** What was asked, and who took whose place. */
  readonly asked: Peer[] = [];
  readonly takeovers: (readonly [older: Peer, newer: Peer])[] = [];
  onTakenOver: () => void = () => {};
  decide: (peer: Peer) => Promise<Admission> = async () => "full";

  admit(peer: Peer): Promise<Admission> {
    this.asked.push(peer);
    return this.decide(peer);
  }

  takenOver(older: Peer, newer: Peer): void {
    this.takeovers.push([older, newer]);
    this.onTakenOver();
  }

  receive(message: UpMessage): Promise<void> {
    this.received.push(message);
    return this.store(message);
  }

  connected(tusn: Tusn): void {
    this.presence.push(`+${tusn}`);
  }

  disconnected(tusn: Tusn): void {
    this.presence.push(`-${tusn}`);
  }

  /** The payloads received so far, as text. */
  texts(): readonly string[] {
    return this.received.map(({ payload }) => Buffer.from(payload).toString());
  }
}
