import { computeKcv } from "../../../proto/cryptogram.ts";
import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";
import { isTusn, type Tusn } from "../../../proto/tusn.ts";
import { readLines } from "../import/csv-lines.ts";
import { type FleetFault, LineList } from "../import/fault-list.ts";

// The maker's list of SN keys: CSV with a header row, `tusn,sn_key` and perhaps `kcv`, in any order. No fault ever tells
// what a field holds.

/** Rows of one file. */
export const MAX_KEY_ROWS = 1_000_000;
/** Rows handed over together. */
const ROWS_AT_ONCE = 1_000;

const COLUMNS = ["tusn", "sn_key", "kcv"] as const;
type Column = (typeof COLUMNS)[number];
const REQUIRED: readonly Column[] = ["tusn", "sn_key"];
const SN_KEY = /^[0-9A-Fa-f]{32}$/;

/** What is wrong with a file, and how often. */
export class KeyFaults extends LineList<FleetFault> {
  note(line: number, column: string, code: ErrorCode): void {
    this.add([{ line, column, code }]);
  }
}

export interface KeyLine {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly tusn: Tusn;
  readonly key: Uint8Array;
}

/**
 * Reads a file of SN keys and yields its sound rows, at most ROWS_AT_ONCE together; what is wrong is added to `faults`.
 * Memory does not grow with the file. Whatever `source` throws, this throws.
 */
export async function* parseKeys(
  source: AsyncIterable<Uint8Array>,
  faults: KeyFaults,
  maxRows = MAX_KEY_ROWS,
): AsyncGenerator<readonly KeyLine[]> {
  let columns: readonly Column[] | undefined;
  let rows: KeyLine[] = [];
  let [line, count] = [0, 0];
  try {
    for await (const text of readLines(source)) {
      line += 1;
      const content = text.slice(0, -1);
      if (content === "" || content.startsWith("#")) continue;
      const fields = content.split(",").map(toField);
      if (columns === undefined) {
        columns = readHeader(line, fields, faults);
        if (columns === undefined) return;
        continue;
      }
      count += 1;
      if (count > maxRows) throw new TillsyncError("CSV_TOO_LARGE", { line, rows: maxRows });
      const row = readRow(line, columns, fields, faults);
      if (row !== undefined) rows.push(row);
      if (rows.length === ROWS_AT_ONCE) {
        yield rows;
        rows = [];
      }
    }
  } catch (error) {
    if (!(error instanceof TillsyncError) || error.fields["line"] === undefined) throw error;
    faults.note(Number(error.fields["line"]), "", error.code);
    return;
  }
  if (columns === undefined) readHeader(1, [], faults);
  if (rows.length > 0) yield rows;
}

/** Quotes around a field are passed over; none of our fields can hold a comma or a quote. */
function toField(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}

/** Undefined where the header is wrong: every row would be judged wrongly. A name is not repeated, it may be a key. */
function readHeader(line: number, names: readonly string[], faults: KeyFaults): readonly Column[] | undefined {
  const before = faults.count;
  for (const [index, name] of names.entries()) {
    const isKnown = COLUMNS.some((column) => column === name);
    if (!isKnown || names.indexOf(name) !== index) faults.note(line, `#${index + 1}`, "CSV_MALFORMED");
  }
  for (const column of REQUIRED) if (!names.includes(column)) faults.note(line, column, "CSV_COLUMN_MISSING");
  return faults.count === before ? (names as readonly Column[]) : undefined;
}

function readRow(
  line: number,
  columns: readonly Column[],
  fields: readonly string[],
  faults: KeyFaults,
): KeyLine | undefined {
  if (fields.length !== columns.length) {
    faults.note(line, "", "CSV_MALFORMED");
    return undefined;
  }
  const before = faults.count;
  const [tusn = "", hex = "", kcv] = COLUMNS.map((column) => fields[columns.indexOf(column)]);
  if (!isTusn(tusn)) faults.note(line, "tusn", "TUSN_INVALID");
  if (!SN_KEY.test(hex)) {
    faults.note(line, "sn_key", "SN_KEY_INVALID");
    return undefined;
  }
  const key = Buffer.from(hex, "hex");
  if (kcv !== undefined && kcv.toUpperCase() !== computeKcv(key)) faults.note(line, "kcv", "SN_KEY_INVALID");
  return faults.count === before && isTusn(tusn) ? { line, tusn, key } : undefined;
}
