import { listCanaries } from "./canaries.ts";
import { type Needle, toForms } from "./canary.ts";

// Every form of every canary, looked for in one pass (Wu and Manber's algorithm, 1994): a test run writes and sends more
// than can be searched some ten thousand times.

const BLOCK_BYTES = 3;
const SHIFT_BITS = 16;
const SHIFTS = 2 ** SHIFT_BITS;
/** Spread neighbours (multiplicative hashing). */
const [FIRST_FACTOR, SECOND_FACTOR] = [0x9e3779b1, 0x85ebca6b];
/** Of a needle, to tell it from most of what it stands among. */
const START_BYTES = 8;
const START_BITS = 18;
const MAX_TOLD = 40;
const NOTHING = Buffer.alloc(2 ** 16);

/** Finds needles in bytes; each form once. */
export type Finder = (bytes: Buffer) => readonly string[];

/** @throws Error where a needle is too short to be told from chance */
export function toFinder(needles: readonly Needle[]): Finder {
  const shortest = Math.min(...needles.map(({ bytes }) => bytes.length));
  if (shortest < START_BYTES) throw new Error(`a needle of ${shortest} bytes is found anywhere`);
  const window = shortest - BLOCK_BYTES;
  const shifts = new Uint8Array(SHIFTS).fill(window + 1);
  const starts = new Uint8Array(2 ** START_BITS);
  const byStart = new Map<number, Needle[]>();
  for (const needle of needles) {
    for (let at = 0; at <= window; at += 1) {
      const block = toBlock(needle.bytes, at);
      shifts[block] = Math.min(shifts[block] ?? 0, window - at);
    }
    const start = toStart(needle.bytes, 0);
    byStart.set(start, [...(byStart.get(start) ?? []), needle]);
    starts[start] = 1;
  }
  return (bytes) => {
    const found = new Set<string>();
    for (let at = 0; at <= bytes.length - shortest; ) {
      const shift = shifts[toBlock(bytes, at + window)] ?? 0;
      const start = shift === 0 ? toStart(bytes, at) : 0;
      if (shift === 0 && starts[start] === 1) {
        for (const needle of byStart.get(start) ?? []) if (isAt(bytes, at, needle.bytes)) found.add(needle.form);
      }
      at += Math.max(shift, 1);
    }
    return [...found];
  };
}

let canaries: Finder | undefined;
let longest = 0;

/** The forms in which canaries are there, such as `settled in groups, spaces`; never the number itself. */
export function findCanaries(bytes: Buffer): readonly string[] {
  // Floods and holes in files are quickly told to be nothing else.
  if (isNothing(bytes)) return [];
  canaries ??= toCanaryFinder();
  return canaries(bytes);
}

function isNothing(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += NOTHING.length) {
    const part = bytes.subarray(at, at + NOTHING.length);
    if (!part.equals(NOTHING.subarray(0, part.length))) return false;
  }
  return true;
}

/** What has to be kept of a stream's last bytes so that a canary is found that comes in two parts. */
export function toTailBytes(): number {
  canaries ??= toCanaryFinder();
  return longest - 1;
}

/** What an error says of what was found: the first of it, and how much more there is. */
export function toTold(what: string, found: readonly string[]): string {
  const more = found.length > MAX_TOLD ? [`and ${found.length - MAX_TOLD} more`] : [];
  return [`${what}:`, ...found.slice(0, MAX_TOLD), ...more].join("\n");
}

function toCanaryFinder(): Finder {
  const needles = [...listCanaries()].flatMap(([name, number]) =>
    toForms(number).map(({ form, bytes }): Needle => ({ form: `${name}, ${form}`, bytes })),
  );
  longest = Math.max(...needles.map(({ bytes }) => bytes.length));
  return toFinder(needles);
}

function toBlock(bytes: Buffer, at: number): number {
  return (((bytes[at] ?? 0) << 10) ^ ((bytes[at + 1] ?? 0) << 5) ^ (bytes[at + 2] ?? 0)) & (SHIFTS - 1);
}

/** A digest of the bytes that a needle begins with. */
function toStart(bytes: Buffer, at: number): number {
  const mixed = Math.imul(toWord(bytes, at), FIRST_FACTOR) ^ Math.imul(toWord(bytes, at + 4), SECOND_FACTOR);
  return Math.imul(mixed ^ (mixed >>> 15), FIRST_FACTOR) >>> (32 - START_BITS);
}

function toWord(bytes: Buffer, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function isAt(bytes: Buffer, at: number, needle: Buffer): boolean {
  return bytes.compare(needle, 0, needle.length, at, Math.min(at + needle.length, bytes.length)) === 0;
}
