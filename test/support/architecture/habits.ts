import { isMember } from "./imports.ts";
import { isConfig } from "./repository.ts";
import { toCode, toTokens } from "./tokens.ts";

const IGNORE_COMMENT = /(biome|istanbul|v8|c8|eslint|prettier)[- ](ignore|disable)|@ts-(ignore|expect-error|nocheck)/;
const LEVELS_OF_OUR_CLAUSES = 2;
/**
 * Who may ask where it lies: a bundle puts every other module into a file that it did not choose. Packages are found from
 * any of them.
 */
const KNOWS_ITS_PLACE = /(^|\/)(main|build)\.ts$|^(bench|test)\//;

/** What a file may not contain, in words. */
export function findBadHabits(file: string, source: string): readonly string[] {
  const code = toCode(source);
  const found = code.flatMap((token, index) => {
    if (token.kind !== "word" || isMember(code, index)) return [];
    const next = code[index + 1];
    if (token.text === "any" && next?.text !== "(") return [`line ${token.line}: any`];
    if (token.text === "enum" && next?.kind === "word") return [`line ${token.line}: enum`];
    const isPlace = token.text === "import" && next?.text === "." && code[index - 2]?.text !== "createRequire";
    if (isPlace && !KNOWS_ITS_PLACE.test(file)) return [`line ${token.line}: import.meta`];
    const isDefault = token.text === "default" && ["export", "as"].includes(code[index - 1]?.text ?? "");
    return isDefault && !isConfig(file) ? [`line ${token.line}: default export`] : [];
  });
  const ignored = toTokens(source)
    .filter((token) => token.kind === "comment" && IGNORE_COMMENT.test(token.text))
    .map((token) => `line ${token.line}: ignore comment`);
  return [...found, ...ignored];
}

/**
 * The clauses of docs/protocol.md that comments and test names of a file cite, such as "4.2". Ours have at most two
 * levels; what has more, or the name of a standard before it, is a clause of that standard.
 */
export function findCitedClauses(source: string): readonly string[] {
  const citations = source.matchAll(/(?<!(?:MQTT|RFC \d+|TUF|GB \d+|FIPS \d+-\d) )\bclauses? (\d[\d., and]*)/g);
  return [...citations]
    .flatMap(([, numbers = ""]) => numbers.match(/\d+(?:\.\d+)*/g) ?? [])
    .filter((number) => number.split(".").length <= LEVELS_OF_OUR_CLAUSES);
}

/** The clauses that a page in Markdown defines: the numbers its headings and bold paragraph beginnings start with. */
export function findDefinedClauses(page: string): readonly string[] {
  return [...page.matchAll(/^(?:#{2,4} |\*\*)(\d+(?:\.\d+)*)\b/gm)].map(([, number = ""]) => number);
}

/** Every text in quotes. */
export function findStrings(source: string): ReadonlySet<string> {
  return new Set(
    toCode(source)
      .filter((token) => token.kind === "string")
      .map((token) => token.text),
  );
}

/** Where a page in Markdown links to within the repository, relative to itself. */
export function findLinks(page: string): readonly string[] {
  const targets = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target.replace(/#.*/, ""));
  return targets.filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}
