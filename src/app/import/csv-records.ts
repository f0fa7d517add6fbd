import { finished } from "node:stream/promises";
import { CsvError, type Info, parse } from "csv-parse";
import { TillsyncError } from "../../../proto/errors.ts";
import { readLines } from "./csv-lines.ts";

/** The fields of one record together, in characters. */
export const MAX_RECORD_CHARACTERS = 2_048;

/** One record of a CSV file (RFC 4180) and the line of the file on which it begins. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads CSV from hostile bytes and hands over each record as it is complete: UTF-8 with or without byte-order mark,
 * comma, double quotes, lines ended by LF or CRLF. Empty lines and lines that begin with # are passed over. Memory does
 * not grow with the file: what one line completes is handed over before the next is read.
 * @throws TillsyncError CSV_MALFORMED or CSV_TOO_LARGE with the line; whatever `source` throws
 */
export async function* readRecords(source: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  const place = new Place();
  const complete: CsvRecord[] = [];
  const parser = parse({
    record_delimiter: "\n",
    comment: "#",
    comment_no_infix: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_RECORD_CHARACTERS,
    on_record: (fields: readonly string[], info) => {
      complete.push({ line: place.toStart(info), fields });
      place.endRecord(info);
      return null;
    },
  });
  // The parser works within `write`, and what went wrong shows in `errored` when that returns.
  parser.on("error", () => undefined).resume();
  try {
    for await (const line of readLines(source)) {
      parser.write(line);
      yield* complete.splice(0);
      if (parser.errored !== null) throw parser.errored;
    }
    parser.end();
    await finished(parser);
    yield* complete.splice(0);
  } catch (error) {
    throw error instanceof CsvError ? toTillsyncError(error, place) : error;
  } finally {
    parser.destroy();
  }
}

type Counts = Pick<Info, "lines" | "comment_lines" | "empty_lines">;

/** Where records begin. The parser only tells where they end, which line breaks within quotes set apart. */
class Place {
  /** Last line of the record before, and how many lines had been passed over by then. */
  #end = 0;
  #passed = 0;

  toStart({ comment_lines, empty_lines }: Counts): number {
    return this.#end + 1 + (comment_lines + empty_lines - this.#passed);
  }

  endRecord({ lines, comment_lines, empty_lines }: Counts): void {
    this.#end = lines;
    this.#passed = comment_lines + empty_lines;
  }
}

/**
 * Tells where the record begins, not where the parser gave up: behind a quote that is never closed these lie far apart.
 * The parser's own error is never kept as a cause: its message quotes fields, and a field may be a card number.
 */
function toTillsyncError(error: CsvError, place: Place): TillsyncError {
  // The parser lays its counts upon its errors.
  const line = place.toStart(error as unknown as Counts);
  return error.code === "CSV_MAX_RECORD_SIZE"
    ? new TillsyncError("CSV_TOO_LARGE", { line, characters: MAX_RECORD_CHARACTERS })
    : new TillsyncError("CSV_MALFORMED", { line, reason: error.code });
}
