import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { DOWN_KINDS, type DownKind, parseDownTopic, toDownTopic } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { loadCertificates } from "./certificates.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface DownMessage {
  readonly kind: DownKind;
  readonly payload: Buffer;
}

/** A genuine terminal's MQTT client, by the library that agents use. It never comes back by itself. */
export interface MqttTerminal {
  readonly client: MqttClient;
  /** All that it was sent, in order. */
  readonly messages: readonly DownMessage[];
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  subscribe(...kinds: readonly DownKind[]): Promise<void>;
}

const opened = new Set<MqttClient>();

export async function connectTerminal(
  address: Address,
  tusn: Tusn,
  options: Partial<IClientOptions> = {},
): Promise<MqttTerminal> {
  const certificates = await loadCertificates();
  const { key, certificate } = await certificates.terminal(tusn);
  const client = await connectAsync({
    protocol: "mqtts",
    host: address.host,
    port: address.port,
    ca: certificates.authority.certificate,
    key,
    cert: certificate,
    clientId: tusn,
    clean: true,
    reconnectPeriod: 0,
    ...options,
  });
  opened.add(client);
  client.on("error", () => {});
  const messages: DownMessage[] = [];
  client.on("message", (topic, payload) => messages.push({ kind: parseDownTopic(topic).kind, payload }));
  return {
    client,
    messages,
    closed: new Promise((resolve) => client.once("close", () => resolve())),
    subscribe: async (...kinds) => {
      await client.subscribeAsync(kinds.map((kind) => toDownTopic(tusn, kind)));
    },
  };
}

/** Connected and subscribed to all of its topics. */
export async function connectReadyTerminal(address: Address, tusn: Tusn): Promise<MqttTerminal> {
  const terminal = await connectTerminal(address, tusn);
  await terminal.subscribe(...DOWN_KINDS);
  return terminal;
}

/** The answer to a ping comes after all that was sent before it. */
export async function ping({ client }: MqttTerminal): Promise<void> {
  const answered = new Promise<void>((resolve) => {
    client.on("packetreceive", ({ cmd }) => cmd === "pingresp" && resolve());
  });
  client.sendPing();
  await answered;
}

/** Ends every terminal that a test has left open. */
export function endTerminals(): void {
  for (const client of opened) client.end(true);
  opened.clear();
}
