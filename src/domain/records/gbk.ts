// Which characters GBK 1.0 (code page 936) has. Node decodes GBK but does not encode it, so the table is read
// backwards.

/** Lead bytes from and to, trail bytes from and to: the areas GBK/1 to GBK/5. */
const AREAS = [
  [0xa1, 0xa9, 0xa1, 0xfe],
  [0xb0, 0xf7, 0xa1, 0xfe],
  [0x81, 0xa0, 0x40, 0xfe],
  [0xaa, 0xfe, 0x40, 0xa0],
  [0xa8, 0xa9, 0x40, 0xa0],
] as const;

/**
 * What the decoder takes from GB 18030 beyond GBK 1.0, from and to: old terminals print none of it. The ideographs of
 * the last row stand in GBK 1.0, too, but for private characters.
 */
const LATER = [
  [0xa2ab, 0xa2b0],
  [0xa2e3, 0xa2e4],
  [0xa6d9, 0xa6df],
  [0xa6ec, 0xa6ed],
  [0xa6f3, 0xa6f3],
  [0xa6fe, 0xa6fe],
  [0xa8bc, 0xa8bc],
  [0xa8bf, 0xa8bf],
  [0xa989, 0xa995],
  [0xfe50, 0xfea0],
] as const;

const SEPARATOR = 0x0a;
/** What stands for nothing, and what each system shows as it likes. */
const NO_CHARACTER = /[\ufffd\p{Co}]/u;
const ASCII = /^[ -~]$/;

let table: ReadonlyMap<string, number> | undefined;

/** Characters of the text that GBK does not have, each once. */
export function findUnencodable(text: string): readonly string[] {
  return [...new Set(text)].filter((character) => toCode(character) === undefined);
}

/** Bytes that the text takes in GBK; two for a character that GBK does not have. */
export function countGbkBytes(text: string): number {
  return [...text].reduce((bytes, character) => bytes + (ASCII.test(character) ? 1 : 2), 0);
}

/** The text in GBK; undefined where a character of it has no form there. */
export function toGbk(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const code = toCode(character);
    if (code === undefined) return undefined;
    if (code > 0xff) bytes.push(code >> 8);
    bytes.push(code & 0xff);
  }
  return Uint8Array.from(bytes);
}

function toCode(character: string): number | undefined {
  if (ASCII.test(character)) return character.charCodeAt(0);
  table ??= readTable();
  return table.get(character);
}

/** 21,791 characters, read at once when the first of them is asked for. */
function readTable(): ReadonlyMap<string, number> {
  const codes = AREAS.flatMap(([firstLead, lastLead, firstTrail, lastTrail]) =>
    toRange(firstLead, lastLead).flatMap((lead) => toRange(firstTrail, lastTrail).map((trail) => (lead << 8) | trail)),
  ).filter((code) => (code & 0xff) !== 0x7f && !LATER.some(([first, last]) => code >= first && code <= last));
  // A code that stands for nothing may swallow what follows, hence a line for each.
  const bytes = Uint8Array.from(codes.flatMap((code) => [code >> 8, code & 0xff, SEPARATOR]));
  const characters = new TextDecoder("gbk").decode(bytes).split("\n");
  return new Map(
    codes.flatMap((code, index) => {
      const character = characters[index] as string;
      return [...character].length === 1 && !NO_CHARACTER.test(character) ? [[character, code] as const] : [];
    }),
  );
}

function toRange(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, step) => first + step);
}
