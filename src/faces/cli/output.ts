import stringWidth from "string-width";
import { toPrintable } from "../../../proto/printable.ts";

/** Where a command prints: text for people or JSON for programs, results on `out`, everything else on `err`. */
export interface Output {
  readonly json: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Prints a result as one JSON document, or as the text that `toText` makes of it. It is not redacted: there is no card
 * number to be had, and a licence number that looks like one must be told right.
 */
export function print<T>(output: Output, result: T, toText: (result: T) => string): void {
  const text = output.json ? JSON.stringify(result, toPlain) : toText(result);
  output.out(`${text}\n`);
}

/** Columns under headings, padded by how wide the characters stand (Chinese ones are two cells). */
export function toTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const printable = [headings, ...rows].map((row) => row.map(toPrintable));
  const widths = headings.map((_, column) =>
    printable.reduce((w, row) => Math.max(w, stringWidth(row[column] ?? "")), 0),
  );
  return printable
    .map((row) =>
      row
        .map((cell, column) => toCell(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Two columns, names and values. */
export function toSheet(entries: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...entries.map(([name]) => stringWidth(name)));
  return entries.map(([name, value]) => `${toCell(name, width)}  ${toPrintable(value)}`.trimEnd()).join("\n");
}

/** The text padded with spaces to `width` cells. */
export function toCell(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}

/** A time as people read it, in UTC; a dash for none. */
export function toTime(seconds: number | undefined): string {
  return seconds === undefined ? "-" : new Date(seconds * 1_000).toISOString().replace("T", " ").replace(".000Z", "Z");
}

/** The first 12 hexadecimal digits of a digest, a dash for none. */
export function toShortDigest(bytes: Uint8Array | null | undefined): string {
  return bytes === undefined || bytes === null || bytes.length === 0
    ? "-"
    : Buffer.from(bytes).toString("hex").slice(0, 12);
}

/** Bytes as hexadecimal text wherever they stand in a result. */
function toPlain(this: unknown, key: string, value: unknown): unknown {
  const raw = (this as Record<string, unknown>)[key];
  return raw instanceof Uint8Array ? Buffer.from(raw).toString("hex") : value;
}
