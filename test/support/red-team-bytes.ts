import type { Random } from "./red-team-random.ts";

// What can be done to bytes without knowing what they mean.

/** The bytes with one bit turned over; bits count from the first byte's lowest. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  const at = bit >> 3;
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7));
  return flipped;
}

type Mutation = (bytes: Buffer, random: Random) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => flipBit(bytes, random.below(bytes.length * 8)),
  (bytes, random) => flipBit(flipBit(bytes, random.below(bytes.length * 8)), random.below(bytes.length * 8)),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => bytes.subarray(random.below(bytes.length)),
  (bytes, random) => Buffer.concat([bytes, random.bytes(1 + random.below(40))]),
  (bytes, random) => Buffer.concat([bytes, bytes]).subarray(0, bytes.length + random.below(bytes.length)),
  (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))]);
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.below(copy.length);
    copy.fill(random.pick([0x00, 0xff, 0x80, 0x7f]), at, Math.min(copy.length, at + 1 + random.below(32)));
    return copy;
  },
  (bytes, random) => {
    const [from, to, size] = [random.below(bytes.length), random.below(bytes.length), 1 + random.below(64)];
    const copy = Buffer.from(bytes);
    bytes.copy(copy, to, from, from + size);
    return copy;
  },
];

export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return random.bytes(1 + random.below(64));
  return random.pick(MUTATIONS)(Buffer.from(bytes), random);
}

/** The beginning of one and the end of the other. */
export function splice(first: Uint8Array, second: Uint8Array, random: Random): Uint8Array {
  return Buffer.concat([first.subarray(0, random.below(first.length)), second.subarray(random.below(second.length))]);
}

/** The same message in an encoding that is not the canonical one: the parts that a protobuf reader would forgive. */
export function reencode(bytes: Uint8Array, random: Random): Uint8Array {
  const message = Buffer.from(bytes);
  const forms: readonly (() => Uint8Array)[] = [
    // An unknown field, before and behind.
    () => Buffer.concat([message, Buffer.of(0xa2, 0x06, 1, random.below(256))]),
    () => Buffer.concat([Buffer.of(0x98, 0x06, random.below(128)), message]),
    // A default value written out, and a field twice.
    () => Buffer.concat([message, Buffer.of(0x18, 0)]),
    () => Buffer.concat([message, message]),
    // A group, and a wire type that this field does not have.
    () => Buffer.concat([message, Buffer.of(0x0b, 0x0c)]),
    () => Buffer.concat([message, Buffer.of(0x1d, 0, 0, 0, 0)]),
    // The first length in one byte more than it takes.
    () => {
      const length = message.readUInt8(1);
      const size = length < 0x80 ? 1 : 2;
      const last = message.readUInt8(size);
      const long = Buffer.concat([message.subarray(1, size), Buffer.of(last | 0x80, 0)]);
      return Buffer.concat([message.subarray(0, 1), long, message.subarray(1 + size)]);
    },
  ];
  return random.pick(forms)();
}
