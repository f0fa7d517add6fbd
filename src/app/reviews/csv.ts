import { NEXT_WORDS } from "../../domain/reviews/next.ts";
import type { ReviewRow } from "../../domain/reviews/row.ts";

export const CSV_COLUMNS = [
  "merchant",
  "tusn",
  "kind",
  "subject",
  "severity",
  "at",
  "desired",
  "reported",
  "acquirer",
  "next",
  "words",
  "command",
] as const;
type Column = (typeof CSV_COLUMNS)[number];

const BOM = "\ufeff";
const LINE_END = "\r\n";
/** What makes a spreadsheet take a cell for a formula, in half and in full width. */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]/;
const MS = 1_000;

/** The first line of the file, behind the mark by which spreadsheets know UTF-8. */
export const CSV_HEAD = `${BOM}${CSV_COLUMNS.join(",")}${LINE_END}`;

/** Rows as RFC 4180 has them. A cell that a spreadsheet would take for a formula gets an apostrophe before it. */
export function toCsvLines(rows: readonly ReviewRow[]): string {
  return rows.map((row) => CSV_COLUMNS.map((column) => toCell(toText(row, column))).join(",") + LINE_END).join("");
}

function toText(row: ReviewRow, column: Column): string {
  switch (column) {
    case "at":
      return row.at === null ? "" : new Date(row.at * MS).toISOString().replace(".000Z", "Z");
    case "words":
      return NEXT_WORDS[row.next];
    default:
      return row[column];
  }
}

function toCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
