import stringWidth from "string-width";
import { isRightToLeft, toPrintable } from "../../../proto/printable.ts";

/** In front of every line that must not be overlooked. */
export const LOUD = "!!!";
export const INDENT = "    ";

/**
 * Cells of the narrowest screen in use. Nothing that others worded goes beyond it: the screen would go on at the beginning
 * of its next line, where such a text could pass for one of ours.
 */
const SCREEN = 80;
/** Columns but for the first, which holds our own words, in cells; what is longer goes on in the next line. */
const MIN_COLUMN = 10;
export const MAX_COLUMN = 40;
const GAP = 2;
/** What a line begins with that goes on with the one before it. */
const GOES_ON = "      … ";
/** Code points stay in one piece. */
const PIECES = /<U\+[0-9A-F]+>|./gsu;

/** A line of a table: its cells, or one text across all columns but the first. */
export type Row = readonly string[] | { readonly across: string; readonly label: string };

/** What stands before old and new where they are set one below the other. */
export type Headings = readonly [before: string, after: string];

/**
 * Columns padded by how wide the characters stand (Chinese ones are two cells), long cells wrapped. A row with letters
 * that run from right to left is set one cell below the other, or a screen would swap old and new.
 *
 * @param least cells that columns may always have, though the screen may not: for cells with nothing but our own words
 */
export function toTable(
  rows: readonly Row[],
  headings: Headings,
  indent = "",
  least: number = MIN_COLUMN,
): readonly string[] {
  const widths = toWidths(rows, indent.length, least);
  return rows.flatMap((row) => {
    if ("across" in row) return [`${indent}${toCell(row.label, widths[0] ?? 0)}  ${row.across}`.trimEnd()];
    const [name = "", ...cells] = row;
    if (!cells.some(isRightToLeft)) return toLines(row, widths).map((line) => `${indent}${line}`.trimEnd());
    return [
      `${indent}${name}`,
      ...cells.flatMap((cell, at) =>
        toContinued(`${indent}${toCell(`    ${headings[at] ?? ""}`, widths[0] ?? 0)}  `, cell),
      ),
    ];
  });
}

/** Names and values, the values wrapped. */
export function toSheet(entries: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const names = Math.max(0, ...entries.map(([name]) => stringWidth(name)));
  return entries.flatMap(([name, value]) =>
    wrap(value, SCREEN - names - GAP).map((line, at) => `${toCell(at === 0 ? name : "", names)}  ${line}`.trimEnd()),
  );
}

/** A text behind words of ours, in as many lines as it takes; all but the first begin with `lead` and a sign of that. */
export function toContinued(words: string, text: string, lead = ""): readonly string[] {
  const next = `${lead}${GOES_ON}`;
  const [first = "", ...rest] = wrap(text, SCREEN - Math.max(stringWidth(words), stringWidth(next)));
  return [`${words}${first}`, ...rest.map((line) => `${next}${line}`)];
}

/** The text with what cannot be seen as code points, and each of `marked` followed by its own. */
export function toMarked(text: string, marked: ReadonlySet<string>, toNote: (character: string) => string): string {
  return Array.from(text, (character) => {
    const printable = toPrintable(character);
    return marked.has(character) && printable === character ? `${character}${toNote(character)}` : printable;
  }).join("");
}

/** The lines, in colour where it is asked for what must not be overlooked: bold red. */
export function toPainted(lines: readonly string[], color: boolean): readonly string[] {
  return color ? lines.map((line) => (line.startsWith(LOUD) ? `\u001b[1;31m${line}\u001b[0m` : line)) : lines;
}

function toWidths(rows: readonly Row[], indent: number, least: number): readonly number[] {
  const widest: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of ("across" in row ? [row.label] : row).entries()) {
      widest[column] = Math.max(widest[column] ?? 0, stringWidth(cell));
    }
  }
  const [first = 0, ...others] = widest;
  const share = Math.floor((SCREEN - indent - first) / Math.max(1, others.length)) - GAP;
  return [first, ...others.map((width) => Math.min(width, Math.max(least, Math.min(MAX_COLUMN, share))))];
}

function toLines(cells: readonly string[], widths: readonly number[]): readonly string[] {
  const wrapped = cells.map((cell, column) => wrap(cell, widths[column] ?? 0));
  const height = Math.max(...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, at) =>
    wrapped.map((lines, column) => toCell(lines[at] ?? "", widths[column] ?? 0)).join("  "),
  );
}

/** The text in lines of at most `width` cells, at least one. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let [line, used] = ["", 0];
  for (const [piece] of text.matchAll(PIECES)) {
    const cells = stringWidth(piece);
    if (used + cells > width && line !== "") {
      lines.push(line);
      [line, used] = ["", 0];
    }
    line += piece;
    used += cells;
  }
  return [...lines, line];
}

function toCell(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}
