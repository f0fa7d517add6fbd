// MQTT 3.1.1 packets by hand, so that malformed ones can be made too.

export interface ConnectParts {
  readonly clientId?: Uint8Array | string;
  readonly flags?: number;
  readonly protocol?: string;
  readonly level?: number;
  readonly keepalive?: number;
  /** What follows the client id, each prefixed with its length. */
  readonly fields?: readonly (Uint8Array | string)[];
}

export const CLEAN = 0x02;

export function toField(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The remaining length of clause 2.2.3, in its shortest form. */
export function toRemainingLength(length: number): Buffer {
  const digits: number[] = [];
  let rest = length;
  do {
    const digit = rest % 0x80;
    rest = Math.floor(rest / 0x80);
    digits.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.from(digits);
}

export function toPacket(firstByte: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(firstByte), toRemainingLength(body.length), body]);
}

export function toConnect(parts: ConnectParts = {}): Buffer {
  const { clientId = "terminal", flags = CLEAN, protocol = "MQTT", level = 4, keepalive = 60, fields = [] } = parts;
  const header = Buffer.from([level, flags, keepalive >> 8, keepalive & 0xff]);
  return toPacket(0x10, toField(protocol), header, toField(clientId), ...fields.map(toField));
}

export function toPublish(topic: Uint8Array | string, payload: Uint8Array | string = "", id = 0, flags = 0): Buffer {
  const packetId = id === 0 ? Buffer.alloc(0) : Buffer.from([id >> 8, id & 0xff]);
  const qos = id === 0 ? 0 : 0b0010;
  return toPacket(0x30 | qos | flags, toField(topic), packetId, Buffer.from(payload));
}

export function toSubscribe(id: number, ...filters: readonly (readonly [Uint8Array | string, number])[]): Buffer {
  const entries = filters.map(([filter, qos]) => Buffer.concat([toField(filter), Buffer.of(qos)]));
  return toPacket(0x82, Buffer.from([id >> 8, id & 0xff]), ...entries);
}

export function toUnsubscribe(id: number, ...filters: readonly (Uint8Array | string)[]): Buffer {
  return toPacket(0xa2, Buffer.from([id >> 8, id & 0xff]), ...filters.map(toField));
}

export const PINGREQ = Buffer.of(0xc0, 0);
export const DISCONNECT = Buffer.of(0xe0, 0);

/** Byte strings that are no MQTT string, by the reason (clause 1.5.3). */
export const BAD_STRINGS: readonly (readonly [string, Buffer])[] = [
  ["a stray continuation byte", Buffer.from("80", "hex")],
  ["a sequence cut short", Buffer.from("e282", "hex")],
  ["an overlong slash in two bytes", Buffer.from("c0af", "hex")],
  ["an overlong slash in three bytes", Buffer.from("e080af", "hex")],
  ["an overlong NUL", Buffer.from("c080", "hex")],
  ["a high surrogate", Buffer.from("eda080", "hex")],
  ["a surrogate pair", Buffer.from("eda080edb080", "hex")],
  ["a code point above U+10FFFF", Buffer.from("f4908080", "hex")],
  ["a byte that never occurs", Buffer.from("ff", "hex")],
  ["U+0000", Buffer.from("610062", "hex")],
];
