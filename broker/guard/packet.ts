import { isUtf8 } from "node:buffer";
import type { ErrorCode } from "../../proto/errors.ts";

// The grammar of MQTT 3.1.1 as far as a terminal may speak it, stricter than the standard nowhere but in refusing what
// terminals never need: QoS 2, acknowledgements (nothing is sent to them above QoS 0) and other protocol levels.

export type GuardCode = Extract<ErrorCode, `GUARD_${string}`>;

const CONNECT = 1;
const PUBLISH = 3;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;
const PINGREQ = 12;
const DISCONNECT = 14;

/** Required low four bits of the first byte by packet type (table 2.2); PUBLISH uses them itself. */
const FIXED_FLAGS: Readonly<Record<number, number>> = {
  [CONNECT]: 0,
  [SUBSCRIBE]: 2,
  [UNSUBSCRIBE]: 2,
  [PINGREQ]: 0,
  [DISCONNECT]: 0,
};

const QOS_MASK = 0b0110;
const QOS_1 = 0b0010;
const DUP = 0b1000;
const MAX_SUBSCRIBE_QOS = 2;

/** `00 04 M Q T T` and level 4 (clauses 3.1.2.1 and 3.1.2.2). */
const PROTOCOL = Buffer.from("00044d51545404", "hex");
const USER_NAME = 0x80;
const PASSWORD = 0x40;
const WILL_RETAIN = 0x20;
const WILL_QOS = 0x18;
const WILL = 0x04;
const RESERVED = 0x01;

const HASH = 0x23;
const PLUS = 0x2b;

/** Offset that says: the bytes end too early or break a rule. */
const BROKEN = -1;

/** What is wrong with the first byte of a packet; the first packet of a connection must be CONNECT, and no other may. */
export function findHeaderFault(byte: number, isFirst: boolean): GuardCode | undefined {
  const type = byte >> 4;
  const flags = byte & 0x0f;
  if (isFirst !== (type === CONNECT)) return isFirst ? "GUARD_NOT_CONNECT" : "GUARD_NOT_ALLOWED";
  if (type === PUBLISH) return findPublishFault(flags);
  const required = FIXED_FLAGS[type];
  if (required === undefined) return "GUARD_NOT_ALLOWED";
  return flags === required ? undefined : "GUARD_MALFORMED";
}

function findPublishFault(flags: number): GuardCode | undefined {
  const qos = flags & QOS_MASK;
  if (qos > QOS_1) return "GUARD_NOT_ALLOWED";
  return qos === 0 && (flags & DUP) !== 0 ? "GUARD_MALFORMED" : undefined;
}

/** Whether a whole packet is well formed; its first byte has passed `findHeaderFault`. */
export function isWellFormed(packet: Buffer, headerBytes: number): boolean {
  const byte = packet.readUInt8(0);
  const body = packet.subarray(headerBytes);
  switch (byte >> 4) {
    case CONNECT:
      return isConnect(body);
    case PUBLISH:
      return isPublish(byte, body);
    case SUBSCRIBE:
      return isFilterList(body, skipFilterAndQos);
    case UNSUBSCRIBE:
      return isFilterList(body, skipTopic);
    default:
      return body.length === 0;
  }
}

function isConnect(body: Buffer): boolean {
  const flagsAt = PROTOCOL.length;
  const payloadAt = flagsAt + 3;
  if (body.length < payloadAt || !body.subarray(0, flagsAt).equals(PROTOCOL)) return false;
  const flags = body.readUInt8(flagsAt);
  if (!areConnectFlags(flags)) return false;
  let offset = skipString(body, payloadAt);
  if ((flags & WILL) !== 0) offset = skipBinary(body, skipTopic(body, offset));
  if ((flags & USER_NAME) !== 0) offset = skipString(body, offset);
  if ((flags & PASSWORD) !== 0) offset = skipBinary(body, offset);
  return offset === body.length;
}

function areConnectFlags(flags: number): boolean {
  if ((flags & RESERVED) !== 0 || (flags & WILL_QOS) === WILL_QOS) return false;
  if ((flags & WILL) === 0 && (flags & (WILL_QOS | WILL_RETAIN)) !== 0) return false;
  return (flags & PASSWORD) === 0 || (flags & USER_NAME) !== 0;
}

function isPublish(byte: number, body: Buffer): boolean {
  const topicEnd = skipTopic(body, 0);
  if (topicEnd === BROKEN) return false;
  const topic = body.subarray(2, topicEnd);
  if (topic.includes(HASH) || topic.includes(PLUS)) return false;
  return (byte & QOS_MASK) === 0 || skipPacketId(body, topicEnd) !== BROKEN;
}

function isFilterList(body: Buffer, skipEntry: (body: Buffer, offset: number) => number): boolean {
  let offset = skipPacketId(body, 0);
  if (offset === body.length) return false;
  while (offset !== BROKEN && offset < body.length) offset = skipEntry(body, offset);
  return offset === body.length;
}

function skipFilterAndQos(body: Buffer, offset: number): number {
  const qosAt = skipTopic(body, offset);
  if (qosAt === BROKEN || qosAt === body.length) return BROKEN;
  return body.readUInt8(qosAt) <= MAX_SUBSCRIBE_QOS ? qosAt + 1 : BROKEN;
}

/** A packet identifier is never 0 (MQTT-2.3.1-1). */
function skipPacketId(body: Buffer, offset: number): number {
  const end = offset + 2;
  return end <= body.length && body.readUInt16BE(offset) !== 0 ? end : BROKEN;
}

/** A topic or filter is never empty (MQTT-4.7.3-1). */
function skipTopic(body: Buffer, offset: number): number {
  const end = skipString(body, offset);
  return end === offset + 2 ? BROKEN : end;
}

/** Well-formed UTF-8 without overlong forms, surrogates and U+0000 (MQTT-1.5.3-1, -2). */
function skipString(body: Buffer, offset: number): number {
  const end = skipBinary(body, offset);
  if (end === BROKEN) return BROKEN;
  const text = body.subarray(offset + 2, end);
  return isUtf8(text) && !text.includes(0) ? end : BROKEN;
}

function skipBinary(body: Buffer, offset: number): number {
  const start = offset + 2;
  if (offset === BROKEN || start > body.length) return BROKEN;
  const end = start + body.readUInt16BE(offset);
  return end <= body.length ? end : BROKEN;
}
