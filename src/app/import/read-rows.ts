import { TillsyncError } from "../../../proto/errors.ts";
import { readCsvRows } from "./csv-rows.ts";
import { readJsonRows } from "./json-rows.ts";
import type { ReadRow } from "./read-row.ts";

/** Rows of one file. */
export const MAX_ROWS = 1_000_000;
/** Rows that are judged and stored at a time. */
export const CHUNK_ROWS = 1_000;

export const FLEET_FORMATS = ["csv", "jsonl"] as const;
export type FleetFormat = (typeof FLEET_FORMATS)[number];

const READERS = { csv: readCsvRows, jsonl: readJsonRows } as const;

/**
 * The rows of a fleet file in chunks of at most CHUNK_ROWS, each judged by itself. Where the file cannot be read on,
 * that is told as the last of them; only an error of the source itself is thrown.
 */
export async function* readRows(
  source: AsyncIterable<Uint8Array>,
  format: FleetFormat,
  maxRows = MAX_ROWS,
): AsyncGenerator<readonly ReadRow[]> {
  let chunk: ReadRow[] = [];
  try {
    for await (const row of toBounded(READERS[format](source), maxRows)) {
      chunk.push(row);
      if (chunk.length < CHUNK_ROWS) continue;
      yield chunk;
      chunk = [];
    }
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    const line = Number(error.fields["line"]);
    chunk.push({ kind: "broken", line, faults: [{ line, column: "", code: error.code }] });
  }
  if (chunk.length > 0) yield chunk;
}

async function* toBounded(rows: AsyncIterable<ReadRow>, maxRows: number): AsyncGenerator<ReadRow> {
  let count = 0;
  for await (const row of rows) {
    if (row.kind !== "broken") count += 1;
    if (count > maxRows) throw new TillsyncError("CSV_TOO_LARGE", { line: row.line, rows: maxRows });
    yield row;
  }
}
