import { createPrivateKey, type KeyObject } from "node:crypto";

/** PKCS#8 of Ed25519 up to the seed itself (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** A source of choices that gives the same ones again for the same seed. */
export interface Random {
  /** Whole number from 0 to `end` - 1. */
  below(end: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(size: number): Buffer;
  /** The same items in another order. */
  shuffle<T>(list: readonly T[]): readonly T[];
}

/** Mulberry32: small, quick, and good enough to choose attacks with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (list) => {
      const item = list[below(list.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    },
    bytes: (size) => Buffer.from(Array.from({ length: size }, () => below(256))),
    shuffle: (list) => {
      const left = [...list];
      return list.flatMap(() => left.splice(below(left.length), 1));
    },
  };
}

/** The Ed25519 private key of 32 bytes. */
export function toKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
}

/** The seed that the test was told to repeat, or any. It is printed, so that a failure can be repeated. */
export function chooseSeed(): number {
  const told = process.env["TILLSYNC_SEED"];
  return told === undefined ? Date.now() % 2 ** 32 : Number(told);
}
