// What has broken readers of protobuf: each makes hostile bytes of an honest message, or makes some up. `size` is the
// most that the reader takes.

export interface HostileBytes {
  readonly name: string;
  make(honest: Uint8Array, size: number): Uint8Array;
}

/** Bytes that are no UTF-8, to stand where a text of as many bytes stood. */
const BROKEN_TEXTS: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ["an overlong slash", [0xc0, 0xaf]],
  ["an overlong letter of three bytes", [0xe0, 0x81, 0x81]],
  ["an overlong NUL", [0xc0, 0x80]],
  ["a surrogate in UTF-8", [0xed, 0xa0, 0x80]],
  ["a character beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
  ["a byte that is in no character", [0xff]],
  ["a NUL", [0x00]],
];
/** Field 1 as a length-delimited value. */
const TAG = 0x0a;

function append(...bytes: readonly number[]): HostileBytes["make"] {
  return (honest) => Buffer.concat([honest, Uint8Array.from(bytes)]);
}

function repeat(unit: readonly number[]): HostileBytes["make"] {
  return (_, size) => Buffer.from(Array.from({ length: Math.floor(size / unit.length) }, () => unit).flat());
}

export const HOSTILE_BYTES: readonly HostileBytes[] = [
  { name: "a byte behind it", make: append(0) },
  { name: "a byte order mark", make: (honest) => Buffer.concat([Uint8Array.of(0xef, 0xbb, 0xbf), honest]) },
  { name: "every field twice", make: (honest) => Buffer.concat([honest, honest]) },
  { name: "an unknown field", make: append(0xf8, 0x3f, 0x01) },
  { name: "an unknown field of another message", make: append(0xfa, 0x3f, 0x03, 0x0a, 0x01, 0x61) },
  { name: "field 0", make: append(0x00, 0x00) },
  { name: "field 2^29 - 1", make: append(0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01) },
  { name: "a tag in more bytes than it needs", make: (honest) => toLongTag(honest) },
  { name: "a number in more bytes than it needs", make: append(0xf8, 0x3f, 0x81, 0x80, 0x00) },
  { name: "a number of eleven bytes", make: append(0xf8, 0x3f, ...Array.from({ length: 10 }, () => 0xff), 0x01) },
  { name: "a number that never ends", make: (_, size) => Buffer.alloc(size, 0x80) },
  { name: "a length of 2^32 - 1", make: append(TAG, 0xff, 0xff, 0xff, 0xff, 0x0f) },
  { name: "a negative length", make: append(TAG, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01) },
  { name: "a length beyond its end", make: append(TAG, 0x7f) },
  { name: "another wire type in the first field", make: (honest) => withByte(honest, 0, (byte) => byte ^ 0x05) },
  { name: "a wire type that is none", make: append(0x0f) },
  { name: "an end of a group that never began", make: append(0x0c) },
  { name: "groups within one another as deep as it goes", make: repeat([0x0b]) },
  { name: "unknown groups as deep as it goes", make: repeat([0xfb, 0x3f]) },
  { name: "fields within one another as deep as it goes", make: (_, size) => toNested(size) },
  { name: "as many empty parts as it takes", make: repeat([TAG, 0]) },
  ...[0x12, 0x1a, 0x22, 0x2a, 0x32, 0x3a].map((tag) => ({
    name: `as many empty parts as it takes, field ${tag >> 3}`,
    make: repeat([tag, 0]),
  })),
  { name: "as many unknown fields as it takes", make: repeat([0xf8, 0x3f, 0x01]) },
  { name: "zeros that fill it", make: (_, size) => Buffer.alloc(size) },
  { name: "ones that fill it", make: (_, size) => Buffer.alloc(size, 0xff) },
  { name: "one byte more than it takes", make: (_, size) => Buffer.alloc(size + 1, TAG) },
  { name: "nothing", make: () => new Uint8Array(0) },
  { name: "its last byte missing", make: (honest) => honest.subarray(0, -1) },
  { name: "its first byte missing", make: (honest) => honest.subarray(1) },
  { name: "JSON", make: () => Buffer.from('{"__proto__":{"polluted":1}}') },
];

function withByte(honest: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  return honest.map((byte, index) => (index === at ? change(byte) : byte));
}

function toLongTag(honest: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of((honest[0] ?? 0) | 0x80, 0x00), honest.subarray(1)]);
}

function toNested(size: number): Uint8Array {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
    if (bytes.length >= 16_000 || bytes.length + 4 > size) return bytes;
    bytes = Buffer.concat([Uint8Array.from([TAG, ...length]), bytes]);
  }
}

/** Each writes bytes that are no UTF-8, or NUL, into a text that the message holds. */
export const BROKEN: readonly { readonly name: string; make(honest: Uint8Array, text: string): Uint8Array }[] =
  BROKEN_TEXTS.map(([name, bytes]) => ({
    name,
    make: (honest, text) => {
      const broken = Buffer.from(honest);
      const at = broken.indexOf(text);
      if (at === -1) throw new Error(`the message holds no ${text}`);
      broken.set(bytes, at);
      return broken;
    },
  }));
