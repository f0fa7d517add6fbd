import { inflateSync } from "node:zlib";

// Reads back what a reader of PDFs would show: every text with its place and width, through the document's own widths and
// table of characters; and the files inside. Knows as much of ISO 32000 as the documents of the tests need.

export interface ReadLine {
  readonly text: string;
  readonly x: number;
  /** From the foot of the page. */
  readonly y: number;
  readonly size: number;
  readonly width: number;
  /** Of the marked content that it stands in, such as `TH`, or `Artifact`. */
  readonly tag: string;
}

export interface ReadPdf {
  /** All of it that is no stream, as Latin-1. */
  readonly syntax: string;
  readonly pages: readonly (readonly ReadLine[])[];
  /** What stands in each font's dictionary. */
  readonly fonts: readonly string[];
  readonly fontFiles: readonly Buffer[];
  readonly files: ReadonlyMap<string, Buffer>;
}

const STREAM = "\nstream\n";

interface ReadObject {
  readonly dictionary: string;
  readonly stream?: Buffer;
}

export function readPdf(bytes: Uint8Array): ReadPdf {
  const objects = readObjects(Buffer.from(bytes));
  const all = [...objects.values()];
  const get = (reference: string | undefined) => {
    const object = objects.get(Number(reference));
    if (object === undefined) throw new Error(`no object ${reference}`);
    return object;
  };
  const fonts = all.map(({ dictionary }) => dictionary).filter((dictionary) => /\/Type \/Font\n/.test(dictionary));
  const { characters, widths } = readFont(fonts, get);
  const kids = all.find(({ dictionary }) => dictionary.includes("/Type /Pages"))?.dictionary ?? "";
  const files = all
    .filter(({ dictionary }) => dictionary.includes("/Type /Filespec"))
    .map(({ dictionary }): [string, Buffer] => {
      const file = get(/\/EF <<\n\/F (\d+) 0 R/.exec(dictionary)?.[1]).stream;
      return [/\/UF \((.*)\)/.exec(dictionary)?.[1] ?? "", file ?? Buffer.alloc(0)];
    });
  return {
    syntax: all.map(({ dictionary }) => dictionary).join("\n"),
    pages: [...(/\/Kids \[(.*)\]/.exec(kids)?.[1] ?? "").matchAll(/(\d+) 0 R/g)].map(([, page]) => {
      const contents = /\/Contents (\d+) 0 R/.exec(get(page).dictionary)?.[1];
      return readLines(get(contents).stream ?? Buffer.alloc(0), characters, widths);
    }),
    fonts,
    fontFiles: all.flatMap(({ dictionary }) => {
      const file = /\/FontFile2 (\d+) 0 R/.exec(dictionary)?.[1];
      return file === undefined ? [] : [get(file).stream ?? Buffer.alloc(0)];
    }),
    files: new Map(files),
  };
}

/** Every text of the pages one after another, without what stands on each page again. */
export function toTexts({ pages }: ReadPdf): readonly string[] {
  return pages.flat().flatMap(({ tag, text }) => (tag === "Artifact" ? [] : [text]));
}

function readObjects(bytes: Buffer): ReadonlyMap<number, ReadObject> {
  const text = bytes.toString("latin1");
  const objects = new Map<number, ReadObject>();
  const beginning = /(\d+) 0 obj\n/g;
  for (let match = beginning.exec(text); match !== null; match = beginning.exec(text)) {
    const from = beginning.lastIndex;
    const end = text.indexOf("\nendobj", from);
    const [dictionary = "", stream] = text.slice(from, end).split(STREAM, 2);
    if (stream === undefined) {
      objects.set(Number(match[1]), { dictionary });
      continue;
    }
    const at = from + dictionary.length + STREAM.length;
    const length = Number(/\/Length (\d+)/.exec(dictionary)?.[1]);
    const raw = bytes.subarray(at, at + length);
    objects.set(Number(match[1]), {
      dictionary,
      stream: dictionary.includes("/FlateDecode") ? inflateSync(raw) : raw,
    });
    beginning.lastIndex = at + length;
  }
  return objects;
}

function readFont(
  fonts: readonly string[],
  get: (reference: string | undefined) => ReadObject,
): { readonly characters: readonly string[]; readonly widths: readonly number[] } {
  const composite = fonts.find((font) => font.includes("/Type0")) ?? "";
  const map = get(/\/ToUnicode (\d+) 0 R/.exec(composite)?.[1]).stream?.toString("latin1") ?? "";
  const ranges = [...map.matchAll(/<[0-9a-f]{4}> <[0-9a-f]{4}> \[(.*)\]/g)].flatMap(([, range = ""]) => [
    ...range.matchAll(/<([0-9a-f ]+)>/g),
  ]);
  const descendant = fonts.find((font) => font.includes("/CIDFontType2")) ?? "";
  return {
    characters: ranges.map(([, codes = ""]) =>
      String.fromCharCode(...codes.split(" ").map((code) => parseInt(code, 16))),
    ),
    widths: (/\/W \[0 \[([^\]]*)\]/.exec(descendant)?.[1] ?? "").split(" ").map(Number),
  };
}

function readLines(content: Buffer, characters: readonly string[], widths: readonly number[]): readonly ReadLine[] {
  const operators = /\/(\w+) (?:<<[^>]*>> BDC|BMC)|1 0 0 1 (\S+) (\S+) Tm|\/F\d+ (\S+) Tf|\[([^\]]*)\] TJ|^EMC$/gm;
  const lines: ReadLine[] = [];
  let [tag, x, y, size] = ["", 0, 0, 0];
  for (const [all, newTag, newX, newY, newSize, shown] of content.toString("latin1").matchAll(operators)) {
    if (newTag !== undefined) tag = newTag;
    else if (newX !== undefined) [x, y] = [Number(newX), Number(newY)];
    else if (newSize !== undefined) size = Number(newSize);
    else if (shown !== undefined) {
      const glyphs = [...shown.matchAll(/<([0-9a-f]+)>/g)].flatMap(([, codes = ""]) => codes.match(/.{4}/g) ?? []);
      const ids = glyphs.map((glyph) => parseInt(glyph, 16));
      const width = ids.reduce((sum, id) => sum + (widths[id] ?? Number.NaN), 0);
      const text = ids.map((id) => characters[id] ?? "\ufffd").join("");
      lines.push({ text, x, y, size, width: (width * size) / 1_000, tag });
    } else if (all === "EMC") tag = "";
  }
  return lines;
}
