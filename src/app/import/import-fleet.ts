import type { ErrorCode } from "../../../proto/errors.ts";
import type { FleetRow, LegacyRow } from "../../domain/fleet.ts";
import type { Moved } from "../../store/staging.ts";
import type { Context } from "../context.ts";
import { importRows } from "./import-file.ts";
import type { ReadRow } from "./read-row.ts";
import { CHUNK_ROWS } from "./read-rows.ts";

/** A row that contradicts another one or what the records say; the column's name and never its value. */
export interface ImportConflict {
  /** TUSN or legacy serial number. */
  readonly serial: string;
  readonly column: string;
  readonly code: ErrorCode;
}

export interface ImportResult extends Moved {
  /** The first of them. Where there is one, nothing at all was imported. */
  readonly conflicts: readonly ImportConflict[];
}

/**
 * Imports rows that are at hand, like a file that holds nothing else: all of them or nothing.
 *
 * @throws TillsyncError STORE_FAILED
 */
export async function importFleet(context: Context, rows: readonly (FleetRow | LegacyRow)[]): Promise<ImportResult> {
  const { merchants, terminals, legacy, unchanged, faults } = await importRows(context, toChunks(rows));
  const conflicts = faults.map(({ line, column, code }) => ({ serial: toSerial(rows[line - 1]), column, code }));
  return { merchants, terminals, legacy, unchanged, conflicts };
}

async function* toChunks(rows: readonly (FleetRow | LegacyRow)[]): AsyncGenerator<readonly ReadRow[]> {
  for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
    const chunk = rows.slice(start, start + CHUNK_ROWS);
    yield chunk.map((row, index) => ({ kind: "row", line: start + index + 1, row }));
  }
}

function toSerial(row: FleetRow | LegacyRow | undefined): string {
  if (row === undefined) return "";
  return "terminal" in row ? row.terminal.tusn : row.legacy.serial;
}
