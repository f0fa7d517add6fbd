import { posix } from "node:path";
import { type Token, toCode } from "./tokens.ts";

/** One module that a file takes something from. */
export interface Import {
  readonly specifier: string;
  /** Exported names taken at run time; "*" for all of them, "default" for the default. */
  readonly names: readonly string[];
  /** Gone after compilation. */
  readonly isType: boolean;
  readonly line: number;
}

/** What a dynamic import of anything but a literal text names. */
export const COMPUTED = "(computed)";

/** Every import, re-export, dynamic import and require of a source text. */
export function parseImports(source: string): readonly Import[] {
  const code = toCode(source);
  return code.flatMap((token, index) => {
    if (token.kind !== "word" || isMember(code, index)) return [];
    if (token.text === "import") return parseImport(code, index);
    if (token.text === "export") return parseReexport(code, index);
    if (token.text === "require" && isPunctuation(code[index + 1], "(")) return [parseCall(code, index)];
    return [];
  });
}

/** The file that a relative specifier names, as a path from the repository's root; undefined for a package. */
export function toImportedFile(file: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : undefined;
}

/** `@scope/name/deep` and `name/deep` as the name of their package. */
export function toPackage(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Whether the word is a member or a property's name, so that it means nothing by itself. */
export function isMember(code: readonly Token[], index: number): boolean {
  const before = code[index - 1];
  if (isPunctuation(before, ".")) return !isPunctuation(code[index - 2], ".");
  return (isPunctuation(before, "{") || isPunctuation(before, ",")) && isPunctuation(code[index + 1], ":");
}

function parseImport(code: readonly Token[], index: number): readonly Import[] {
  const next = code[index + 1];
  if (isPunctuation(next, ".")) return [];
  if (isPunctuation(next, "(")) return [parseCall(code, index)];
  return [parseClause(code, index)];
}

function parseReexport(code: readonly Token[], index: number): readonly Import[] {
  const first = isWord(code[index + 1], "type") ? index + 2 : index + 1;
  if (!isPunctuation(code[first], "*") && !isPunctuation(code[first], "{")) return [];
  const end = isPunctuation(code[first], "{") ? findIndex(code, first, (token) => isPunctuation(token, "}")) : first;
  const isFrom = [1, 2, 3].some((step) => isWord(code[end + step], "from") && code[end + step + 1]?.kind === "string");
  return isFrom ? [parseClause(code, index)] : [];
}

function parseClause(code: readonly Token[], index: number): Import {
  const end = findIndex(code, index, (token) => token.kind === "string");
  const clause = code.slice(index + 1, end).filter((token, at, all) => at < all.length - 1 || !isWord(token, "from"));
  const isType = isWord(clause[0], "type") && !isPunctuation(clause[1], ",") && clause.length > 1;
  const specifier = code[end]?.text ?? COMPUTED;
  return { specifier, names: isType ? [] : toNames(clause), isType, line: code[index]?.line ?? 0 };
}

function toNames(clause: readonly Token[]): readonly string[] {
  const open = clause.findIndex((token) => isPunctuation(token, "{"));
  const close = clause.findIndex((token) => isPunctuation(token, "}"));
  const outside = open === -1 ? clause : clause.slice(0, open);
  const named = open === -1 ? [] : splitByComma(clause.slice(open + 1, close));
  return [
    ...splitByComma(outside).map((part) => (isPunctuation(part[0], "*") ? "*" : "default")),
    ...named.filter((part) => !(isWord(part[0], "type") && part.length > 1)).map((part) => part[0]?.text ?? ""),
  ];
}

function splitByComma(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (isPunctuation(token, ",")) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

function parseCall(code: readonly Token[], index: number): Import {
  const argument = code[index + 2];
  const isLiteral = argument?.kind === "string" && isPunctuation(code[index + 3], ")");
  const specifier = isLiteral ? argument.text : COMPUTED;
  return { specifier, names: ["*"], isType: false, line: code[index]?.line ?? 0 };
}

function findIndex(code: readonly Token[], from: number, matches: (token: Token) => boolean): number {
  const found = code.findIndex((token, index) => index >= from && matches(token));
  return found === -1 ? code.length : found;
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === "word" && token.text === text;
}

function isPunctuation(token: Token | undefined, text: string): boolean {
  return token?.kind === "punctuation" && token.text === text;
}
