import { isSensitiveName, isSensitiveText } from "../../../proto/sensitive.ts";
import { FLEET_COLUMNS, type FleetColumn, isFleetColumn, toFleetFields } from "../../domain/fleet-columns.ts";
import { type CsvRecord, readRecords } from "./csv-records.ts";
import type { FleetFault } from "./fault-list.ts";
import { type ReadRow, toReadRow } from "./read-row.ts";

/**
 * Reads and judges a fleet file in CSV, row by row: a header row with every column once, in whatever order, then rows.
 *
 * @throws TillsyncError CSV_MALFORMED or CSV_TOO_LARGE with the line; whatever `source` throws
 */
export async function* readCsvRows(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReadRow> {
  let columns: readonly FleetColumn[] | undefined;
  for await (const record of readRecords(source)) {
    if (columns !== undefined) {
      const read = toRow(record, columns);
      if (read !== undefined) yield read;
      continue;
    }
    const header = readHeader(record);
    columns = header.columns;
    if (header.faults.length > 0) yield { kind: "broken", line: record.line, faults: header.faults };
  }
  if (columns === undefined) yield { kind: "broken", line: 1, faults: readHeader({ line: 1, fields: [] }).faults };
}

function toRow({ line, fields }: CsvRecord, columns: readonly FleetColumn[]): ReadRow | undefined {
  // All of them at once, which takes a third of the time; only a row that holds something is looked at by field.
  if (isSensitiveText(fields.join("\n"))) {
    const sensitive = fields.findIndex(isSensitiveText);
    return toBad(line, columns[sensitive] ?? `#${sensitive + 1}`, "SENSITIVE_DATA");
  }
  // Under a wrong header every row would be judged wrongly.
  if (columns.length !== FLEET_COLUMNS.length) return undefined;
  if (fields.length !== columns.length) return toBad(line, "", "CSV_MALFORMED");
  return toReadRow(line, toFleetFields(columns, fields));
}

function toBad(line: number, column: string, code: FleetFault["code"]): ReadRow {
  return { kind: "bad", line, faults: [{ line, column, code }] };
}

interface Header {
  /** In their order, or none where the header is wrong. */
  readonly columns: readonly FleetColumn[];
  readonly faults: readonly FleetFault[];
}

/** A column that is not ours is refused: it could hold what must never be kept, such as a card's security code. */
function readHeader({ line, fields }: CsvRecord): Header {
  const columns: FleetColumn[] = [];
  const faults: FleetFault[] = [];
  for (const [index, name] of fields.entries()) {
    // The name is not repeated in the fault: where the header row is missing it is a value, perhaps a card number.
    if (isFleetColumn(name) && !columns.includes(name)) columns.push(name);
    else {
      const isSensitive = isSensitiveName(name) || isSensitiveText(name);
      faults.push({ line, column: `#${index + 1}`, code: isSensitive ? "SENSITIVE_DATA" : "CSV_MALFORMED" });
    }
  }
  for (const column of FLEET_COLUMNS) {
    if (!columns.includes(column)) faults.push({ line, column, code: "CSV_COLUMN_MISSING" });
  }
  return { columns: columns.length === fields.length ? columns : [], faults };
}
