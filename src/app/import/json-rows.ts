import { TillsyncError } from "../../../proto/errors.ts";
import { parseFlatJson } from "../../../proto/flat-json.ts";
import { FLEET_COLUMNS, isFleetColumn } from "../../domain/fleet-columns.ts";
import { readLines } from "./csv-lines.ts";
import { type ReadRow, toReadRow } from "./read-row.ts";

/**
 * Reads and judges a fleet file in JSON lines: on every line one object whose members are exactly the columns, all of
 * them texts. Empty lines are passed over. A line that is not such an object is a bad row, and the next one is read.
 *
 * @throws TillsyncError CSV_MALFORMED (not UTF-8) or CSV_TOO_LARGE with the line; whatever `source` throws
 */
export async function* readJsonRows(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReadRow> {
  let line = 0;
  for await (const text of readLines(source)) {
    line += 1;
    if (text !== "\n") yield toRow(line, text);
  }
}

function toRow(line: number, text: string): ReadRow {
  try {
    return toReadRow(line, parseFlatJson(Buffer.from(text), FLEET_COLUMNS));
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    const field = String(error.fields["field"] ?? "");
    return { kind: "bad", line, faults: [{ line, column: isFleetColumn(field) ? field : "", code: error.code }] };
  }
}
