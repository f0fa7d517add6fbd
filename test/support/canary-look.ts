import { findCanaries, toTailBytes } from "./canary-search.ts";

// What tests of one file saw of the product while it ran. What is found is kept until the file is done: thrown within the
// product it might be caught there.

/** A card number that was seen; `where` says in words what held it. */
export interface Sight {
  readonly where: string;
  readonly form: string;
}

const found = new Map<string, Sight>();
/** The last bytes of each stream, by direction. */
const tails = { in: new WeakMap<object, Buffer>(), out: new WeakMap<object, Buffer>() };

export type Direction = keyof typeof tails;

/** Looks for card numbers in something whole. `where` says in words what it is. */
export function look(where: string, what: string | Uint8Array): void {
  const bytes = typeof what === "string" ? Buffer.from(what) : Buffer.from(what.buffer, what.byteOffset, what.length);
  for (const form of findCanaries(bytes)) found.set(`${where}: ${form}`, { where, form });
}

/** The same in a part of a stream; a number that comes in two parts is found. */
export function lookAtPart(where: string, stream: object, direction: Direction, part: Uint8Array): void {
  const before = tails[direction].get(stream);
  const most = toTailBytes();
  // A flood is not copied as a whole: whoever sends it would be slower than what he attacks allows.
  if (before !== undefined) look(where, Buffer.concat([before, part.subarray(0, most)]));
  if (before === undefined || part.length > most) look(where, part);
  const isLong = before === undefined || part.length >= most;
  const bytes = isLong ? part : Buffer.concat([before, part]);
  tails[direction].set(stream, Buffer.from(bytes.subarray(-most)));
}

/** What was found so far, each once; forgotten then. */
export function takeFound(): readonly Sight[] {
  const taken = [...found.values()];
  found.clear();
  return taken;
}

/** A sight in words, without the number. */
export function toLine({ where, form }: Sight): string {
  return `${where}: ${form}`;
}
