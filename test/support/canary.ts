import { createHash, getHashes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { isLuhn } from "../../proto/luhn.ts";

/** Something that was written, said or sent, and where. */
export interface Place {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Bytes that would give a number away. */
export interface Needle {
  readonly form: string;
  readonly bytes: Buffer;
}

/** Every file under these folders, with those whose path matches left out. */
export function readPlaces(folders: readonly string[], except?: RegExp): readonly Place[] {
  return folders
    .flatMap(listFiles)
    .filter((path) => except?.test(path) !== true)
    .map((name) => ({ name, bytes: readFileSync(name) }));
}

function listFiles(path: string): readonly string[] {
  return readdirSync(path).flatMap((name) => {
    const file = join(path, name);
    return statSync(file).isDirectory() ? listFiles(file) : [file];
  });
}

/** The ways in which a number of digits can be written down in full. */
export function toForms(number: string): readonly Needle[] {
  const ascii = Buffer.from(number);
  const plain: readonly Needle[] = [
    { form: "plain", bytes: ascii },
    { form: "backwards", bytes: Buffer.from([...number].reverse().join("")) },
    { form: "in groups, spaces", bytes: Buffer.from(number.replace(/(.{4})(?=.)/g, "$1 ")) },
    { form: "in groups, hyphens", bytes: Buffer.from(number.replace(/(.{4})(?=.)/g, "$1-")) },
    { form: "UTF-16, little end first", bytes: Buffer.from(number, "utf16le") },
    { form: "UTF-16, big end first", bytes: Buffer.from(number, "utf16le").swap16() },
    { form: "wide digits", bytes: Buffer.from(number.replace(/\d/g, toWide)) },
  ];
  const packed = toPacked(number);
  const texts = [...packed, { form: "plain", bytes: ascii }].flatMap(({ form, bytes }) => [
    ...toHexForms(form, bytes),
    ...toBase64Forms(form, bytes),
  ]);
  return [...plain, ...packed, ...texts];
}

/** Digests of a number without salt, by every algorithm that there is here, in every form that they could stand in. */
export function toDigestForms(number: string): readonly Needle[] {
  const inputs = [{ form: "plain", bytes: Buffer.from(number) }, ...toPacked(number)];
  const algorithms = [...new Set(getHashes().map((name) => name.toLowerCase()))].filter(
    (name) => !name.includes("rsa"),
  );
  return algorithms.flatMap((algorithm) =>
    inputs.flatMap((input) => {
      const bytes = createHash(algorithm, /^shake/.test(algorithm) ? { outputLength: 32 } : {})
        .update(input.bytes)
        .digest();
      const form = `${algorithm} of ${input.form}`;
      return [{ form, bytes }, ...toHexForms(form, bytes), { form, bytes: Buffer.from(bytes.toString("base64")) }];
    }),
  );
}

/**
 * What stands in a PDF: its bytes, every stream as it is when inflated, and its text. Characters are numbers of glyphs in a
 * page; each font has a table of what they mean, and the text is read by every one of these tables.
 */
export function toInflatedPlaces({ name, bytes }: Place): readonly Place[] {
  const streams = toStreams(bytes);
  const tables = streams.map((stream) => toGlyphs(stream.toString("latin1"))).filter(({ size }) => size > 0);
  const texts = streams.flatMap((stream) => toShown(stream.toString("latin1"), tables));
  return [
    { name, bytes },
    ...streams.map((stream, n) => ({ name: `${name}, stream ${n + 1}`, bytes: stream })),
    { name: `${name}, text`, bytes: Buffer.from(texts.join("\n")) },
  ];
}

/**
 * Contents of a PDF's streams, of which a carriage return may be the last byte. One that is not compressed, or in another
 * way, is among the file's own bytes.
 */
function toStreams(bytes: Buffer): readonly Buffer[] {
  const found = bytes.toString("latin1").matchAll(/\bstream\r?\n(.*?)\nendstream/gs);
  return Array.from(found, ([, content = ""]) => Buffer.from(content, "latin1")).flatMap((content) => {
    try {
      return [inflateSync(content)];
    } catch {
      return [];
    }
  });
}

/** A ToUnicode table (ISO 32000 9.10.3): the text of each glyph, by its number in four hexadecimal digits. */
function toGlyphs(table: string): ReadonlyMap<string, string> {
  const glyphs = new Map<string, string>();
  if (!table.includes("begincmap")) return glyphs;
  for (const [, from = "", listed, to] of table.matchAll(
    /<([0-9a-f]{4})>\s*<[0-9a-f]{4}>\s*(?:\[([^\]]*)\]|<([0-9a-f]+)>)/gi,
  )) {
    const codes =
      listed === undefined ? [to ?? ""] : Array.from(listed.matchAll(/<([0-9a-f ]+)>/gi), ([, one = ""]) => one);
    codes.forEach((code, n) => {
      glyphs.set(toGlyphNumber(from, n), Buffer.from(code.replaceAll(" ", ""), "hex").swap16().toString("utf16le"));
    });
  }
  return glyphs;
}

function toGlyphNumber(first: string, n: number): string {
  return (Number.parseInt(first, 16) + n).toString(16).padStart(4, "0");
}

/** What a page shows, line by line: as one byte a character, and by each font's table. */
function toShown(page: string, tables: readonly ReadonlyMap<string, string>[]): readonly string[] {
  return Array.from(page.matchAll(/\[([^\]]*)\]\s*TJ|(<[0-9a-f]+>)\s*Tj/gi)).flatMap(([, several, one]) => {
    const hex = Array.from((several ?? one ?? "").matchAll(/<([0-9a-f]+)>/gi), ([, code = ""]) => code)
      .join("")
      .toLowerCase();
    const numbers = hex.match(/.{4}/g) ?? [];
    const read = tables.map((glyphs) => numbers.map((number) => glyphs.get(number) ?? "").join(""));
    return [Buffer.from(hex, "hex").toString("latin1"), ...read];
  });
}

