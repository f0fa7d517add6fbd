import { TillsyncError } from "../proto/errors.ts";

/** Turns one JSON value into what it must be; `field` names it in the error. */
export type Reader<T> = (value: unknown, field: string) => T;

/**
 * Reads a JSON text strictly: no field missing, none unknown, none of another type.
 *
 * @throws TillsyncError FIELD_INVALID naming the field; `json` where the text is not JSON at all
 */
export function readJson<T>(text: string, reader: Reader<T>): T {
  return reader(parse(text), "json");
}

export function text(pattern: RegExp): Reader<string> {
  return (value, field) => {
    if (typeof value !== "string" || !pattern.test(value)) throw invalid(field);
    return value;
  };
}

/** A whole number within [min, max]. */
export function whole(min: number, max: number): Reader<number> {
  return (value, field) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) throw invalid(field);
    return value;
  };
}

export function choice<T extends string>(choices: readonly T[]): Reader<T> {
  return (value, field) => {
    const found = choices.find((candidate) => candidate === value);
    if (found === undefined) throw invalid(field);
    return found;
  };
}

export const flag: Reader<boolean> = (value, field) => {
  if (typeof value !== "boolean") throw invalid(field);
  return value;
};

/** At most `max` items. */
export function list<T>(item: Reader<T>, max: number): Reader<readonly T[]> {
  return (value, field) => {
    if (!Array.isArray(value) || value.length > max) throw invalid(field);
    return value.map((entry, index) => item(entry, `${field}[${index}]`));
  };
}

/** A field that may be left out. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, field) => (value === undefined ? undefined : reader(value, field));
}

/** A field that may be left out and then has this value. */
export function withDefault<T>(reader: Reader<T>, value: T): Reader<T> {
  return (found, field) => (found === undefined ? value : reader(found, field));
}

/** An object with exactly these fields. */
export function record<T extends object>(readers: { readonly [K in keyof T]-?: Reader<T[K]> }): Reader<T> {
  const names = Object.keys(readers) as (keyof T & string)[];
  return (value, field) => {
    const fields = toFields(value, field);
    const unknown = Object.keys(fields).find((name) => !Object.hasOwn(readers, name));
    if (unknown !== undefined) throw invalid(`${field}.${unknown.slice(0, MAX_NAME_CHARACTERS)}`);
    return Object.fromEntries(names.map((name) => [name, readers[name](fields[name], `${field}.${name}`)])) as T;
  };
}

/** An object of one of several shapes, told apart by the text in its field `tag`. */
export function variant<T extends string, R>(tag: string, readers: Readonly<Record<T, Reader<R>>>): Reader<R> {
  const read = choice(Object.keys(readers) as T[]);
  return (value, field) => readers[read(toFields(value, field)[tag], `${field}.${tag}`)](value, field);
}

const MAX_NAME_CHARACTERS = 40;

function toFields(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(field);
  return value as Record<string, unknown>;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new TillsyncError("FIELD_INVALID", { field: "json" }, cause);
  }
}

function invalid(field: string): TillsyncError {
  return new TillsyncError("FIELD_INVALID", { field });
}
