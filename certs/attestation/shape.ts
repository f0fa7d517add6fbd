import { TillsyncError } from "../../proto/errors.ts";
import { isRecord } from "../trust/json.ts";

// Small readers out of which the shape of an attestation is put together. Each takes a value from hostile JSON and where
// it stands, and gives it back typed, or throws.

/** @throws TillsyncError ATTESTATION_INVALID naming where */
export type Reader<T> = (value: unknown, where: string) => T;
export type Read<R> = R extends Reader<infer T> ? T : never;

/** Longest text: an entry's detail, with room to spare. */
const MAX_TEXT = 4_096;
/** Longest base64: a release file's directive, a certificate. */
const MAX_BASE64 = 16_384;

/** @throws TillsyncError ATTESTATION_INVALID unless it holds */
export function demand(holds: boolean, reason: string): void {
  if (!holds) throw new TillsyncError("ATTESTATION_INVALID", { reason });
}

/** A text of at most MAX_TEXT characters that the pattern matches. */
export function text(pattern = /^/): Reader<string> {
  return (value, where) => {
    demand(typeof value === "string" && value.length <= MAX_TEXT && pattern.test(value), where);
    return value as string;
  };
}

/** Lower-case hexadecimal of one of these numbers of bytes. */
export function hex(...bytes: readonly number[]): Reader<string> {
  return (value, where) => {
    demand(typeof value === "string" && /^([0-9a-f]{2})*$/.test(value) && bytes.includes(value.length / 2), where);
    return value as string;
  };
}

/** Bytes as base64 with padding, in the one way there is to write them. */
export function base64(most = MAX_BASE64): Reader<Uint8Array> {
  return (value, where) => {
    demand(typeof value === "string" && value.length <= most, where);
    const bytes = Buffer.from(value as string, "base64");
    demand(bytes.toString("base64") === value, where);
    return bytes;
  };
}

/** A whole number from 0. */
export const whole: Reader<number> = (value, where) => {
  demand(Number.isSafeInteger(value) && (value as number) >= 0, where);
  return value as number;
};

export const flag: Reader<boolean> = (value, where) => {
  demand(typeof value === "boolean", where);
  return value as boolean;
};

export function choice<T extends string>(choices: readonly T[]): Reader<T> {
  return (value, where) => {
    const found = choices.find((candidate) => candidate === value);
    demand(found !== undefined, where);
    return found as T;
  };
}

export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, where) => (value === null ? null : reader(value, where));
}

export function list<T>(reader: Reader<T>, most: number): Reader<readonly T[]> {
  return (value, where) => {
    demand(Array.isArray(value) && value.length <= most, where);
    return (value as readonly unknown[]).map((item) => reader(item, where));
  };
}

/** Exactly these members. */
export function record<S extends Readonly<Record<string, Reader<unknown>>>>(
  shape: S,
): Reader<{ readonly [K in keyof S]: Read<S[K]> }> {
  return (value, where) => {
    demand(isRecord(value), where);
    const members = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(members)) demand(Object.hasOwn(shape, name), `${where}.${name.slice(0, 40)}`);
    const read = Object.entries(shape).map(([name, reader]) => [name, reader(members[name], `${where}.${name}`)]);
    return Object.fromEntries(read) as { readonly [K in keyof S]: Read<S[K]> };
  };
}
