import { TillsyncError } from "../../proto/errors.ts";

// MQTT 3.1.1 as far as the probe speaks it. Libraries hide what it looks at: a refusal, an acknowledgement that should
// not have come.

export const CONNACK = 2;
export const PUBLISH = 3;
export const PUBACK = 4;
export const PUBREC = 5;
export const SUBACK = 9;

/** Largest packet that is taken from a broker, which is hostile until it has passed. */
const MAX_PACKET_BYTES = 65_536;
const MAX_LENGTH_BYTES = 4;
const KEEP_ALIVE_S = 60;
const CLEAN = 0x02;
const WILL = 0x04;

export interface Packet {
  /** Upper and lower four bits of the first byte. */
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export interface Will {
  readonly topic: string;
  readonly payload: string;
}

export interface Publication {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

export function toConnect(clientId: string, will?: Will): Buffer {
  const flags = CLEAN | (will === undefined ? 0 : WILL);
  const header = Buffer.from([4, flags, 0, KEEP_ALIVE_S]);
  const fields = will === undefined ? [clientId] : [clientId, will.topic, will.payload];
  return toPacket(0x10, [toField("MQTT"), header, ...fields.map(toField)]);
}

export function toSubscribe(id: number, filters: readonly string[], qos: 0 | 1 | 2): Buffer {
  return toPacket(0x82, [toId(id), ...filters.flatMap((filter) => [toField(filter), Buffer.of(qos)])]);
}

export function toPublish(id: number, { topic, payload, qos, retain }: Publication): Buffer {
  const first = 0x30 | (qos << 1) | (retain ? 1 : 0);
  return toPacket(first, [toField(topic), qos === 0 ? Buffer.alloc(0) : toId(id), Buffer.from(payload)]);
}

/** What a PUBLISH packet brings; text that is none is of no interest here. */
export function toPublication({ flags, body }: Packet): Publication & { readonly id: number } {
  const end = 2 + (body.length < 2 ? 0 : body.readUInt16BE(0));
  const qos = ((flags >> 1) & 3) as Publication["qos"];
  const start = qos === 0 ? end : end + 2;
  if (body.length < Math.max(2, start)) throw new TillsyncError("GUARD_MALFORMED");
  return {
    topic: body.toString("utf8", 2, end),
    payload: body.toString("utf8", start),
    qos,
    retain: (flags & 1) === 1,
    id: qos === 0 ? 0 : body.readUInt16BE(end),
  };
}

export function toPuback(id: number): Buffer {
  return toPacket(0x40, [toId(id)]);
}

/**
 * The whole packets that the bytes begin with, and what is left.
 *
 * @throws TillsyncError GUARD_TOO_LARGE, GUARD_MALFORMED
 */
export function splitPackets(bytes: Buffer): { readonly packets: readonly Packet[]; readonly rest: Buffer } {
  const packets: Packet[] = [];
  let rest = bytes;
  for (;;) {
    const digits = rest.subarray(1, 1 + MAX_LENGTH_BYTES);
    const last = digits.findIndex((digit) => digit < 0x80);
    if (last === -1 && digits.length === MAX_LENGTH_BYTES) throw new TillsyncError("GUARD_MALFORMED");
    if (last === -1) return { packets, rest };
    const length = digits.subarray(0, last + 1).reduceRight((sum, digit) => sum * 0x80 + (digit & 0x7f), 0);
    if (length > MAX_PACKET_BYTES) throw new TillsyncError("GUARD_TOO_LARGE");
    const start = 2 + last;
    if (rest.length < start + length) return { packets, rest };
    const first = rest.readUInt8(0);
    packets.push({ type: first >> 4, flags: first & 0x0f, body: rest.subarray(start, start + length) });
    rest = rest.subarray(start + length);
  }
}

function toPacket(first: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const digits: number[] = [];
  let length = body.length;
  do {
    digits.push((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
    length >>= 7;
  } while (length > 0);
  return Buffer.concat([Buffer.from([first, ...digits]), body]);
}

function toField(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([toId(bytes.length), bytes]);
}

/** A packet identifier, or a length, of two bytes. */
function toId(id: number): Buffer {
  return Buffer.of(id >> 8, id & 0xff);
}
