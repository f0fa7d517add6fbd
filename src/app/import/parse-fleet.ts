import { TillsyncError } from "../../../proto/errors.ts";
import { isSensitiveName, isSensitiveText } from "../../../proto/sensitive.ts";
import type { FleetRow } from "../../domain/fleet.ts";
import { FLEET_COLUMNS, type FleetColumn, isFleetColumn, toFleetFields } from "../../domain/fleet-columns.ts";
import { toRowFaults } from "../../domain/fleet-consistency.ts";
import { parseFleetRow } from "../../domain/fleet-row.ts";
import { type CsvRecord, readRecords } from "./csv-records.ts";
import { FaultList, type FleetFault } from "./fault-list.ts";

/** Rows of one file; they are held in memory until the one transaction that stores them. */
export const MAX_ROWS = 200_000;

/** A fleet file as read. Rows are there only where nothing at all is wrong, so that nothing can be half imported. */
export interface FleetFile {
  readonly rows: readonly FleetRow[];
  /** The first faults found, in the order of the file, at most MAX_FAULTS of them. */
  readonly faults: readonly FleetFault[];
  /** How many faults there are, listed or not. */
  readonly faultCount: number;
}

/**
 * Reads and judges a fleet file (CSV with a header row, columns in any order) and does nothing with it.
 * What is wrong with the file is told in `faults`; only an error of the source itself is thrown.
 */
export async function parseFleet(source: AsyncIterable<Uint8Array>, maxRows = MAX_ROWS): Promise<FleetFile> {
  const reading = new Reading(maxRows);
  try {
    await readRecords(source, (record) => reading.take(record));
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    reading.faults.add(Number(error.fields["line"]), "", error.code);
  }
  return reading.end();
}

/** One file while it is read. */
class Reading {
  readonly faults = new FaultList();
  #columns: readonly FleetColumn[] | undefined;
  #count = 0;
  readonly #maxRows: number;
  readonly #rows: FleetRow[] = [];
  readonly #lines: number[] = [];

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  take(record: CsvRecord): void {
    if (this.#columns === undefined) this.#columns = readHeader(record, this.faults);
    else this.#takeRow(record, this.#columns);
  }

  #takeRow({ line, fields }: CsvRecord, columns: readonly FleetColumn[]): void {
    this.#count += 1;
    if (this.#count > this.#maxRows) throw new TillsyncError("CSV_TOO_LARGE", { line, rows: this.#maxRows });
    // All of them at once, which takes a third of the time; only a row that holds something is looked at by field.
    if (isSensitiveText(fields.join("\n"))) {
      const sensitive = fields.findIndex(isSensitiveText);
      this.faults.add(line, columns[sensitive] ?? `#${sensitive + 1}`, "SENSITIVE_DATA");
      return;
    }
    // Under a wrong header every row would be judged wrongly.
    if (columns.length !== FLEET_COLUMNS.length) return;
    if (fields.length !== columns.length) {
      this.faults.add(line, "", "CSV_MALFORMED");
      return;
    }
    const parsed = parseFleetRow(toFleetFields(columns, fields));
    if ("row" in parsed) {
      this.#rows.push(parsed.row);
      this.#lines.push(line);
    } else for (const { column, code } of parsed.faults) this.faults.add(line, column, code);
  }

  end(): FleetFile {
    const { faults } = this;
    if (this.#columns === undefined && faults.count === 0) readHeader({ line: 1, fields: [] }, faults);
    for (const { index, column, code } of toRowFaults(this.#rows)) faults.add(Number(this.#lines[index]), column, code);
    return { rows: faults.count === 0 ? this.#rows : [], faults: faults.toList(), faultCount: faults.count };
  }
}

/**
 * The file's columns in their order, or none where the header is wrong. A column that is not ours is refused: it could
 * hold what must never be kept, such as a card's security code.
 */
function readHeader({ line, fields }: CsvRecord, faults: FaultList): readonly FleetColumn[] {
  const columns: FleetColumn[] = [];
  for (const [index, name] of fields.entries()) {
    // The name is not repeated in the fault: where the header row is missing it is a value, perhaps a card number.
    if (isFleetColumn(name) && !columns.includes(name)) columns.push(name);
    else {
      const isSensitive = isSensitiveName(name) || isSensitiveText(name);
      faults.add(line, `#${index + 1}`, isSensitive ? "SENSITIVE_DATA" : "CSV_MALFORMED");
    }
  }
  for (const column of FLEET_COLUMNS) if (!columns.includes(column)) faults.add(line, column, "CSV_COLUMN_MISSING");
  return columns.length === fields.length ? columns : [];
}
