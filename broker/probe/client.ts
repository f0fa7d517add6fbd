import type { Duplex } from "node:stream";
import { toErrorCode } from "../../proto/errors.ts";
import {
  CONNACK,
  type Packet,
  PUBACK,
  PUBLISH,
  PUBREC,
  type Publication,
  SUBACK,
  splitPackets,
  toConnect,
  toPuback,
  toPublication,
  toPublish,
  toSubscribe,
  type Will,
} from "./packets.ts";

/** Messages that are kept of a broker that sends without end; then the connection is given up. */
const MAX_MESSAGES = 10_000;
const MAX_ID = 0xffff;

export interface ClientOptions {
  readonly clientId: string;
  readonly will?: Will;
  /** For every answer of the broker. */
  readonly stepMs: number;
}

/** A connection that the broker accepted, or why there is none. */
export type Opened = { readonly client: ProbeClient } | { readonly client: undefined; readonly reason: string };

/** Speaks MQTT over the stream. Resolves within `stepMs`, whatever the other end does. */
export async function openClient(stream: Duplex, { clientId, will, stepMs }: ClientOptions): Promise<Opened> {
  const client = new ProbeClient(stream, stepMs);
  client.write(toConnect(clientId, will));
  const packet = await client.take((candidate) => candidate.type === CONNACK);
  const code = packet?.body[1];
  if (code === 0) return { client };
  client.drop();
  return { client: undefined, reason: code === undefined ? client.reason : `connect refused with ${code}` };
}

/** Everything waits no longer than its time, and nothing throws: a connection that ends answers "no" to all. */
export class ProbeClient {
  /** What it was sent, in order. */
  readonly messages: Publication[] = [];
  readonly #stream: Duplex;
  readonly #stepMs: number;
  readonly #waiting = new Set<() => void>();
  #packets: readonly Packet[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #id = 0;
  #reason = "";

  constructor(stream: Duplex, stepMs: number) {
    this.#stream = stream;
    this.#stepMs = stepMs;
    stream.on("data", (chunk: Buffer) => this.#read(chunk));
    stream.on("error", (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
    stream.on("close", () => this.#end("closed"));
    stream.on("end", () => this.#end("closed"));
  }

  get isOpen(): boolean {
    return this.#reason === "";
  }

  /** Why it ended, or that nothing came in time. */
  get reason(): string {
    return this.isOpen ? "no answer in time" : this.#reason;
  }

  /** What each filter was granted with, 0x80 for a refusal; nothing where the connection ended. */
  async subscribe(filters: readonly string[], qos: 0 | 1 | 2 = 1): Promise<readonly number[]> {
    const id = this.#nextId();
    this.write(toSubscribe(id, filters, qos));
    const packet = await this.take((candidate) => candidate.type === SUBACK && toPacketId(candidate) === id);
    return [...(packet?.body.subarray(2) ?? [])];
  }

  /** The type of the packet that acknowledges it, PUBACK or PUBREC; undefined where none came. */
  async publish(topic: string, payload: string, { qos = 1, retain = false }: Partial<Publication> = {}) {
    const id = this.#nextId();
    this.write(toPublish(id, { topic, payload, qos, retain }));
    const isAnswer = (candidate: Packet) => candidate.type === PUBACK || candidate.type === PUBREC;
    return (await this.take((candidate) => isAnswer(candidate) && toPacketId(candidate) === id))?.type;
  }

  /** Whether such a message has come, or comes within `ms`. */
  has(isMeant: (message: Publication) => boolean, ms: number = this.#stepMs): Promise<boolean> {
    return this.#until(() => this.messages.some(isMeant), ms);
  }

  /** Whether the connection has ended, or ends within `ms`. */
  ends(ms: number): Promise<boolean> {
    return this.#until(() => !this.isOpen, ms);
  }

  /** The first packet of the kind that has come, or comes in time. */
  async take(isMeant: (packet: Packet) => boolean): Promise<Packet | undefined> {
    await this.#until(() => this.#packets.some(isMeant), this.#stepMs);
    const found = this.#packets.find(isMeant);
    this.#packets = this.#packets.filter((packet) => packet !== found);
    return found;
  }

  write(bytes: Buffer): void {
    if (this.isOpen) this.#stream.write(bytes);
  }

  /** Ends the connection without a word, as a power cut does. */
  drop(): void {
    this.#stream.destroy();
    this.#end("dropped");
  }

  #read(chunk: Buffer): void {
    try {
      const { packets, rest } = splitPackets(Buffer.concat([this.#rest, chunk]));
      this.#rest = rest;
      for (const packet of packets) this.#accept(packet);
    } catch (error) {
      this.#end(toErrorCode(error));
      this.#stream.destroy();
    }
    this.#wake();
  }

  #accept(packet: Packet): void {
    if (packet.type !== PUBLISH) {
      this.#packets = [...this.#packets, packet].slice(-MAX_MESSAGES);
      return;
    }
    const { id, ...message } = toPublication(packet);
    if (this.messages.length < MAX_MESSAGES) this.messages.push(message);
    else this.drop();
    if (message.qos === 1) this.write(toPuback(id));
  }

  #until(isSo: () => boolean, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(isSo());
      };
      const look = () => {
        if (isSo() || !this.isOpen) settle();
      };
      const timer = setTimeout(settle, ms);
      this.#waiting.add(look);
      look();
    });
  }

  #end(reason: string): void {
    if (this.isOpen) this.#reason = reason;
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  #nextId(): number {
    this.#id = (this.#id % MAX_ID) + 1;
    return this.#id;
  }
}

function toPacketId({ body }: Packet): number {
  return body.length < 2 ? 0 : body.readUInt16BE(0);
}
