import { isIP } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type IClientOptions, MqttClient } from "mqtt";
import { TillsyncError } from "../../proto/errors.ts";
import { DOWN_KINDS, type DownKind, parseDownTopic, toDownTopic, toUpTopic, type UpKind } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { StartTimer } from "../timer.ts";
import { PacketBound } from "./packet-bound.ts";

/** From the first TCP packet to CONNACK, and from CONNACK to SUBACK. */
export const CONNECT_MS = 20_000;
/** Messages without a PUBACK; above all that a hello brings with it. */
export const MAX_UNACKNOWLEDGED = 64;
const KEEP_ALIVE_S = 60;
const MQTT_3_1_1 = 4;

/** Where the service listens and how this terminal proves itself; keys and certificates in PEM. */
export interface ConnectionOptions {
  readonly tusn: Tusn;
  readonly host: string;
  readonly port: number;
  /** The private authority: the only one that is believed. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly startTimer: StartTimer;
}

export interface ConnectionHandlers {
  /** Everything sent from now on can be answered: the terminal's topics are subscribed to. */
  ready(): void;
  /** The message's PUBACK waits for the promise; a rejection ends the connection without it. The payload is hostile. */
  receive(kind: DownKind, payload: Uint8Array): Promise<void>;
  /**
   * Called once, whatever the reason, also where the connection never came about.
   *
   * @param notBeforeMs the other end asks not to be connected to again for so long
   */
  ended(reason: string, notBeforeMs?: number): void;
}

export interface Connection {
  /**
   * At least once while the connection lasts (QoS 1), in order. Dropped while MAX_UNACKNOWLEDGED others wait for a broker
   * that does not acknowledge: nothing is lost by it, because what has no receipt is sent again.
   */
  publish(kind: UpKind, bytes: Uint8Array): void;
  end(): void;
}

/** One MQTT 3.1.1 connection over mutual TLS 1.3. It never comes back by itself. */
export function connect(options: ConnectionOptions, handlers: ConnectionHandlers): Connection {
  const { tusn, startTimer } = options;
  const settings: IClientOptions = {
    protocolVersion: MQTT_3_1_1,
    clientId: tusn,
    clean: true,
    keepalive: KEEP_ALIVE_S,
    connectTimeout: CONNECT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
  };
  let reason = "closed";
  let unacknowledged = 0;
  let cancelSubscribing: () => void = () => undefined;
  const client = new MqttClient(() => openStream(options, (error) => fail(error)), settings);
  const fail = (error: Error): void => {
    reason = error instanceof TillsyncError ? error.code : error.message;
    client.end(true);
  };

  // The client acknowledges a message when this calls back, and takes the next one only then.
  client.handleMessage = ({ topic, payload }, callback) => {
    const kind = toKind(topic, tusn);
    if (kind === undefined) return callback();
    handlers.receive(kind, Buffer.from(payload)).then(() => callback(), fail);
  };
  client.on("connect", () => {
    const topics = DOWN_KINDS.map((kind) => toDownTopic(tusn, kind));
    cancelSubscribing = startTimer(CONNECT_MS, () => fail(new Error("no SUBACK in time")));
    // A subscription that is not granted is an error too.
    client.subscribe(topics, { qos: 1 }, (error) => {
      cancelSubscribing();
      if (error === null) handlers.ready();
      else fail(error);
    });
  });
  client.on("error", fail);
  client.once("close", () => {
    cancelSubscribing();
    handlers.ended(reason);
  });

  return {
    publish: (kind, bytes) => {
      if (unacknowledged >= MAX_UNACKNOWLEDGED) return;
      unacknowledged += 1;
      // What the broker acknowledges says nothing of the message; only a receipt does.
      client.publish(toUpTopic(tusn, kind), Buffer.from(bytes), { qos: 1 }, () => {
        unacknowledged -= 1;
      });
    },
    end: () => {
      client.end(true);
    },
  };
}

/** @param fail takes a broker that sends what no terminal should collect */
function openStream({ host, port, ca, cert, key }: ConnectionOptions, fail: (error: Error) => void): TLSSocket {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  // Said outright, so that no setting of the environment can say otherwise.
  const strict = { minVersion: "TLSv1.3", rejectUnauthorized: true } as const;
  const stream = connectTls({ host, port, ca, cert, key, ...strict, ...servername });
  stream.setNoDelay(true);
  const bound = new PacketBound();
  // This listener stands before the client's, so that it sees every chunk first.
  stream.on("data", (chunk: Uint8Array) => {
    try {
      bound.check(chunk);
    } catch (error) {
      stream.destroy();
      fail(error as Error);
    }
  });
  return stream;
}

function toKind(topic: string, tusn: Tusn): DownKind | undefined {
  try {
    const parsed = parseDownTopic(topic);
    return parsed.tusn === tusn ? parsed.kind : undefined;
  } catch {
    return undefined;
  }
}
