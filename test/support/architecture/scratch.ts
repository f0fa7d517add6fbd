import { isLuhn } from "../../../proto/luhn.ts";
import { type Token, toCode } from "./tokens.ts";

/** Makes, looks through and removes all temporary folders. */
const SCRATCH = "test/support/scratch.ts";
/** Asks where such folders are made, in order to see one made. */
const ASKS = "test/attack/canaries.test.ts";
const MAKERS = ["mkdtemp", "mkdtempSync", "tmpdir"];
const REMOVERS = ["rm", "rmSync"];

/** Where the numbers are made up. */
const LISTED = "test/support/canaries.ts";
/** As long as cards of banks are, and of the issuers that tests take theirs from. */
const CARD_LIKE = /(?<![0-9A-Za-z])[3-6]\d{15,18}(?![0-9A-Za-z])/g;

/** Where a test makes or removes a temporary folder by itself. */
export function findOwnScratch(file: string, source: string): readonly string[] {
  if (file === SCRATCH || file === ASKS) return [];
  const code = toCode(source);
  return code.flatMap(({ kind, text, line }, at) => {
    if (kind !== "word" || code[at + 1]?.text !== "(") return [];
    if (MAKERS.includes(text)) return [`makes a temporary folder by itself, line ${line}`];
    const removes = REMOVERS.includes(text) && toArguments(code, at + 1).some((one) => one.text === "recursive");
    return removes ? [`removes a folder by itself, line ${line}`] : [];
  });
}

/** Card numbers that stand in a test and that nobody looks for. */
export function findUnlistedNumbers(file: string, source: string, listed: ReadonlySet<string>): readonly string[] {
  if (file === LISTED) return [];
  return source.split("\n").flatMap((text, n) => {
    const numbers = Array.from(text.matchAll(CARD_LIKE), ([digits]) => digits);
    const unlisted = numbers.some((digits) => isLuhn(digits) && !listed.has(digits));
    return unlisted ? [`a card number that ${LISTED} does not list, line ${n + 1}`] : [];
  });
}

/** The tokens between a parenthesis and its end. */
function toArguments(code: readonly Token[], open: number): readonly Token[] {
  let depth = 0;
  const end = code.findIndex(({ text }, at) => {
    if (at < open) return false;
    if (text === "(") depth += 1;
    if (text === ")") depth -= 1;
    return depth === 0;
  });
  return code.slice(open, end === -1 ? code.length : end);
}
