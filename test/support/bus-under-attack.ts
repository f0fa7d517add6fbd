import { expect, vi } from "vitest";
import type { EmbeddedBusOptions } from "../../broker/embedded.ts";
import { toUpTopic } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { BusRecorder } from "./bus-recorder.ts";
import { loadCertificates, TUSN_A } from "./certificates.ts";
import { type LogEntry, openTestBus, type TestBus } from "./embedded-bus.ts";
import { toConnect } from "./mqtt-bytes.ts";
import { connectReadyTerminal, endTerminals, type MqttTerminal } from "./mqtt-terminal.ts";
import { SOON_MS } from "./patience.ts";
import { endRaw, openTrusting, type RawTerminal } from "./raw-terminal.ts";

/** CONNACK with return code 0, all that a broker ever owes an attacker. */
export const CONNACK = Buffer.from("20020000", "hex");

/** An embedded bus with one genuine terminal, TUSN_A, that must not notice anything. */
export class BusUnderAttack {
  readonly recorder: BusRecorder;
  readonly opened: TestBus;
  readonly victim: MqttTerminal;

  static async open(options: Partial<EmbeddedBusOptions> = {}): Promise<BusUnderAttack> {
    const recorder = new BusRecorder();
    const opened = await openTestBus(recorder, options);
    return new BusUnderAttack(recorder, opened, await connectReadyTerminal(opened.address, TUSN_A));
  }

  private constructor(recorder: BusRecorder, opened: TestBus, victim: MqttTerminal) {
    this.recorder = recorder;
    this.opened = opened;
    this.victim = victim;
  }

  async close(): Promise<void> {
    endTerminals();
    endRaw();
    await this.opened.bus.close();
  }

  logged(event: string): readonly LogEntry[] {
    return this.opened.log.filter((entry) => entry.event === event);
  }

  /** A bare TLS connection with the genuine certificate of `tusn`. */
  async openInsider(tusn: Tusn): Promise<RawTerminal> {
    const certificates = await loadCertificates();
    return openTrusting(this.opened.address, await certificates.terminal(tusn));
  }

  /** The same with MQTT's CONNECT accepted. */
  async connectInsider(tusn: Tusn): Promise<RawTerminal> {
    const insider = await this.openInsider(tusn);
    insider.socket.write(toConnect({ clientId: tusn }));
    await vi.waitFor(() => expect(insider.received()).toEqual(CONNACK), SOON_MS);
    return insider;
  }

  /** The genuine terminal is connected as before, is sent to, and is listened to; nobody else was. */
  async expectUndisturbed(): Promise<void> {
    const { bus } = this.opened;
    expect(bus.connected()).toEqual([TUSN_A]);
    expect(this.recorder.presence).toEqual([`+${TUSN_A}`]);
    expect(bus.send(TUSN_A, "receipt", Buffer.from("down"))).toBe(true);
    await this.victim.client.publishAsync(toUpTopic(TUSN_A, "hello"), "up", { qos: 1 });
    expect(this.recorder.received.map(({ tusn }) => tusn)).toEqual([TUSN_A]);
    await vi.waitFor(() => expect(this.victim.messages).toHaveLength(1), SOON_MS);
    expect(this.victim.messages).toEqual([{ kind: "receipt", payload: Buffer.from("down") }]);
  }
}
