// What has broken readers of JSON: each makes a hostile text of an honest one, or makes one up. `size` is the most that
// the reader takes, in bytes.

export interface HostileText {
  readonly name: string;
  /** Sound JSON of strange content: whoever takes it must read it as content and nothing more. */
  readonly isSound?: true;
  make(honest: string, size: number): Uint8Array;
}

const DEEP = 100_000;

function utf8(make: (honest: string, size: number) => string): HostileText["make"] {
  return (honest, size) => Buffer.from(make(honest, size), "utf8");
}

/** The first text value of the honest one, in its quotes, becomes these bytes. */
function withText(bytes: Uint8Array): HostileText["make"] {
  return (honest) => {
    const { index, 0: found, 1: before = "" } = /(:\s*)"[^"\\]*"/.exec(honest) as RegExpExecArray;
    const quoted = Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')]);
    return Buffer.concat([
      Buffer.from(honest.slice(0, index) + before),
      quoted,
      Buffer.from(honest.slice(index + found.length)),
    ]);
  };
}

/** The first value of the honest one becomes this text. */
function withValue(value: string): HostileText["make"] {
  return utf8((honest) => honest.replace(/(:\s*)("[^"\\]*"|-?\d+|true|false|null|[[{])/, (_, colon) => colon + value));
}

/** One member more at the beginning of every object. */
function withMember(member: string): HostileText["make"] {
  return utf8((honest) => honest.replaceAll("{", `{${member},`).replaceAll(",}", "}"));
}

function fill(size: number, opening: string, closing: string): string {
  const depth = Math.max(1, Math.floor(size / (opening.length + closing.length)));
  return opening.repeat(depth) + closing.repeat(depth);
}

export const HOSTILE_JSON: readonly HostileText[] = [
  {
    name: "a member twice",
    make: utf8((honest) =>
      honest.replace(/"[^"\\]*"\s*:\s*("[^"\\]*"|\d+|null)\s*,?/, (member) => `${toWhole(member)}${member}`),
    ),
  },
  {
    name: "a member twice, once in escapes",
    make: utf8((honest) =>
      honest.replace(/"[^"\\]*"\s*:\s*("[^"\\]*"|\d+|null)\s*,?/, (member) => toWhole(toEscaped(member)) + member),
    ),
  },
  { name: "__proto__", make: withMember('"__proto__":{"polluted":1}') },
  { name: "__proto__ in escapes", make: withMember('"\\u005f_proto__":{"polluted":1}') },
  { name: "__proto__ as a list", make: withMember('"__proto__":[1]') },
  { name: "constructor.prototype", isSound: true, make: withMember('"constructor":{"prototype":{"polluted":1}}') },
  { name: "prototype", isSound: true, make: withMember('"prototype":{"polluted":1}') },
  { name: "toString and valueOf", isSound: true, make: withMember('"toString":1,"valueOf":1') },
  { name: "a number beyond every range", make: withValue("1e999") },
  { name: "a number of very many digits", make: utf8((_, size) => `{"a":${"9".repeat(size - 6)}}`) },
  { name: "a number of very many zeros", make: utf8((_, size) => `{"a":0.${"0".repeat(size - 8)}}`) },
  { name: "minus zero", make: withValue("-0") },
  { name: "a hexadecimal number", make: withValue("0x10") },
  { name: "NaN", make: withValue("NaN") },
  { name: "an overlong slash", make: withText(Uint8Array.of(0xc0, 0xaf)) },
  { name: "an overlong letter of three bytes", make: withText(Uint8Array.of(0xe0, 0x81, 0x81)) },
  { name: "an overlong NUL", make: withText(Uint8Array.of(0xc0, 0x80)) },
  { name: "a surrogate in UTF-8", make: withText(Uint8Array.of(0xed, 0xa0, 0x80)) },
  { name: "a character beyond Unicode", make: withText(Uint8Array.of(0xf4, 0x90, 0x80, 0x80)) },
  { name: "a character cut off", make: withText(Uint8Array.of(0xe4, 0xb8)) },
  { name: "a byte that is in no character", make: withText(Uint8Array.of(0xff)) },
  { name: "a lone high surrogate", make: withText(Buffer.from("\\ud800")) },
  { name: "a lone low surrogate", make: withText(Buffer.from("\\udfff\\ud800")) },
  { name: "a NUL in escapes", isSound: true, make: withText(Buffer.from("\\u0000")) },
  { name: "a bare NUL in a text", make: withText(Uint8Array.of(0)) },
  { name: "a bare line break in a text", make: withText(Uint8Array.of(0x0a)) },
  { name: "an unknown escape", make: withText(Buffer.from("\\x41")) },
  { name: "a byte order mark", make: utf8((honest) => `\ufeff${honest}`) },
  { name: "UTF-16", make: (honest) => Buffer.from(`\ufeff${honest}`, "utf16le") },
  { name: "a NUL behind it", make: utf8((honest) => `${honest}\0`) },
  { name: "a letter behind it", make: utf8((honest) => `${honest}x`) },
  { name: "itself behind it", make: utf8((honest) => honest + honest) },
  { name: "a comment", make: utf8((honest) => honest.replace("{", "{/**/")) },
  { name: "a comma too many", make: utf8((honest) => honest.replace(/\}\s*$/, ",}")) },
  { name: "its end missing", make: utf8((honest) => honest.trimEnd().slice(0, -1)) },
  { name: "lists as deep as it goes", make: utf8((_, size) => fill(size, "[", "]")) },
  { name: "lists that never end", make: utf8((_, size) => "[".repeat(size)) },
  {
    name: "objects as deep as it goes",
    make: utf8((_, size) => `{"a":${fill(size - 7, '{"a":', "}").replace(":}", ":1}")}}`),
  },
  { name: "depth in the place of a value", make: withValue(fill(2 * 512, "[", "]")) },
  { name: "more depth than any bound", make: utf8(() => fill(DEEP, "[", "]")) },
  { name: "as many members as it takes", make: utf8((_, size) => toMembers(size)) },
  { name: "a text that fills it", make: utf8((_, size) => `{"a":"${"x".repeat(size - 8)}"}`) },
  { name: "escapes that fill it", make: utf8((_, size) => `{"a":"${"\\\\".repeat(Math.floor(size / 2) - 4)}"}`) },
  { name: "quotes that fill it", make: utf8((_, size) => '"'.repeat(size)) },
  { name: "white space that fills it", make: utf8((_, size) => " ".repeat(size)) },
  { name: "one byte more than it takes", make: utf8((honest, size) => honest.padEnd(size + 1)) },
  ...["", "null", "true", "0", "[]", "{}", '""', "{", "\0", "undefined"].map((text) => ({
    name: `only ${JSON.stringify(text)}`,
    make: utf8(() => text),
  })),
];

function toWhole(member: string): string {
  return /,\s*$/.test(member) ? member : `${member},`;
}

function toEscaped(member: string): string {
  return member.replace(/^"([^"])/, (_, first: string) => `"\\u${first.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function toMembers(size: number): string {
  const members: string[] = [];
  for (let bytes = 2; bytes + 16 < size; bytes += 14)
    members.push(`"m${members.length.toString(36).padStart(7, "0")}":1`);
  return `{${members.join(",")}}`;
}
