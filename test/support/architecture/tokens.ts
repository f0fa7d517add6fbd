// A small scanner over TypeScript source: just enough to tell words, strings and comments apart. TypeScript 7 has no
// compiler interface to ask (docs/adr/0006).

export type TokenKind = "word" | "string" | "template" | "number" | "regex" | "comment" | "punctuation";

export interface Token {
  readonly kind: TokenKind;
  /** Strings and templates without their quotes, comments and regular expressions whole, punctuation one character. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const PATTERNS: readonly (readonly [kind: TokenKind | "space", pattern: RegExp])[] = [
  ["space", /\s+/y],
  ["comment", /\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
  ["word", /[#\p{ID_Start}$_][\p{ID_Continue}$]*/uy],
  ["number", /\d[\w.]*/y],
  ["string", /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y],
  ["regex", /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y],
  ["punctuation", /[\s\S]/y],
];
/** Of a template: text up to its end or to the next `${`. */
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;

/** Words after which a slash begins a regular expression and not a division. */
const BEFORE_EXPRESSION = new Set([
  "return",
  "typeof",
  "case",
  "in",
  "of",
  "delete",
  "void",
  "throw",
  "new",
  "else",
  "do",
]);

/** All tokens in order, comments among them. */
export function toTokens(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;

  function match(pattern: RegExp): string {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? "";
  }
  function skip(whole: string): void {
    at += whole.length;
    line += whole.split("\n").length - 1;
  }
  function take(kind: TokenKind, whole: string): void {
    tokens.push({ kind, text: kind === "string" ? whole.slice(1, -1) : whole, line });
    skip(whole);
  }
  function takeTemplate(): void {
    skip("`");
    take("template", match(TEMPLATE_TEXT));
    while (source[at] === "$") {
      skip("${");
      takeUntilBrace();
      take("template", match(TEMPLATE_TEXT));
    }
    skip("`");
  }
  /** To the end, or past the brace that closes what the caller opened. */
  function takeUntilBrace(): void {
    for (let depth = 0; at < source.length && depth >= 0; ) {
      if (source[at] === "{") depth += 1;
      if (source[at] === "}") depth -= 1;
      if (depth < 0) skip("}");
      else takeOne();
    }
  }
  function takeOne(): void {
    if (source[at] === "`") {
      takeTemplate();
      return;
    }
    for (const [kind, pattern] of PATTERNS) {
      const whole = kind === "regex" && !mayBeginExpression(tokens) ? "" : match(pattern);
      if (whole === "") continue;
      if (kind === "space") skip(whole);
      else take(kind, whole);
      return;
    }
  }

  while (at < source.length) takeUntilBrace();
  return tokens;
}

/** Without comments. */
export function toCode(source: string): readonly Token[] {
  return toTokens(source).filter((token) => token.kind !== "comment");
}

function mayBeginExpression(tokens: readonly Token[]): boolean {
  const before = tokens.findLast((token) => token.kind !== "comment");
  if (before === undefined) return true;
  if (before.kind === "word") return BEFORE_EXPRESSION.has(before.text);
  return before.kind === "punctuation" && !")]}".includes(before.text);
}