/** Where one of the needles is, by name and form. */
export function findNeedles(places: readonly Place[], needles: readonly Needle[]): readonly string[] {
  return places.flatMap(({ name, bytes }) =>
    needles.filter((needle) => bytes.includes(needle.bytes)).map(({ form }) => `${name}: ${form}`),
  );
}

/** What looks like a card number anywhere: 13 to 19 digits by themselves with a right Luhn digit, none of those known. */
export function findCardLike(places: readonly Place[], known: ReadonlySet<string>): readonly string[] {
  return places.flatMap(({ name, bytes }) =>
    Array.from(bytes.toString("latin1").matchAll(/(?<![0-9A-Za-z])\d{13,19}(?![0-9A-Za-z])/g))
      .map(([digits]) => digits)
      .filter((digits) => isLuhn(digits) && !known.has(digits) && !isPresent(Number(digits)))
      .map((digits) => `${name}: ${digits.slice(0, 6)} and ${digits.length - 6} digits more`),
  );
}

/** Milliseconds of a day around now: logs tell the time so. */
function isPresent(milliseconds: number): boolean {
  return Math.abs(milliseconds - Date.now()) < 86_400_000;
}

/** Two digits to a byte, with a filler where there is one too many; and the same with the digits of each byte swapped. */
function toPacked(number: string): readonly Needle[] {
  const padded =
    number.length % 2 === 0
      ? [["", number]]
      : [
          [", F behind", `${number}f`],
          [", 0 before", `0${number}`],
        ];
  return padded.flatMap(([filler = "", digits = ""]) => [
    { form: `BCD${filler}`, bytes: Buffer.from(digits, "hex") },
    { form: `BCD reversed${filler}`, bytes: Buffer.from(digits.replace(/(.)(.)/g, "$2$1"), "hex") },
  ]);
}

function toHexForms(form: string, bytes: Buffer): readonly Needle[] {
  const hex = bytes.toString("hex");
  return [hex, hex.toUpperCase()].map((text) => ({ form: `${form} in hexadecimal`, bytes: Buffer.from(text) }));
}

/** As it stands within longer base64, wherever it begins: the characters that hold nothing of the neighbours. */
function toBase64Forms(form: string, bytes: Buffer): readonly Needle[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const inner = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    const url = inner.replaceAll("+", "-").replaceAll("/", "_");
    return [inner, url].map((one) => ({ form: `${form} in base64`, bytes: Buffer.from(one) }));
  });
}

function toWide(digit: string): string {
  return String.fromCharCode(digit.charCodeAt(0) + 0xfee0);
}
